/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: selects keys from the key stores and loads them. */
#include <stdlib.h>

#include "keystore/keystore.h"
#include "keystore/passphrase.h"
#include "mail/domain.h"
#include "signers/private.h"

struct wanted {			/* the context of load_key */
	const struct stored_key	*key;
	const struct passphrase	*passphrase;
	const struct signers_remote *remote;	/* NULL: it is here */
};

/* The store at the same place that is in service, or NULL. */
static struct stored *
find_store(const struct signers *s, const char *where)
{
	size_t i;

	for (i = 0; s != NULL && i < s->stores_n; i++) {
		if (strcmp(s->stores[i]->where, where) == 0) {
			return (s->stores[i]);
		}
	}
	return (NULL);
}

static enum status
read_passphrase(struct signers *s, struct diag *diag)
{
	enum status status;
	struct diag why;

	if (s->opts.key_stores_n == 0 || s->opts.passphrase_file == NULL) {
		return (STATUS_OK);
	}
	diag_init(&why);
	status = passphrase_read(s->opts.passphrase_file, &s->passphrase,
	    &why);
	if (status != STATUS_OK) {
		diag_set(diag, NULL, 0, "KeyPassphraseFile: %s", why.text);
	}
	return (status);
}

enum status
signers_sources_init(struct signers *s, const struct signers *before,
    struct diag *diag)
{
	const char *where;
	enum status status;
	struct diag why;
	size_t i;

	s->stores = calloc(s->opts.key_stores_n + 1, sizeof(*s->stores));
	if (s->stores == NULL) {
		return (STATUS_NOMEM);
	}
	status = read_passphrase(s, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	for (i = 0; i < s->opts.key_stores_n; i++) {
		where = s->opts.key_stores[i];
		diag_init(&why);
		status = stored_read(where, s->opts.key_stores_optional,
		    find_store(before, where), s->opts.env, &s->stores[i],
		    &why);
		if (status != STATUS_OK) {
			diag_set(diag, NULL, 0, "KeyStore: %s", why.text);
			return (status);
		}
		s->stores_n++;
	}
	return (STATUS_OK);
}

static bool
is_local(const struct signers *s, size_t i)
{
	return (s->opts.remote == NULL &&
	    keystore_is_local(s->stores[i]->where));
}

bool
signers_look_local(const struct signers *s, uint64_t *now_r)
{
	uint64_t all[2] = { 0, 0 };
	bool changed = false;
	size_t i;

	for (i = 0; i < s->stores_n; i++) {
		if (is_local(s, i)) {
			all[1] = stored_look(s->stores[i]);
			all[0] = str_hash(str_mem(all, sizeof(all)));
			/* Inverted: a key's state was broken. */
			changed = changed ||
			    (all[1] != s->stores[i]->revision &&
			    all[1] != ~s->stores[i]->revision);
		}
	}
	*now_r = all[0];
	return (changed);
}

int64_t
signers_local_s(const struct signers *s)
{
	bool some = false;
	size_t i, n = 0;

	for (i = 0; i < s->stores_n; i++) {
		if (is_local(s, i)) {
			some = true;
			n += s->stores[i]->keys_n +
			    strmap_count(&s->stores[i]->idle);
		}
	}
	return (some ? 1 + (int64_t)(n / SIGNERS_LOCAL_KEYS) : 0);
}

void
signers_sources_fini(struct signers *s)
{
	size_t i;

	for (i = 0; i < s->stores_n; i++) {
		stored_release(s->stores[i]);
	}
	free(s->stores);
	passphrase_free(s->passphrase);
}

const struct stored_key *
signers_sources_find(const struct signers *s, struct str domain)
{
	const struct stored_key *key = NULL;
	size_t i;

	for (i = 0; key == NULL && i < s->stores_n; i++) {
		key = stored_find(s->stores[i], domain);
	}
	return (key);
}

/* The keys of each domain of all stores in turn, starting with *at = 0 and
   *store = 0; NULL after the last one. */
static const struct stored_key *
next_domain(const struct signers *s, size_t *store, size_t *at)
{
	const struct strmap *domains;
	const struct stored_key *key;

	for (; *store < s->stores_n; (*store)++, *at = 0) {
		domains = &s->stores[*store]->domains;
		while (*at < strmap_count(domains)) {
			key = strmap_value(domains, (*at)++);
			if (key != NULL) {
				return (key);
			}
		}
	}
	return (NULL);
}

/* Notes whether the store answered, too. */
static enum status
load_remote(const struct wanted *wanted, struct privkey **key_r,
    struct diag *diag)
{
	const struct stored_key *key = wanted->key;
	const struct signers_want want = { .kind = SIGNERS_STORE,
		.index = key->stored->index, .name = key->selector,
		.domain = key->domain };
	enum signers_why why = SIGNERS_KEY_UNREADABLE;
	enum status status = wanted->remote->load(wanted->remote->ctx, &want,
	    key_r, &why, diag);

	if (status != STATUS_NOMEM) {
		atomic_store(&key->stored->lost,
		    why == SIGNERS_STORE_UNREACHABLE);
	}
	return (status);
}

static enum status
load_key(void *ctx, struct privkey **key_r, struct diag *diag)
{
	const struct wanted *wanted = ctx;

	if (wanted->remote != NULL) {
		return (load_remote(wanted, key_r, diag));
	}
	return (stored_load(wanted->key, wanted->passphrase, key_r, diag));
}

static enum status
get_key(struct signers *s, struct arena *arena, const struct stored_key *key,
    struct privkey **key_r, struct str *error_r)
{
	struct wanted wanted = { key, s->passphrase, s->opts.remote };

