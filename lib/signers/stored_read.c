/* SPDX-License-Identifier: BSD-2-Clause */
/* stored_read: makes a snapshot of a key store, and keeps what must not be lost
   since the one before (stored.h). */
#include <errno.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "keystore/keystore.h"
#include "keystore/passphrase.h"
#include "signers/named.h"
#include "signers/stored_private.h"

#define LISTED_MAX_BYTES	((size_t)16 * 1024 * 1024) /* of a domain */

/* A key whose state is broken, or a domain whose folder cannot be read. */
struct stored_bad {
	struct stored_bad	*next;
	struct str		 domain;
	struct str		 selector;	/* absent: all of the domain */
	struct str		 why;
};

struct reader {
	struct stored		*stored;
	struct stored		*before;	/* or NULL */
	struct keystore		*store;
	struct stored_bad	*bad;
	bool			 no_memory;	/* for an entry of bad */
	size_t			 copies_n;	/* read with their states */
};

/* Logs "KeyStore NAME: DOMAINS: what"; nothing without domains. */
static void
log_named(struct named *named, const struct stored *s, const char *what)
{
	const char *text = named_end(named);

	if (text != NULL) {
		env_log(s->env, LOG_LEVEL_ERROR, "KeyStore %.*s: %s: %s",
		    STR_FMT(s->name), text, what);
	}
	named_fini(named);
}

static struct stored_key *
first_key(const struct stored *s, struct str domain)
{
	return (s != NULL ? strmap_get(&s->domains, domain) : NULL);
}

/* The same private key in the snapshot before, to be shared; or NULL. */
static struct stored_secret *
find_secret(const struct reader *r, struct str domain, struct str pem)
{
	const struct stored_key *known = first_key(r->before, domain);

	for (; known != NULL; known = known->next) {
		if (known->secret != NULL &&
		    stored_secret_is(known->secret, pem)) {
			return (stored_secret_hold(known->secret));
		}
	}
	return (NULL);
}

/* The copy of a private key in the snapshot before; or NULL. */
static struct stored_secret *
find_copy(const struct reader *r, struct str domain, struct str selector)
{
	const struct stored_key *known = first_key(r->before, domain);

	for (; known != NULL; known = known->next) {
		if (str_eq(known->selector, selector)) {
			return (stored_secret_hold(known->secret));
		}
	}
	return (NULL);
}

static bool
is_key(struct str pem)
{
	struct privkey *key = NULL;
	enum status status;
	struct diag diag;

	if (passphrase_is_used(pem)) {
		return (true);
	}
	diag_init(&diag);
	status = privkey_parse_pem(pem, "", &key, &diag);
	privkey_free(key);
	return (status == STATUS_OK || status == STATUS_NOMEM);
}

/* A key that has become something else is as it was. NULL: out of memory. */
static struct stored_secret *
make_secret(const struct reader *r, const struct keystore_key *key,
    struct str pem)
{
	struct stored_secret *secret = find_secret(r, key->domain, pem);

	if (secret != NULL) {
		return (secret);
	}
	secret = find_copy(r, key->domain, key->selector);
	if (secret == NULL) {
		return (stored_secret_new(pem));
	}
	if (!is_key(pem)) {
		env_log(r->stored->env, LOG_LEVEL_ERROR, "KeyStore %.*s: the "
		    "private key %.*s of %.*s is broken; the one known before "
		    "stays in service", STR_FMT(r->stored->name),
		    STR_FMT(key->selector), STR_FMT(key->domain));
		return (secret);
	}
	stored_secret_release(secret);
	return (stored_secret_new(pem));
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
		.selector = from->selector, .created_s = from->created_s,
		.is_copy = from->is_copy };

	if (from->stage != KEY_ACTIVE) {
		return (stored_add_idle(r->stored, from->domain,
		    from->stage > KEY_ACTIVE));
	}
	r->copies_n += from->is_copy;
	if (from->pem.n > 0) {
		key.secret = make_secret(r, from, from->pem);
		if (key.secret == NULL) {
			return (STATUS_NOMEM);
		}
	}
	return (stored_add(r->stored, &key));
}

