/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>

#include "keystore/keystore.h"
#include "signers/stored.h"

/* A domain with a key whose state is broken. */
struct stored_bad {
	struct stored_bad	*next;
	struct str		 domain;
	struct str		 why;
};

static void
note_bad(void *ctx, struct str domain, const struct diag *diag)
{
	struct stored *s = ctx;
	struct stored_bad *bad = arena_alloc(&s->memory, sizeof(*bad));

	env_log(s->env, LOG_LEVEL_WARNING, "a key's state is broken: %s",
	    diag->text);
	if (bad != NULL && domain.n > 0) {
		*bad = (struct stored_bad){ s->bad, arena_dup(&s->memory,
		    domain), arena_dup(&s->memory, str_from(diag->text)) };
		s->bad = bad;
	}
}

struct stored *
stored_hold(struct stored *s)
{
	atomic_fetch_add_explicit(&s->references, 1, memory_order_relaxed);
	return (s);
}

static void
forget_pem(const struct stored_key *key)
{
	if (key->pem.n > 0) {
		explicit_bzero((void *)(uintptr_t)key->pem.p, key->pem.n);
	}
}

static void
forget_private(const struct stored *s)
{
	const struct stored_key *key;
	size_t i;

	for (i = 0; i < strmap_count(&s->domains); i++) {
		for (key = strmap_value(&s->domains, i); key != NULL;
		    key = key->next) {
			forget_pem(key);
		}
	}
}

void
stored_release(struct stored *s)
{
	if (s == NULL || atomic_fetch_sub_explicit(&s->references, 1,
	    memory_order_acq_rel) != 1) {
		return;
	}
	forget_private(s);
	strmap_fini(&s->domains);
	arena_fini(&s->memory);
	free(s->where);
	free(s);
}

/* from: views into the arena, or constants. */
static enum status
add_key(struct stored *s, const struct stored_key *from)
{
	struct stored_key *key = arena_alloc(&s->memory, sizeof(*key));
	void **at = strmap_at(&s->domains, from->domain);

	if (key == NULL || at == NULL || from->name.p == NULL) {
		return (STATUS_NOMEM);
	}
	*key = *from;
	key->stored = s;
	key->next = *at;
	*at = key;
	s->keys_n += key->trouble.n == 0;
	return (STATUS_OK);
}

static struct str
name_key(struct stored *s, const struct keystore *store, struct str domain,
    struct str selector)
{
	return (arena_printf(&s->memory, "%s/%.*s/%.*s", keystore_name(store),
	    STR_FMT(domain), STR_FMT(selector)));
}

static void
forget_domain(struct stored *s, struct str domain)
{
	struct stored_key *key = strmap_get(&s->domains, domain);

	for (; key != NULL; key = key->next) {
		forget_pem(key);
		s->keys_n -= key->trouble.n == 0;
	}
}

/* One after the other, so that they stay in their order. */
static enum status
copy_keys(struct stored *s, const struct stored_key *from)
{
	struct stored_key copy;
	enum status status;

	if (from == NULL) {
		return (STATUS_OK);
	}
	status = copy_keys(s, from->next);
	if (status != STATUS_OK) {
		return (status);
	}
	copy = (struct stored_key){
		.domain = arena_dup(&s->memory, from->domain),
		.selector = arena_dup(&s->memory, from->selector),
		.name = arena_dup(&s->memory, from->name),
		.pem = from->pem.n > 0 ? arena_dup(&s->memory, from->pem) :
		    STR_NONE,
		.trouble = from->trouble.n > 0 ? arena_dup(&s->memory,
		    from->trouble) : STR_NONE };
	return (add_key(s, &copy));
}

/* What a broken state may have been is not known: the domain signs as before,
   or, if it has nothing else, is in trouble. */
static enum status
settle_bad(struct stored *s, const struct stored *before,
    const struct keystore *store, const struct stored_bad *bad)
{
	const struct stored_key *known = before != NULL ?
	    strmap_get(&before->domains, bad->domain) : NULL;
	struct stored_key none = { .domain = bad->domain,
		.selector = STR("?"), .trouble = bad->why };
	void **at;

	if (bad->domain.p == NULL || bad->why.p == NULL) {
		return (STATUS_NOMEM);
	}
	if (known == NULL) {
		none.name = name_key(s, store, none.domain, none.selector);
		return (strmap_get(&s->domains, bad->domain) != NULL ?
		    STATUS_OK : add_key(s, &none));
	}
	at = strmap_at(&s->domains, bad->domain);
	if (at == NULL) {
		return (STATUS_NOMEM);
	}
	forget_domain(s, bad->domain);
	*at = NULL;
	env_log(s->env, LOG_LEVEL_ERROR, "the keys of %.*s known before stay "
	    "in service until that is mended", STR_FMT(bad->domain));
	return (copy_keys(s, known));
}

