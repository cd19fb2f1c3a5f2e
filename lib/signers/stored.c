/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "keystore/keystore.h"
#include "signers/stored.h"

/* A key whose state is broken, or a domain of which none can be read. */
struct stored_bad {
	struct stored_bad	*next;
	struct str		 domain;
	struct str		 selector;	/* absent: all of them */
	struct str		 why;
};

struct stored_secret {
	atomic_uint	 references;
	size_t		 n;
	char		 pem[];
};

struct stored *
stored_hold(struct stored *s)
{
	atomic_fetch_add_explicit(&s->references, 1, memory_order_relaxed);
	return (s);
}

static struct stored_secret *
secret_new(struct str pem)
{
	struct stored_secret *secret = malloc(sizeof(*secret) + pem.n);

	if (secret != NULL) {
		atomic_init(&secret->references, 1);
		secret->n = pem.n;
		memcpy(secret->pem, pem.p, pem.n);
	}
	return (secret);
}

static struct stored_secret *
secret_hold(struct stored_secret *secret)
{
	if (secret != NULL) {
		atomic_fetch_add_explicit(&secret->references, 1,
		    memory_order_relaxed);
	}
	return (secret);
}

static void
secret_release(struct stored_secret *secret)
{
	if (secret != NULL && atomic_fetch_sub_explicit(&secret->references,
	    1, memory_order_acq_rel) == 1) {
		explicit_bzero(secret->pem, secret->n);
		free(secret);
	}
}

static void
release_secrets(struct stored_key *key)
{
	for (; key != NULL; key = key->next) {
		secret_release(key->secret);
		key->secret = NULL;
	}
}

void
stored_release(struct stored *s)
{
	size_t i;

	if (s == NULL || atomic_fetch_sub_explicit(&s->references, 1,
	    memory_order_acq_rel) != 1) {
		return;
	}
	for (i = 0; i < strmap_count(&s->domains); i++) {
		release_secrets(strmap_value(&s->domains, i));
	}
	strmap_fini(&s->domains);
	arena_fini(&s->memory);
	free(s->where);
	free(s);
}

static bool
is_older(const struct stored_key *a, const struct stored_key *b)
{
	return (a->created_s != b->created_s ? a->created_s < b->created_s :
	    str_cmp(a->selector, b->selector) < 0);
}

/* "STORE/DOMAIN/SELECTOR"; there may be many: not by printf. */
static struct str
name_key(struct stored *s, struct str domain, struct str selector)
{
	const struct str parts[] = { s->name, STR("/"), domain, STR("/"),
		selector };
	size_t i, n = 0;
	char *name;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		n += parts[i].n;
	}
	name = arena_alloc(&s->memory, n);
	if (name == NULL) {
		return (STR_NONE);
	}
	for (i = 0, n = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		memcpy(name + n, parts[i].p, parts[i].n);
		n += parts[i].n;
	}
	return (str_mem(name, n));
}

/* A copy, from the oldest to the youngest of its domain. The secret is taken
   over, also on failure. */
static enum status
add_key(struct stored *s, const struct stored_key *from)
{
	struct stored_key *key = arena_alloc(&s->memory, sizeof(*key)), **at;
	struct str domain = arena_dup(&s->memory, from->domain);
	void **first = domain.p != NULL ? strmap_at(&s->domains, domain) :
	    NULL;

	if (key == NULL || first == NULL) {
		secret_release(from->secret);
		return (STATUS_NOMEM);
	}
	*key = *from;
	key->stored = s;
	key->domain = domain;
	key->selector = arena_dup(&s->memory, from->selector);
	key->name = name_key(s, domain, from->selector);
	if (from->trouble.n > 0) {
		key->trouble = arena_dup(&s->memory, from->trouble);
	}
	for (at = (struct stored_key **)first; *at != NULL &&
	    is_older(*at, key); at = &(*at)->next) {
		continue;
	}
	key->next = *at;
	*at = key;
	s->keys_n += key->trouble.n == 0;
	return (key->selector.p != NULL && key->name.p != NULL &&
	    (from->trouble.n == 0 || key->trouble.p != NULL) ? STATUS_OK :
	    STATUS_NOMEM);
}

struct reading {		/* of a store */
	struct stored		*stored;
	const struct stored	*before;	/* or NULL */
	struct keystore		*store;
	struct stored_bad	*bad;
	bool			 no_memory;	/* for one of these */
};

/* The same private half as before, which need not be there twice. */
static struct stored_secret *
find_secret(const struct reading *r, const struct keystore_key *key)
{
	const struct stored_key *known = r->before != NULL ?
	    strmap_get(&r->before->domains, key->domain) : NULL;

	for (; known != NULL; known = known->next) {
		if (known->secret != NULL && str_eq(key->pem,
		    str_mem(known->secret->pem, known->secret->n))) {
			return (secret_hold(known->secret));
		}
	}
	return (NULL);
}