/* Adds a key of the snapshot before. */
static enum status
keep_key(const struct reader *r, const struct stored_key *key)
{
	(void)stored_secret_hold(key->secret);
	return (stored_add(r->stored, key));
}

/* The stage in a broken state is unknown: a key that was active stays so. */
static enum status
keep_known(const struct reader *r, const struct stored_bad *bad)
{
	const struct stored_key *key = first_key(r->before, bad->domain);
	enum status status = STATUS_OK;

	for (; key != NULL && status == STATUS_OK; key = key->next) {
		if (key->error.n > 0 || (bad->selector.n > 0 &&
		    !str_eq(key->selector, bad->selector))) {
			continue;
		}
		env_log(r->stored->env, LOG_LEVEL_ERROR, "%.*s stays in "
		    "service as it was before, until the state is repaired",
		    STR_FMT(key->name));
		status = keep_key(r, key);
	}
	return (status);
}

/* Adds an entry with an error for a domain without any usable key. */
static enum status
add_unusable(const struct reader *r, const struct stored_bad *bad)
{
	const struct stored_key none = { .domain = bad->domain,
		.selector = STR("?"), .error = bad->why };

	if (bad->domain.n == 0 || first_key(r->stored, bad->domain) != NULL) {
		return (STATUS_OK);
	}
	env_log(r->stored->env, LOG_LEVEL_ERROR, "%.*s has no usable key: "
	    "until that is repaired (dkimkeygen(1), FILES), its mail is "
	    "handled by OnSignFailure",
	    STR_FMT(bad->domain));
	return (stored_add(r->stored, &none));
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
		status = add_unusable(r, bad);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	return (STATUS_OK);
}

static bool
is_listed(const struct keystore_key *v, size_t n, struct str selector)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (str_eq(v[i].selector, selector)) {
			return (true);
		}
	}
	return (false);
}

/* Keeps the domain's keys of which the store says nothing any more. */
static enum status
keep_lost(const struct reader *r, const struct stored_key *known,
    struct named *named, struct diag *diag)
{
	struct str domain = known->domain;
	bool kept = false, news = false;
	enum status status;
	struct keystore_key *v = NULL;
	struct stored_key copy;
	struct arena arena;
	size_t n = 0;

	arena_init(&arena, LISTED_MAX_BYTES);
	status = keystore_list(r->store, &arena, domain, &v, &n, NULL, NULL,
	    diag);
	for (; known != NULL && status == STATUS_OK; known = known->next) {
		if (known->error.n > 0 || is_listed(v, n, known->selector)) {
			continue;
		}
		copy = *known;
		copy.kept = kept = true;
		news = news || !known->kept;
		status = keep_key(r, &copy);
	}
	arena_fini(&arena);
	if (kept && news) {
		named_add(named, domain);
	}
	return (status);
}

static enum status
settle_lost(const struct reader *r, struct diag *diag)
{
	enum status status = STATUS_OK;
	const struct stored_key *key;
	struct named named;
	size_t i;

	if (r->before == NULL) {
		return (STATUS_OK);
	}
	named_init(&named);
	for (i = 0; i < strmap_count(&r->before->domains) &&
	    status == STATUS_OK; i++) {
		key = strmap_value(&r->before->domains, i);
		if (key != NULL && first_key(r->stored, key->domain) == NULL) {
			status = keep_lost(r, key, &named, diag);
		}
	}
	log_named(&named, r->stored, "gone from the store, but not removed by "
	    "dkimkeygen; the keys known before stay in service until a "
	    "restart");
	return (status);
}

/* A domain that has signed and has no active key is still one of ours. */
static enum status
add_inactive(const struct reader *r, struct str domain, struct named *named)
{
	const struct stored_key none = { .domain = domain,
		.selector = STR("?"), .inactive = true, .error =
		STR("no key is active: all are retired or revoked") };
	const struct stored_key *known = first_key(r->before, domain);

	if (known == NULL || !known->inactive) {
		named_add(named, domain);
	}
	return (stored_add(r->stored, &none));
}

