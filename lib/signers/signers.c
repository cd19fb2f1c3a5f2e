/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <sys/stat.h>

#include "base/escape.h"
#include "mail/domain.h"
#include "signers/private.h"

#define SPARE_KEYS	1000	/* for KeyCache all: keys with "%" in the
				   path */

/* 0: no file. */
static uint64_t
file_revision(const char *path)
{
	struct {
		struct timespec	mtime;
		off_t		size;
		ino_t		inode;
	} seen;
	struct stat st;

	if (path == NULL || stat(path, &st) == -1) {
		return (0);
	}
	memset(&seen, 0, sizeof(seen));
	seen.mtime = st.st_mtim;
	seen.size = st.st_size;
	seen.inode = st.st_ino;
	return (str_hash(str_mem(&seen, sizeof(seen))));
}

/* Combines the revisions of the tables with those of the stores: as they were
   read or, with look, as they are now. */
static uint64_t
revision_of(const struct signers *s, uint64_t key_table,
    uint64_t signing_table, bool look)
{
	uint64_t all[] = { key_table, signing_table,
		signers_kept_revision(s, look), 0 };
	size_t i;

	for (i = 0; i < s->stores_n; i++) {
		all[2] = str_hash(str_mem(all, sizeof(all)));
		all[3] = look ? stored_look(s->stores[i]) :
		    s->stores[i]->revision;
	}
	return (str_hash(str_mem(all, sizeof(all))));
}

/* Keys of another process: it has loaded what KeyCache says. */
static enum status
make_remote(struct signers *s, struct diag *diag)
{
	enum status status = signers_given_init(s);
	struct signers_counts counts;

	if (status == STATUS_OK) {
		status = signers_pictured_init(s, diag);
	}
	if (status != STATUS_OK) {
		return (status);
	}
	signers_count(s, &counts);
	s->cache = key_cache_new(s->opts.cache_max > 0 ? s->opts.cache_max :
	    counts.keys + SPARE_KEYS, true, s->opts.env);
	return (s->cache != NULL ? STATUS_OK : STATUS_NOMEM);
}

static enum status
make_cache(struct signers *s, const struct signers *before,
    struct diag *diag)
{
	struct signers_counts counts;
	enum status status;
	size_t max = s->opts.cache_max;

	if (s->opts.signing_table == NULL && s->stores_n == 0) {
		return (STATUS_OK);
	}
	signers_count(s, &counts);
	s->cache = key_cache_new(max > 0 ? max : counts.keys + SPARE_KEYS,
	    false, s->opts.env);
	if (s->cache == NULL || (before != NULL && before->cache != NULL &&
	    key_cache_inherit(s->cache, before->cache) != STATUS_OK)) {
		return (STATUS_NOMEM);
	}
	if (max > 0) {
		return (before != NULL && s->opts.lose == SIGNERS_LOSE_ANY ?
		    signers_tables_load_again(s) : STATUS_OK);
	}
	status = signers_tables_load_all(s, diag);
	return (status == STATUS_OK ? signers_sources_load_all(s) : status);
}

static enum status
load_sources(struct signers *s, const struct signers *before,
    struct diag *diag)
{
	uint64_t key_table = file_revision(s->opts.key_table);
	uint64_t signing_table = file_revision(s->opts.signing_table);
	enum status status = signers_given_init(s);

