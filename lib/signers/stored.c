/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>

#include "keystore/keystore.h"
#include "signers/stored.h"

static bool
is_database(const char *where)
{
	return (str_starts(str_from(where), STR("sqlite:")) ||
	    str_starts(str_from(where), STR("postgres:")));
}

static void
warn_bad(void *ctx, const struct diag *diag)
{
	struct stored *s = ctx;

	s->bad_n++;
	env_log(s->env, LOG_LEVEL_WARNING, "a key's state is broken: %s",
	    diag->text);
}

struct stored *
stored_hold(struct stored *s)
{
	atomic_fetch_add_explicit(&s->references, 1, memory_order_relaxed);
	return (s);
}

static void
forget_private(const struct stored *s)
{
	const struct stored_key *key;
	size_t i;

	for (i = 0; i < strmap_count(&s->domains); i++) {
		for (key = strmap_value(&s->domains, i); key != NULL;
		    key = key->next) {
			if (key->pem.n > 0) {
				explicit_bzero((void *)(uintptr_t)key->pem.p,
				    key->pem.n);
			}
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

static enum status
take_pem(struct stored *s, struct keystore *store,
    const struct keystore_key *from, struct stored_key *key,
    struct diag *diag)
{
	enum status status;
	struct buf pem;

	buf_init(&pem, KEYSTORE_PEM_MAX_BYTES);
	status = keystore_private(store, from, &pem, diag);
	if (status == STATUS_OK) {
		key->pem = arena_dup(&s->memory, buf_str(&pem));
		status = key->pem.p != NULL ? STATUS_OK : STATUS_NOMEM;
	}
	if (pem.p != NULL) {
		explicit_bzero(pem.p, pem.n);
	}
	buf_fini(&pem);
	return (status);
}

static enum status
add_key(struct stored *s, struct keystore *store,
    const struct keystore_key *from, struct diag *diag)
{
	struct stored_key *key = arena_alloc(&s->memory, sizeof(*key));
	enum status status = STATUS_OK;
	void **at;

	if (key == NULL) {
		return (STATUS_NOMEM);
	}
	*key = (struct stored_key){ .stored = s, .domain = from->domain,
		.selector = from->selector,
		.name = arena_printf(&s->memory, "%s/%.*s/%.*s",
		    keystore_name(store), STR_FMT(from->domain),
		    STR_FMT(from->selector)) };
	if (is_database(s->where)) {
		status = take_pem(s, store, from, key, diag);
	}
	if (status != STATUS_OK) {
		return (status);
	}
	at = strmap_at(&s->domains, from->domain);
	if (at == NULL || key->name.p == NULL) {
		return (STATUS_NOMEM);
	}
	key->next = *at;
	*at = key;
	s->keys_n++;
	return (STATUS_OK);
}

/* The revision first: what changes meanwhile is seen by the next look. */
static enum status
read_store(struct stored *s, struct diag *diag)
{
	struct keystore *store = NULL;
	struct keystore_key *v;
	enum status status;
	size_t i, n = 0;

	status = keystore_open(s->where, false, s->env, &store, diag);
	if (status == STATUS_OK) {
		status = keystore_revision(store, &s->revision, diag);
	}
	if (status == STATUS_OK) {
		status = keystore_list(store, &s->memory, STR_NONE, &v, &n,
		    warn_bad, s, diag);
	}
	/* From the newest to the oldest: the list of a domain grows in front. */
	for (i = n; i > 0 && status == STATUS_OK; i--) {
		if (v[i - 1].stage == KEY_ACTIVE) {
			status = add_key(s, store, &v[i - 1], diag);
		}
		/* It has no private half: the others have theirs. */
		if (status == STATUS_IO) {
			warn_bad(s, diag);
			diag_init(diag);
			status = STATUS_OK;
		}
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
	status = read_store(s, diag);
	if (before != NULL && strcmp(before->where, where) != 0) {
		before = NULL;
	}
	/* A domain must not lose its key to a file that is broken. */
	if (status == STATUS_OK && s->bad_n > 0 && before != NULL) {
		env_log(env, LOG_LEVEL_ERROR, "the keys known before stay in "
		    "service until that is mended");
		stored_release(s);
		*r = stored_hold(before);
		return (STATUS_OK);
	}
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
