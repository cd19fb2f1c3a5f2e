/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "keystore/keystore.h"
#include "keystore/passphrase.h"
#include "signers/stored_private.h"

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

struct stored_secret *
stored_secret_new(struct str pem)
{
	struct stored_secret *secret = malloc(sizeof(*secret) + pem.n);

	if (secret != NULL) {
		atomic_init(&secret->references, 1);
		secret->n = pem.n;
		memcpy(secret->pem, pem.p, pem.n);
	}
	return (secret);
}

bool
stored_secret_is(const struct stored_secret *secret, struct str pem)
{
	return (str_eq(pem, str_mem(secret->pem, secret->n)));
}

struct stored_secret *
stored_secret_hold(struct stored_secret *secret)
{
	if (secret != NULL) {
		atomic_fetch_add_explicit(&secret->references, 1,
		    memory_order_relaxed);
	}
	return (secret);
}

void
stored_secret_release(struct stored_secret *secret)
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
		stored_secret_release(key->secret);
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
	strmap_fini(&s->idle);
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

enum status
stored_add(struct stored *s, const struct stored_key *from)
{
	struct stored_key *key = arena_alloc(&s->memory, sizeof(*key)), **at;
	struct str domain = arena_dup(&s->memory, from->domain);
	void **first = domain.p != NULL ? strmap_at(&s->domains, domain) :
	    NULL;

	if (key == NULL || first == NULL) {
		stored_secret_release(from->secret);
		return (STATUS_NOMEM);
	}
	*key = *from;
	key->stored = s;
	key->domain = domain;
	key->selector = arena_dup(&s->memory, from->selector);
	key->name = name_key(s, domain, from->selector);
	if (from->error.n > 0) {
		key->error = arena_dup(&s->memory, from->error);
	}
	for (at = (struct stored_key **)first; *at != NULL &&
	    is_older(*at, key); at = &(*at)->next) {
		continue;
	}
	key->next = *at;
	*at = key;
	s->keys_n += key->error.n == 0;
	return (key->selector.p != NULL && key->name.p != NULL &&
	    (from->error.n == 0 || key->error.p != NULL) ? STATUS_OK :
	    STATUS_NOMEM);
}

enum status
stored_add_idle(struct stored *s, struct str domain, bool has_signed)
{
	struct stored_idle *idle = strmap_get(&s->idle, domain);
	void **at;

	if (idle == NULL) {
		idle = arena_alloc(&s->memory, sizeof(*idle));
		if (idle == NULL) {
			return (STATUS_NOMEM);
		}
		*idle = (struct stored_idle){ arena_dup(&s->memory, domain),
			false };
		at = idle->domain.p != NULL ? strmap_at(&s->idle,
		    idle->domain) : NULL;
		if (at == NULL) {
			return (STATUS_NOMEM);
		}
		*at = idle;
	}
	idle->has_signed = idle->has_signed || has_signed;
	return (STATUS_OK);
}

struct stored *
stored_new(const char *where, const struct env *env)
{
	struct stored *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		return (NULL);
	}
	s->env = env;
	arena_init(&s->memory, STORED_MAX_BYTES);
	strmap_init(&s->domains);
	strmap_init(&s->idle);
	atomic_init(&s->references, 1);
	atomic_init(&s->lost, false);
	s->where = strdup(where);
	if (s->where == NULL) {
		stored_release(s);
		return (NULL);
	}
	return (s);
}

void
stored_set_lost(struct stored *s, bool lost, const char *why)
{
	if (atomic_exchange(&s->lost, lost) == lost) {
		return;
	}
	if (lost) {
		env_log(s->env, LOG_LEVEL_ERROR, "KeyStore: %s; the keys known "
		    "before stay in service", why);
	} else {
		env_log(s->env, LOG_LEVEL_INFO, "KeyStore: %s: the key store "
		    "answers again", keystore_shown(s->where));
	}
}

uint64_t
stored_look(struct stored *s)
{
	struct keystore *store = NULL;
	uint64_t revision = s->revision;
	enum status status;
	struct diag diag;

	if (s->absent && !stored_exists(s->where)) {
		return (s->revision);
	}
	diag_init(&diag);
	status = keystore_open(s->where, false, &store, &diag);
	if (status == STATUS_OK) {
		status = keystore_revision(store, &revision, &diag);
	}
	keystore_close(store);
	stored_set_lost(s, status != STATUS_OK, diag.text);
	return (status == STATUS_OK ? revision : s->revision);
}

const struct stored_key *
stored_find(const struct stored *s, struct str domain)
{
	return (strmap_get(&s->domains, domain));
}

bool
stored_is_idle(const struct stored *s, struct str domain)
{
	return (strmap_get(&s->idle, domain) != NULL &&
	    stored_find(s, domain) == NULL);
}

static enum status
read_pem(const struct stored_key *key, struct buf *pem, struct diag *diag)
{
	const struct keystore_key which = { .domain = key->domain,
		.selector = key->selector };
	struct keystore *store = NULL;
	enum status status;

	status = keystore_open(key->stored->where, false, &store, diag);
	if (status == STATUS_OK) {
		status = keystore_private(store, &which, pem, diag);
	} else if (status != STATUS_NOMEM) {
		stored_set_lost(key->stored, true, diag->text);
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

static enum status
load_from_memory(const struct stored_key *key,
    const struct passphrase *passphrase, struct privkey **key_r,
    struct diag *diag)
{
	enum status status;
	struct buf pem;

	buf_init(&pem, KEYSTORE_PEM_MAX_BYTES);
	status = passphrase_decrypt(passphrase, str_mem(key->secret->pem,
	    key->secret->n), key->stored->name.p, key->domain, key->selector,
	    &pem, diag);
	if (status == STATUS_OK) {
		status = parse_key(key, buf_str(&pem), key_r, diag);
	}
	buf_fini_secret(&pem);
	return (status);
}

static enum status
load_from_file(const struct stored_key *key, struct privkey **key_r,
    struct diag *diag)
{
	enum status status;
	struct buf pem;

	buf_init(&pem, KEYSTORE_PEM_MAX_BYTES);
	status = read_pem(key, &pem, diag);
	if (status == STATUS_OK) {
		status = parse_key(key, buf_str(&pem), key_r, diag);
	}
	buf_fini_secret(&pem);
	return (status);
}

enum status
stored_load(const struct stored_key *key, const struct passphrase *passphrase,
    struct privkey **key_r, struct diag *diag)
{
	enum status status;
	struct diag ignored;

	*key_r = NULL;
	if (key->secret != NULL && !key->is_copy) {
		return (load_from_memory(key, passphrase, key_r, diag));
	}
	status = load_from_file(key, key_r, diag);
	if (status == STATUS_OK || key->secret == NULL) {
		return (status);
	}
	diag_init(&ignored);
	if (load_from_memory(key, NULL, key_r, &ignored) != STATUS_OK) {
		return (status);
	}
	env_log(key->stored->env, LOG_LEVEL_ERROR, "%s; the copy of the key "
	    "in memory signs", diag->text);
	return (STATUS_OK);
}