	if (status != STATUS_OK) {
		return (status);
	}
	status = signers_tables_init(s, before, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	status = signers_sources_init(s, before, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	status = signers_lost_check(s, before, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	signers_kept_log(s);
	signers_overlap_warn(s);
	s->revision = revision_of(s, key_table, signing_table, false);
	return (make_cache(s, before, diag));
}

enum status
signers_new(const struct signers_opts *opts, const struct signers *before,
    struct signers **r, struct diag *diag)
{
	struct signers *s = calloc(1, sizeof(*s));
	enum status status = STATUS_NOMEM;

	*r = NULL;
	if (s != NULL) {
		s->opts = *opts;
		strmap_init(&s->domains);
		if (opts->remote != NULL) {
			s->remote = *opts->remote;
			s->opts.remote = &s->remote;
			status = make_remote(s, diag);
		} else {
			status = load_sources(s, before, diag);
		}
	} else if (opts->remote != NULL) {
		opts->remote->free(opts->remote->ctx);
	}
	if (status != STATUS_OK) {
		if (status == STATUS_NOMEM) {
			diag_set(diag, NULL, 0, "out of memory");
		}
		signers_free(s);
		return (status);
	}
	*r = s;
	return (STATUS_OK);
}

uint64_t
signers_revision(const struct signers *s)
{
	return (s->revision);
}

uint64_t
signers_look(const struct signers *s)
{
	if (s->opts.remote != NULL) {
		return (s->revision);
	}
	return (revision_of(s, file_revision(s->opts.key_table),
	    file_revision(s->opts.signing_table), true));
}

void
signers_free(struct signers *s)
{
	if (s == NULL) {
		return;
	}
	key_cache_free(s->cache);
	signers_sources_fini(s);
	signers_tables_fini(s);
	strmap_fini(&s->domains);
	if (s->opts.remote != NULL) {
		s->remote.free(s->remote.ctx);
	}
	free(s);
}

void
signers_count(const struct signers *s, struct signers_counts *r)
{
	size_t i;

	r->rules = s->domains.n + s->signing_table.n;
	r->keys = s->opts.keys_n + s->key_table.names.n;
	r->kept = s->kept_n;
	for (i = 0; i < s->stores_n; i++) {
		r->rules += s->stores[i]->domains.n;
		r->keys += s->stores[i]->keys_n;
	}
}

size_t
signers_check_keys(struct signers *s)
{
	signers_overlap_warn_waiting(s);
	return (signers_tables_check(s) + signers_sources_check(s));
}

enum status
signers_pick(struct signers *s, struct arena *arena, struct str local,
    struct str domain, struct signers_picks *r)
{
	enum status status;

	*r = (struct signers_picks){ NULL, 0 };
	status = signers_given_pick(s, arena, domain, r);
	if (status == STATUS_OK && r->n == 0) {
		status = signers_tables_pick(s, arena, local, domain, r);
	}
	if (status == STATUS_OK && r->n == 0) {
		status = signers_sources_pick(s, arena, domain, r);
	}
	return (status);
}

bool
signers_wait(const struct signers *s, struct str domain)
{
	return (signers_sources_wait(s, domain));
}

bool
signers_have_stores(const struct signers *s)
{
	size_t i;

	for (i = 0; i < s->stores_n; i++) {
		if (!s->stores[i]->absent) {
			return (true);
		}
	}
	return (false);
}

bool
signers_have_sources(const struct signers *s)
{
	return (s->opts.keys_n > 0 || s->opts.signing_table != NULL ||
	    signers_have_stores(s));
}

enum status
signers_load(struct signers *s, struct arena *arena,
    struct signers_picks *picks)
{
	enum status status = STATUS_OK;
	struct signers_pick *pick;
	size_t i;

	for (i = 0; i < picks->n && status == STATUS_OK; i++) {
		pick = &picks->v[i];
		if (pick->error.n > 0) {
			continue;
		}
		switch (pick->kind) {
		case SIGNERS_GIVEN:
			pick->key = privkey_hold(
			    ((const struct conf_key *)pick->source)->key);
			break;
		case SIGNERS_TABLE:
			status = signers_tables_load(s, arena, pick);
			break;
		case SIGNERS_STORE:
			status = signers_sources_load(s, arena, pick);
			break;
		}
	}
	return (status);
}

void
signers_picks_fini(struct signers_picks *picks)
{
	size_t i;

	for (i = 0; i < picks->n; i++) {
		privkey_free(picks->v[i].key);
		picks->v[i].key = NULL;
	}
}

void
signers_describe(const struct signers *s, const struct signers_pick *pick,
    struct buf *b)
{
	const struct table_rule *rule = pick->rule;
	const struct stored_key *stored = pick->source;

	switch (pick->kind) {
	case SIGNERS_GIVEN:
		buf_add_cstr(b, "Domain");
		break;
	case SIGNERS_TABLE:
		buf_printf(b, "SigningTable %s:%u ",
		    table_name(s->opts.signing_table), rule->line);
		escape_text(b, rule->pattern, TABLE_PATTERN_MAX_BYTES);
		break;
	case SIGNERS_STORE:
		buf_add_cstr(b, "KeyStore ");
		escape_text(b, stored->name, TABLE_PATTERN_MAX_BYTES);
		break;
	}
}

/* A domain that replaces "%" in a path must be one. */
static const struct table_key *
find_table_key(const struct signers *s, struct arena *arena,
    const struct signers_want *want)
{
	const struct table_key *k = strmap_get(&s->key_table.names,
	    want->name);
	struct str name;

	if (k == NULL || (k->domain.n > 0 &&
	    !str_eq(k->domain, want->domain)) ||
	    domain_normalize(arena, want->domain, &name) != STATUS_OK ||
	    !str_eq(name, want->domain) ||
	    str_find(name, '/') < name.n) {
		return (NULL);
	}
	return (k);
}

/* NULL: there is no such key. */
static const void *
find_wanted(const struct signers *s, struct arena *arena,
    const struct signers_want *want)
{
	switch (want->kind) {
	case SIGNERS_GIVEN:
		return (want->index < s->opts.keys_n ?
		    &s->opts.keys[want->index] : NULL);
	case SIGNERS_TABLE:
		return (find_table_key(s, arena, want));
	case SIGNERS_STORE:
		return (signers_sources_named(s, want->index, want->domain,
		    want->name));
	}
	return (NULL);
}

enum status
signers_load_wanted(struct signers *s, struct arena *arena,
    const struct signers_want *want, struct privkey **key_r,
    enum signers_why *why_r, struct str *error_r)
{
	struct signers_pick pick = { .kind = want->kind,
		.domain = want->domain, .source = find_wanted(s, arena, want) };
	struct signers_picks picks = { &pick, 1 };
	enum status status;

	*key_r = NULL;
	*why_r = SIGNERS_KEY_UNREADABLE;
	*error_r = STR("this key is not in service");
	if (pick.source == NULL) {
		return (STATUS_OK);
	}
	status = signers_load(s, arena, &picks);
	*key_r = pick.key;
	*why_r = pick.why;
	*error_r = pick.error;
	return (status);
}
