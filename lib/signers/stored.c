/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "keystore/keystore.h"
#include "keystore/passphrase.h"
#include "signers/stored.h"

/* A key whose state is broken, or a domain whose folder cannot be read. */
struct stored_bad {
	struct stored_bad	*next;
	struct str		 domain;
	struct str		 selector;	/* absent: all of the domain */
	struct str		 why;
};

struct stored_secret {
	atomic_uint	 references;
	size_t		 n;
	char		 pem[];
};

static struct stored *
hold_stored(struct stored *s)
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

/* "STORE/DOMAIN/SELECTOR"; printf would be slow with many keys. */
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

/* Adds a copy to the keys of its domain, which are sorted by age, oldest first.
   Takes the secret, also on failure. */
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

struct reader {
	struct stored		*stored;
	const struct stored	*before;	/* or NULL */
	struct keystore		*store;
	struct stored_bad	*bad;
	bool			 no_memory;	/* for an entry of bad */
};

/* The same private key in the snapshot before, to be shared. */
static struct stored_secret *
find_secret(const struct reader *r, const struct keystore_key *key)
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
	struct reader *r = ctx;
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
	struct reader *r = ctx;
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

/* The stage in a broken state is unknown: a key that was active stays so. */
static enum status
keep_known(const struct reader *r, const struct stored_bad *bad)
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
		    "service as it was before, until the state is repaired",
		    STR_FMT(key->name));
		(void)secret_hold(key->secret);
		status = add_key(r->stored, key);
	}
	return (status);
}

/* Adds an entry with trouble for a domain without any usable key. */
static enum status
add_trouble(const struct reader *r, const struct stored_bad *bad)
{
	const struct stored_key none = { .domain = bad->domain,
		.selector = STR("?"), .trouble = bad->why };

	if (bad->domain.n == 0 || strmap_get(&r->stored->domains,
	    bad->domain) != NULL) {
		return (STATUS_OK);
	}
	env_log(r->stored->env, LOG_LEVEL_ERROR, "%.*s has no usable key: "
	    "until that is repaired (dkimkeygen(1), FILES), its mail is "
	    "handled by OnSignFailure",
	    STR_FMT(bad->domain));
	return (add_key(r->stored, &none));
}

static enum status
settle_bad(const struct reader *r)
{
	const struct stored_bad *bad;
	enum status status;

	for (bad = r->bad; bad != NULL; bad = bad->next) {
		status = keep_known(r, bad);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	for (bad = r->bad; bad != NULL; bad = bad->next) {
		status = add_trouble(r, bad);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	return (STATUS_OK);
}

/* Reads the revision first: the next look finds a change made meanwhile. With
   a broken key it is inverted: the next look finds a change in any case. */
static enum status
read_keys(struct reader *r, struct diag *diag)
{
	struct stored *s = r->stored;
	enum status status = keystore_revision(r->store, &s->revision, diag);

	if (status != STATUS_OK) {
		return (status);
	}
	status = keystore_active(r->store, take_key, note_bad, r, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	if (r->no_memory) {
		return (STATUS_NOMEM);
	}
	if (r->bad != NULL) {
		s->revision = ~s->revision;
	}
	return (settle_bad(r));
}

static enum status
read_store(struct stored *s, const struct stored *before, struct diag *diag)
{
	struct reader r = { .stored = s, .before = before };
	enum status status;

	status = keystore_open(s->where, false, &r.store, diag);
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

/* Logs a change of `lost`. */
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
	status = read_store(s, before, diag);
	if (status == STATUS_OK) {
		*r = s;
		return (STATUS_OK);
	}
	stored_release(s);
	if (status == STATUS_TEMP && before != NULL) {
		note_lost(before, true, diag->text);
		diag_init(diag);
		*r = hold_stored(before);
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
	status = keystore_open(s->where, false, &store, &diag);
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
	status = keystore_open(key->stored->where, false, &store, diag);
	if (status == STATUS_OK) {
		status = keystore_private(store, &which, pem, diag);
	}
	keystore_close(store);
	return (status);
}

static enum status
parse_key(const struct stored_key *key, struct str pem, struct privkey **key_r,
    struct diag *diag)
{
	char *name = strndup(key->name.p, key->name.n);
	enum status status;

	if (name == NULL) {
		return (STATUS_NOMEM);
	}
	status = privkey_parse_pem(pem, name, key_r, diag);
	free(name);
	return (status);
}

enum status
stored_load(const struct stored_key *key, const struct passphrase *passphrase,
    struct privkey **key_r, struct diag *diag)
{
	struct buf text, pem;
	enum status status;

	*key_r = NULL;
	buf_init(&text, KEYSTORE_PEM_MAX_BYTES);
	buf_init(&pem, KEYSTORE_PEM_MAX_BYTES);
	status = read_pem(key, &text, diag);
	if (status == STATUS_OK) {
		status = passphrase_decrypt(passphrase, buf_str(&text),
		    key->stored->name.p, key->domain, key->selector, &pem,
		    diag);
	}
	if (status == STATUS_OK) {
		status = parse_key(key, buf_str(&pem), key_r, diag);
	}
	buf_fini_secret(&text);
	buf_fini_secret(&pem);
	return (status);
}
