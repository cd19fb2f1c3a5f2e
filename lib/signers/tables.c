/* SPDX-License-Identifier: BSD-2-Clause */
/* tables: selects keys by the SigningTable and loads them. */
#include "config.h"

#include <inttypes.h>

#include "base/b64.h"
#include "mail/domain.h"
#include "signers/private.h"

#define AGAIN_MAX	1000	/* keys of signers_tables_load_again */

struct key_source {		/* the context of load_key */
	const struct signers	*signers;
	const struct table_key	*key;
	struct str		 path;	/* absent: an inline key */
	struct str		 domain;	/* d= */
	struct arena		*arena;
};

static enum status
read_tables(struct signers *s, const struct signers *before,
    struct diag *diag)
{
	const struct signers_opts *o = &s->opts;
	struct buf text;
	enum status status;

	status = table_text_read(o->key_table, &text, diag);
	if (status == STATUS_OK) {
		status = key_table_init(&s->key_table, &text,
		    table_name(o->key_table), o->env, diag);
	}
	if (status == STATUS_OK) {
		status = signers_kept_take(s, before);
	}
	if (status != STATUS_OK) {
		return (status);
	}
	status = table_text_read(o->signing_table, &text, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	s->signing_table_whole = text.n > 0 && text.p[text.n - 1] == '\n';
	status = signing_table_init(&s->signing_table, &text,
	    table_name(o->signing_table), o->signing_patterns, o->multiple,
	    &s->key_table, o->env, diag);
	if (status == STATUS_OK) {
		signers_kept_settle(s, before);
	}
	s->signing_table_whole = s->signing_table_whole &&
	    s->signing_table.n > 0;
	return (status);
}

/* A signature with an algorithm that is not the key's never verifies. */
static enum status
check_algorithm(const struct table_key *k, const struct privkey *key,
    struct diag *diag)
{
	struct str want = privkey_type(key) == CRYPTO_RSA ? STR("rsa-sha256") :
	    STR("ed25519-sha256");

	if (k->algorithm.n == 0 || str_eq(k->algorithm, want)) {
		return (STATUS_OK);
	}
	diag_set(diag, NULL, 0, "the key is for %.*s, the table has %.*s",
	    STR_FMT(want), STR_FMT(k->algorithm));
	return (STATUS_SYNTAX);
}

/* PEM on one line still has its markers. */
static struct str
without_markers(struct str s)
{
	struct str marker = STR("-----");
	size_t end;

	if (!str_starts(s, marker)) {
		return (s);
	}
	s = str_from_offset(s, marker.n);
	s = str_from_offset(s, str_find(s, '-'));
	s = str_from_offset(s, marker.n);
	end = str_find(s, '-');
	return (str_first(s, end));
}

static enum status
parse_inline(struct key_source *source, struct privkey **key_r,
    struct diag *diag)
{
	struct str der;
	enum status status;

	status = b64_decode(source->arena, without_markers(source->key->key),
	    &der);
	if (status == STATUS_SYNTAX) {
		diag_set(diag, NULL, 0, "the key is not base64");
	}
	if (status != STATUS_OK) {
		return (status);
	}
	status = privkey_parse_der(der, NULL, key_r, diag);
	explicit_bzero((void *)(uintptr_t)der.p, der.n);
	return (status);
}

static enum status
load_remote(const struct key_source *source, struct privkey **key_r,
    struct diag *diag)
{
	const struct signers_remote *remote = source->signers->opts.remote;
	const struct signers_want want = { .kind = SIGNERS_TABLE,
		.name = source->key->name, .domain = source->domain };
	enum signers_why ignored;

	return (remote->load(remote->ctx, &want, key_r, &ignored, diag));
}

static enum status
load_local(struct key_source *source, struct privkey **key_r,
    struct diag *diag)
{
	const struct table_key *k = source->key;
	enum status status;