/* The revision first: what changes meanwhile is seen by the next look. */
static enum status
read_keys(struct stored *s, struct keystore *store,
    const struct stored *before, struct diag *diag)
{
	enum status status = keystore_revision(store, &s->revision, diag);
	const struct stored_bad *bad;
	struct stored_key key;
	struct keystore_key *v;
	size_t i, n = 0;

	if (status == STATUS_OK) {
		status = keystore_active(store, &s->memory, &v, &n, note_bad,
		    s, diag);
	}
	/* From the newest to the oldest: the list of a domain grows in front. */
	for (i = n; i > 0 && status == STATUS_OK; i--) {
		key = (struct stored_key){ .domain = v[i - 1].domain,
			.selector = v[i - 1].selector, .pem = v[i - 1].pem,
			.name = name_key(s, store, v[i - 1].domain,
			    v[i - 1].selector) };
		status = add_key(s, &key);
	}
	for (bad = s->bad; bad != NULL && status == STATUS_OK;
	    bad = bad->next) {
		status = settle_bad(s, before, store, bad);
	}
	return (status);
}

static enum status
read_store(struct stored *s, const struct stored *before, struct diag *diag)
{
	struct keystore *store = NULL;
	enum status status;

	status = keystore_open(s->where, false, s->env, &store, diag);
	if (status == STATUS_OK) {
		status = read_keys(s, store, before, diag);
	}
	keystore_close(store);
	return (status);
}

static struct stored *
stored_new(const char *where, const struct env *env)
{
	struct stored *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		return (NULL);
	}
	s->env = env;
	arena_init(&s->memory, STORED_MAX_BYTES);
	strmap_init(&s->domains);
	atomic_init(&s->references, 1);
	atomic_init(&s->lost, false);
	s->where = strdup(where);
	if (s->where == NULL) {
		stored_release(s);
		return (NULL);
	}
	return (s);
}

/* Says so once, until it changes. */
static void
note_lost(struct stored *s, bool lost, const char *why)
{
	if (atomic_exchange(&s->lost, lost) == lost) {
		return;
	}
	if (lost) {
		env_log(s->env, LOG_LEVEL_ERROR, "%s; the keys known before "
		    "stay in service", why);
	} else {
		env_log(s->env, LOG_LEVEL_INFO, "the key store answers again");
	}
}

enum status
stored_read(const char *where, struct stored *before, const struct env *env,
    struct stored **r, struct diag *diag)
{
	struct stored *s = stored_new(where, env);
	enum status status;

	*r = NULL;
	if (s == NULL) {
		return (STATUS_NOMEM);
	}
	if (before != NULL && strcmp(before->where, where) != 0) {
		before = NULL;
	}
	status = read_store(s, before, diag);
	if (status == STATUS_OK) {
		*r = s;
		return (STATUS_OK);
	}
	stored_release(s);
	if (status == STATUS_TEMP && before != NULL) {
		note_lost(before, true, diag->text);
		diag_init(diag);
		*r = stored_hold(before);
		return (STATUS_OK);
	}
	return (status);
}

uint64_t
stored_look(struct stored *s)
{
	struct keystore *store = NULL;
	uint64_t revision = s->revision;
	enum status status;
	struct diag diag;

	diag_init(&diag);
	status = keystore_open(s->where, false, s->env, &store, &diag);
	if (status == STATUS_OK) {
		status = keystore_revision(store, &revision, &diag);
	}
	keystore_close(store);
	note_lost(s, status != STATUS_OK, diag.text);
	return (status == STATUS_OK ? revision : s->revision);
}

const struct stored_key *
stored_find(const struct stored *s, struct str domain)
{
	return (strmap_get(&s->domains, domain));
}

static enum status
read_pem(const struct stored_key *key, struct buf *pem, struct diag *diag)
{
	const struct keystore_key which = { .domain = key->domain,
		.selector = key->selector };
	struct keystore *store = NULL;
	enum status status;

	if (key->pem.n > 0) {
		buf_add_str(pem, key->pem);
		return (pem->status);
	}
	status = keystore_open(key->stored->where, false, key->stored->env,
	    &store, diag);
	if (status == STATUS_OK) {
		status = keystore_private(store, &which, pem, diag);
	}
	keystore_close(store);
	return (status);
}

enum status
stored_load(void *ctx, struct privkey **key_r, struct diag *diag)
{
	const struct stored_key *key = ctx;
	enum status status;
	struct buf pem;
	char *name;

	*key_r = NULL;
	buf_init(&pem, KEYSTORE_PEM_MAX_BYTES);
	status = read_pem(key, &pem, diag);
	if (status == STATUS_OK) {
		name = strndup(key->name.p, key->name.n);
		status = name == NULL ? STATUS_NOMEM :
		    privkey_parse_pem(buf_str(&pem), name, key_r, diag);
		free(name);
	}
	if (pem.p != NULL) {
		explicit_bzero(pem.p, pem.n);
	}
	buf_fini(&pem);
	return (status);
}