static enum status
settle_idle(const struct reader *r)
{
	const struct stored_idle *idle;
	enum status status = STATUS_OK;
	struct named named;
	size_t i;

	named_init(&named);
	for (i = 0; i < strmap_count(&r->stored->idle) &&
	    status == STATUS_OK; i++) {
		idle = strmap_value(&r->stored->idle, i);
		if (idle != NULL && idle->has_signed &&
		    first_key(r->stored, idle->domain) == NULL) {
			status = add_inactive(r, idle->domain, &named);
		}
	}
	log_named(&named, r->stored, "no key is active any more: the mail is "
	    "handled by OnSignFailure; dkimkeygen new makes a key");
	return (status);
}

/* Without a copy: the key is read on first use, which logs why it cannot. */
static enum status
copy_key(const struct reader *r, struct stored_key *key)
{
	const struct keystore_key which = { .domain = key->domain,
		.selector = key->selector };
	enum status status;
	struct diag diag;
	struct buf pem;

	diag_init(&diag);
	buf_init(&pem, KEYSTORE_PEM_MAX_BYTES);
	status = keystore_private(r->store, &which, &pem, &diag);
	if (status == STATUS_OK) {
		key->secret = make_secret(r, &which, buf_str(&pem));
		status = key->secret != NULL ? STATUS_OK : STATUS_NOMEM;
	} else if (status != STATUS_NOMEM) {
		key->secret = find_copy(r, key->domain, key->selector);
		status = STATUS_OK;
	}
	key->is_copy = true;
	buf_fini_secret(&pem);
	return (status);
}

/* In memory, the keys of a directory outlive it: those that were not read with
   their states, too. */
static enum status
copy_keys(const struct reader *r)
{
	enum status status = STATUS_OK;
	size_t i, n = r->copies_n;
	struct stored_key *key;

	for (i = 0; i < strmap_count(&r->stored->domains); i++) {
		key = strmap_value(&r->stored->domains, i);
		for (; key != NULL && status == STATUS_OK; key = key->next) {
			if (key->error.n == 0 && key->secret == NULL &&
			    n++ < STORED_COPIES_MAX) {
				status = copy_key(r, key);
			}
		}
	}
	return (status);
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
	status = keystore_active(r->store, STORED_COPIES_MAX, take_key,
	    note_bad, r, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	if (r->no_memory) {
		return (STATUS_NOMEM);
	}
	if (r->bad != NULL) {
		s->revision = ~s->revision;
	}
	status = settle_bad(r);
	if (status == STATUS_OK) {
		status = settle_lost(r, diag);
	}
	if (status == STATUS_OK) {
		status = settle_idle(r);
	}
	return (status == STATUS_OK ? copy_keys(r) : status);
}

static enum status
read_store(struct stored *s, struct stored *before, struct diag *diag)
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

bool
stored_exists(const char *where)
{
	struct stat st;

	return (where[0] != '/' || stat(where, &st) == 0 || errno != ENOENT);
}

enum status
stored_read(const char *where, bool optional, struct stored *before,
    const struct env *env, struct stored **r, struct diag *diag)
{
	struct stored *s = stored_new(where, env);
	enum status status;

	*r = NULL;
	if (s == NULL) {
		return (STATUS_NOMEM);
	}
	if (optional && before == NULL && !stored_exists(where)) {
		s->absent = true;
		s->name = str_from(s->where);
		*r = s;
		return (STATUS_OK);
	}
	status = read_store(s, before, diag);
	if (status == STATUS_OK) {
		*r = s;
		return (STATUS_OK);
	}
	stored_release(s);
	if (before == NULL || (status != STATUS_TEMP &&
	    status != STATUS_IO)) {
		return (status);
	}
	if (!before->absent || stored_exists(where)) {
		stored_set_lost(before, true, diag->text);
	}
	diag_init(diag);
	*r = stored_hold(before);
	return (STATUS_OK);
}