	*key_r = NULL;
	status = k->is_path ?
	    conf_key_load(source->path.p, source->signers->opts.user_id, key_r,
	    diag) : parse_inline(source, key_r, diag);
	if (status == STATUS_OK) {
		status = check_algorithm(k, *key_r, diag);
	}
	if (status != STATUS_OK) {
		privkey_free(*key_r);
		*key_r = NULL;
	}
	return (status);
}

static enum status
load_key(void *ctx, struct privkey **key_r, struct diag *diag)
{
	struct key_source *source = ctx;
	const struct table_key *k = source->key;
	struct diag why;
	enum status status;

	*key_r = NULL;
	if (source->signers->opts.remote != NULL) {
		return (load_remote(source, key_r, diag));
	}
	diag_init(&why);
	status = load_local(source, key_r, &why);
	if (status != STATUS_OK) {
		diag_set(diag, table_name(source->signers->opts.key_table),
		    k->line, "%s", why.text);
	}
	return (status);
}

enum status
signers_tables_try(const struct signers *s, struct arena *arena,
    const struct table_key *k, struct str domain, struct diag *diag)
{
	struct key_source source = { .signers = s, .key = k, .arena = arena,
		.domain = domain };
	struct privkey *key = NULL;
	enum status status;

	if (k->is_path) {
		source.path = table_expand(k->key, arena, domain);
		if (source.path.p == NULL) {
			return (STATUS_NOMEM);
		}
	}
	status = load_local(&source, &key, diag);
	privkey_free(key);
	return (status);
}

/* domain: d=, which replaces "%" in a path. */
static enum status
get_key(struct signers *s, struct arena *arena, const struct table_key *k,
    struct str domain, struct privkey **key_r, struct str *error_r)
{
	struct key_source source = { .signers = s, .key = k, .arena = arena,
		.domain = domain };
	struct str name;