	return (key_cache_get(s->cache, arena, key->name, load_key, &wanted,
	    key_r, error_r));
}

static enum status
load_domain(struct signers *s, struct arena *arena,
    const struct stored_key *key)
{
	struct privkey *loaded;
	enum status status;
	struct str error;

	for (; key != NULL; key = key->next) {
		if (key->error.n > 0) {
			continue;
		}
		status = get_key(s, arena, key, &loaded, &error);
		privkey_free(loaded);
		arena_reset(arena);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	return (STATUS_OK);
}

/* KeyCache all. A key that cannot be loaded is logged and does not stop the
   others from being loaded. */
enum status
signers_sources_load_all(struct signers *s)
{
	enum status status = STATUS_OK;
	const struct stored_key *key;
	size_t store = 0, at = 0;
	struct arena arena;

	arena_init(&arena, 64 * 1024);
	while (status == STATUS_OK &&
	    (key = next_domain(s, &store, &at)) != NULL) {
		status = load_domain(s, &arena, key);
	}
	arena_fini(&arena);
	return (status);
}

static size_t
check_domain(const struct signers *s, const struct stored_key *key)
{
	struct privkey *loaded;
	struct diag diag;
	size_t bad = 0;

	for (; key != NULL; key = key->next) {
		diag_init(&diag);
		if (key->error.n > 0) {
			bad++;		/* logged by stored_read */
		} else if (stored_load(key, s->passphrase, &loaded, &diag) ==
		    STATUS_OK) {
			privkey_free(loaded);
		} else {
			env_log(s->opts.env, LOG_LEVEL_ERROR, "%s", diag.text);
			bad++;
		}
	}
	return (bad);
}

size_t
signers_sources_check(const struct signers *s)
{
	const struct stored_key *key;
	size_t store = 0, at = 0, bad = 0;

	while ((key = next_domain(s, &store, &at)) != NULL) {
		bad += check_domain(s, key);
	}
	return (bad);
}

/* The domain itself or, with SubDomains, the nearest one above it, that has an
   active key; else one that has none any more. */
static const struct stored_key *
find_domain(const struct signers *s, const struct stored *stored,
    struct str name)
{
	const struct stored_key *key, *inactive = NULL;

	for (;;) {
		key = stored_find(stored, name);
		if (key != NULL && !key->inactive) {
			return (key);
		}
		inactive = inactive == NULL ? key : inactive;
		if (!s->opts.subdomains || name.n == 0) {
			return (inactive);
		}
		name = domain_parent(name);
	}
}

/* The keys of the first store that has active ones. */
static const struct stored_key *
find_keys(const struct signers *s, struct str domain)
{
	const struct stored_key *key, *inactive = NULL;
	size_t i;

	for (i = 0; i < s->stores_n; i++) {
		key = find_domain(s, s->stores[i], domain);
		if (key != NULL && !key->inactive) {
			return (key);
		}
		inactive = inactive == NULL ? key : inactive;
	}
	return (inactive);
}

bool
signers_sources_wait(const struct signers *s, struct str domain)
{
	size_t i;

	for (;;) {
		for (i = 0; i < s->stores_n; i++) {
			if (stored_is_idle(s->stores[i], domain)) {
				return (true);
			}
		}
		if (!s->opts.subdomains || domain.n == 0) {
			return (false);
		}
		domain = domain_parent(domain);
	}
}

enum status
signers_sources_pick(const struct signers *s, struct arena *arena,
    struct str domain, struct signers_picks *r)
{
	const struct stored_key *key = find_keys(s, domain);

	if (key == NULL) {
		return (STATUS_OK);
	}
	r->v = arena_calloc(arena, SIGNERS_PICKS_MAX, sizeof(*r->v));
	if (r->v == NULL) {
		return (STATUS_NOMEM);
	}
	for (; key != NULL && r->n < SIGNERS_PICKS_MAX; key = key->next) {
		r->v[r->n++] = (struct signers_pick){ .kind = SIGNERS_STORE,
			.domain = key->domain, .selector = key->selector,
			.error = key->error, .source = key,
			.why = key->inactive ? SIGNERS_NO_ACTIVE_KEY :
			SIGNERS_KEY_UNREADABLE };
	}
	return (STATUS_OK);
}

enum status
signers_sources_load(struct signers *s, struct arena *arena,
    struct signers_pick *pick)
{
	const struct stored_key *key = pick->source;
	enum status status = get_key(s, arena, key, &pick->key,
	    &pick->error);

	if (status == STATUS_OK && pick->key == NULL && key->stored->lost) {
		pick->why = SIGNERS_STORE_UNREACHABLE;
	}
	return (status);
}

const struct stored_key *
signers_sources_named(const struct signers *s, uint32_t store,
    struct str domain, struct str selector)
{
	const struct stored_key *key;

	if (store >= s->stores_n) {
		return (NULL);
	}
	key = stored_find(s->stores[store], domain);
	while (key != NULL && (key->error.n > 0 ||
	    !str_eq(key->selector, selector))) {
		key = key->next;
	}
	return (key);
}