static void
note_bad(void *ctx, struct str domain, struct str selector,
    const struct diag *diag)
{
	struct reading *r = ctx;
	struct arena *arena = &r->stored->memory;
	struct stored_bad *bad;

	env_log(r->stored->env, LOG_LEVEL_WARNING,
	    "a key's state is broken: %s", diag->text);
	bad = arena_alloc(arena, sizeof(*bad));
	if (bad == NULL) {
		r->no_memory = true;
		return;
	}
	*bad = (struct stored_bad){ r->bad, arena_dup(arena, domain),
		arena_dup(arena, selector), arena_dup(arena,
		str_from(diag->text)) };
	r->no_memory |= bad->domain.p == NULL || bad->selector.p == NULL ||
	    bad->why.p == NULL;
	r->bad = bad;
}

static enum status
take_key(void *ctx, const struct keystore_key *from)
{
	struct reading *r = ctx;
	struct stored_key key = { .domain = from->domain,
		.selector = from->selector, .created_s = from->created_s };

	if (from->pem.n > 0) {
		key.secret = find_secret(r, from);
		if (key.secret == NULL) {
			key.secret = secret_new(from->pem);
		}
		if (key.secret == NULL) {
			return (STATUS_NOMEM);
		}
	}
	return (add_key(r->stored, &key));
}

/* What a broken state may have been is not known: a key that signed before
   signs still. */
static enum status
keep_known(const struct reading *r, const struct stored_bad *bad)
{
	const struct stored_key *key = r->before != NULL ?
	    strmap_get(&r->before->domains, bad->domain) : NULL;
	enum status status = STATUS_OK;

	for (; key != NULL && status == STATUS_OK; key = key->next) {
		if (key->trouble.n > 0 || (bad->selector.n > 0 &&
		    !str_eq(key->selector, bad->selector))) {
			continue;
		}
		env_log(r->stored->env, LOG_LEVEL_ERROR, "%.*s stays in "
		    "service as it was known before, until that is mended",
		    STR_FMT(key->name));
		(void)secret_hold(key->secret);
		status = add_key(r->stored, key);
	}
	return (status);
}

/* With nothing to sign with, a domain is in trouble; without a domain nobody
   is. */
static enum status
note_trouble(const struct reading *r, const struct stored_bad *bad)
{
	const struct stored_key none = { .domain = bad->domain,
		.selector = STR("?"), .trouble = bad->why };

	if (bad->domain.n == 0 || strmap_get(&r->stored->domains,
	    bad->domain) != NULL) {
		return (STATUS_OK);
	}
	env_log(r->stored->env, LOG_LEVEL_ERROR, "%.*s has no key that can be "
	    "used: until that is mended (dkimkeygen(1), FILES), "
	    "OnSignFailure decides what becomes of its mail",
	    STR_FMT(bad->domain));
	return (add_key(r->stored, &none));
}

static enum status
settle_bad(const struct reading *r)
{
	const struct stored_bad *bad;
	enum status status = STATUS_OK;

	for (bad = r->bad; bad != NULL && status == STATUS_OK;
	    bad = bad->next) {
		status = keep_known(r, bad);
	}
	for (bad = r->bad; bad != NULL && status == STATUS_OK;
	    bad = bad->next) {
		status = note_trouble(r, bad);
	}
	return (status);
}

/* The revision first: what changes meanwhile is seen by the next look. With
   something broken it is none that will be seen: there is to be a next time. */
static enum status
read_keys(struct reading *r, struct diag *diag)
{
	struct stored *s = r->stored;
	enum status status = keystore_revision(r->store, &s->revision, diag);

	if (status == STATUS_OK) {
		status = keystore_active(r->store, take_key, note_bad, r,
		    diag);
	}
	if (status == STATUS_OK && r->no_memory) {
		status = STATUS_NOMEM;
	}
	if (status == STATUS_OK) {
		status = settle_bad(r);
	}
	if (r->bad != NULL) {
		s->revision = ~s->revision;
	}
	return (status);
}

static enum status
read_store(struct stored *s, const struct stored *before, struct diag *diag)
{
	struct reading r = { .stored = s, .before = before };
	enum status status;

	status = keystore_open(s->where, false, s->env, &r.store, diag);
	if (status == STATUS_OK) {
		s->name = arena_dup(&s->memory,
		    str_from(keystore_name(r.store)));
		status = s->name.p != NULL ? read_keys(&r, diag) :
		    STATUS_NOMEM;
	}
	keystore_close(r.store);
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

	if (key->secret != NULL) {
		buf_add(pem, key->secret->pem, key->secret->n);
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
	buf_fini_secret(&pem);
	return (status);
}