	*key_r = NULL;
	if (s->opts.remote != NULL) {
		name = arena_printf(arena, "%.*s %.*s", STR_FMT(k->name),
		    STR_FMT(domain));
	} else if (k->is_path) {
		name = source.path = table_expand(k->key, arena, domain);
	} else {
		name = arena_printf(arena, "line %u %016" PRIx64, k->line,
		    str_hash(k->key));
	}
	return (name.p == NULL ? STATUS_NOMEM : key_cache_get(s->cache, arena,
	    name, load_key, &source, key_r, error_r));
}

/* Keys in memory whose files may have changed: what is wrong with them is then
   said at once, not with the next message. NOMEM. */
enum status
signers_tables_load_again(struct signers *s)
{
	enum status status = STATUS_OK;
	const struct table_key *k;
	struct privkey *key;
	struct str name, error;
	struct arena arena;
	size_t n = 0;

	arena_init(&arena, 1024 * 1024);
	for (k = s->key_table.first; k != NULL && status == STATUS_OK &&
	    n < AGAIN_MAX; k = k->next) {
		name = k->is_path ? table_expand(k->key, &arena, k->domain) :
		    STR_NONE;
		if (name.p != NULL && key_cache_inherited(s->cache, name)) {
			status = get_key(s, &arena, k, k->domain, &key,
			    &error);
			privkey_free(key);
			n++;
		}
		arena_reset(&arena);
	}
	arena_fini(&arena);
	return (status);
}

/* KeyCache all: a key that cannot be loaded is an error. */
enum status
signers_tables_load_all(struct signers *s, struct diag *diag)
{
	enum status status = STATUS_OK;
	const struct table_key *k;
	struct privkey *key = NULL;
	struct str error;
	struct arena arena;

	arena_init(&arena, 1024 * 1024);
	for (k = s->key_table.first; k != NULL && status == STATUS_OK;
	    k = k->next) {
		if (str_find(k->key, '%') < k->key.n) {
			continue;
		}
		status = get_key(s, &arena, k, k->domain, &key, &error);
		if (status == STATUS_OK && key == NULL) {
			diag_set(diag, NULL, 0, "%.*s", STR_FMT(error));
			status = STATUS_SYNTAX;
		}
		privkey_free(key);
		arena_reset(&arena);
	}
	arena_fini(&arena);
	return (status);
}

size_t
signers_tables_check(const struct signers *s)
{
	struct key_source source = { .signers = s };
	const struct table_key *k;
	struct privkey *key = NULL;
	struct arena arena;
	struct diag diag;
	size_t bad = 0;

	arena_init(&arena, 1024 * 1024);
	source.arena = &arena;
	for (k = s->key_table.first; k != NULL; k = k->next) {
		if (str_find(k->key, '%') < k->key.n) {
			continue;
		}
		diag_init(&diag);
		source.key = k;
		source.path = arena_dup(&arena, k->key);
		if (source.path.p == NULL ||
		    load_key(&source, &key, &diag) != STATUS_OK) {
			env_log(s->opts.env, LOG_LEVEL_ERROR, "%s", diag.text);
			bad++;
		}
		privkey_free(key);
		key = NULL;
		arena_reset(&arena);
	}
	arena_fini(&arena);
	return (bad);
}

enum status
signers_tables_init(struct signers *s, const struct signers *before,
    struct diag *diag)
{
	return (s->opts.signing_table != NULL ? read_tables(s, before, diag) :
	    STATUS_OK);
}

void
signers_tables_fini(struct signers *s)
{
	signing_table_fini(&s->signing_table);
	key_table_fini(&s->key_table);
}

/* i=, with the author's domain, if it is within d=. */
static enum status
set_identity(struct signers_pick *pick, struct arena *arena,
    const struct table_rule *rule, struct str domain)
{
	struct str identity, rest, name;
	size_t at;

	if (rule->identity.n == 0) {
		return (STATUS_OK);
	}
	identity = table_expand(rule->identity, arena, domain);
	if (identity.p == NULL) {
		return (STATUS_NOMEM);
	}
	at = str_rfind(identity, '@');
	rest = str_from_offset(identity, at + 1);
	switch (domain_normalize(arena, rest, &name)) {
	case STATUS_OK:
		break;
	case STATUS_NOMEM:
		return (STATUS_NOMEM);
	default:
		return (STATUS_OK);
	}
	if (domain_is_within(name, pick->domain)) {
		pick->identity = identity;
	}
	return (STATUS_OK);
}

static enum status
set_pick(const struct signers *s, struct signers_pick *pick,
    struct arena *arena, const struct table_rule *rule, struct str domain)
{
	const struct table_key *k = rule->key;

	pick->kind = SIGNERS_TABLE;
	pick->rule = rule;
	pick->any_author = rule->any_author;
	if (k == NULL) {
		k = strmap_get(&s->key_table.names, domain);
	}
	pick->source = k;
	if (k == NULL) {
		pick->domain = domain;
		pick->error = STR("the KeyTable has no key named after the "
		    "author's domain");
		return (STATUS_OK);
	}
	pick->domain = k->domain.n > 0 ? k->domain : domain;
	pick->selector = k->selector;
	return (set_identity(pick, arena, rule, domain));
}

enum status
signers_tables_pick(const struct signers *s, struct arena *arena,
    struct str local, struct str domain, struct signers_picks *r)
{
	const struct table_rule *rules[SIGNERS_PICKS_MAX];
	enum status status;
	size_t i, n;

	if (s->opts.signing_table == NULL) {
		return (STATUS_OK);
	}
	status = signing_table_find(&s->signing_table, arena, local, domain,
	    rules, SIGNERS_PICKS_MAX, &n);
	if (status != STATUS_OK || n == 0) {
		return (status);
	}
	r->v = arena_calloc(arena, n, sizeof(*r->v));
	if (r->v == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < n && status == STATUS_OK; i++) {
		status = set_pick(s, &r->v[i], arena, rules[i], domain);
	}
	r->n = n;
	return (status);
}

enum status
signers_tables_load(struct signers *s, struct arena *arena,
    struct signers_pick *pick)
{
	return (get_key(s, arena, pick->source, pick->domain, &pick->key,
	    &pick->error));
}
