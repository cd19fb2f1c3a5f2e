/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: from the domains of key stores to picks, and their keys. */
#include "mail/domain.h"
#include "signers/private.h"

static enum status
read_source(const char *option, const char *where, const struct signers *s,
    struct stored *before, struct stored **r, struct diag *diag)
{
	enum status status = STATUS_OK;
	struct diag why;

	diag_init(&why);
	if (where != NULL) {
		status = stored_read(where, before, s->opts.env, r, &why);
	}
	if (status != STATUS_OK && why.text[0] != '\0') {
		diag_set(diag, NULL, 0, "%s: %s", option, why.text);
	}
	return (status);
}

enum status
signers_sources_init(struct signers *s, const struct signers *before,
    struct diag *diag)
{
	enum status status;

	status = read_source("KeySource", s->opts.key_source, s,
	    before != NULL ? before->source : NULL, &s->source, diag);
	if (status == STATUS_OK) {
		status = read_source("KeyDirectory", s->opts.key_directory, s,
		    before != NULL ? before->directory : NULL, &s->directory,
		    diag);
	}
	return (status);
}

void
signers_sources_fini(struct signers *s)
{
	stored_release(s->source);
	stored_release(s->directory);
}

static enum status
get_key(struct signers *s, struct arena *arena, const struct stored_key *key,
    struct privkey **key_r, struct str *trouble_r)
{
	return (key_cache_get(s->cache, arena, key->name, stored_load,
	    (void *)(uintptr_t)key, key_r, trouble_r));
}

static enum status
load_domain(struct signers *s, const struct stored_key *key)
{
	enum status status = STATUS_OK;
	struct privkey *loaded = NULL;
	struct str trouble;
	struct arena arena;

	arena_init(&arena, 64 * 1024);
	for (; key != NULL && status == STATUS_OK; key = key->next) {
		if (key->trouble.n > 0) {
			continue;
		}
		status = get_key(s, &arena, key, &loaded, &trouble);
		privkey_free(loaded);
		arena_reset(&arena);
	}
	arena_fini(&arena);
	return (status);
}

/* KeyCache all. One that cannot be loaded has been logged: in a store it is
   one of many, and no reason to leave the others unknown. */
enum status
signers_sources_load_all(struct signers *s, struct diag *diag ATTR_UNUSED)
{
	const struct stored *const stores[] = { s->source, s->directory };
	enum status status = STATUS_OK;
	size_t i, k;

	for (i = 0; i < sizeof(stores) / sizeof(stores[0]); i++) {
		for (k = 0; stores[i] != NULL && status == STATUS_OK &&
		    k < strmap_count(&stores[i]->domains); k++) {
			status = load_domain(s,
			    strmap_value(&stores[i]->domains, k));
		}
	}
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
		if (key->trouble.n > 0) {
			bad++;		/* logged when it was read */
		} else if (stored_load((void *)(uintptr_t)key, &loaded,
		    &diag) == STATUS_OK) {
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
	const struct stored *const stores[] = { s->source, s->directory };
	size_t i, k, bad = 0;

	for (i = 0; i < sizeof(stores) / sizeof(stores[0]); i++) {
		for (k = 0; stores[i] != NULL &&
		    k < strmap_count(&stores[i]->domains); k++) {
			bad += check_domain(s,
			    strmap_value(&stores[i]->domains, k));
		}
	}
	return (bad);
}

/* The name itself or, with SubDomains, the nearest above it. */
static const struct stored_key *
find(const struct signers *s, const struct stored *stored, struct str name)
{
	const struct stored_key *key = stored_find(stored, name);

	while (key == NULL && s->opts.subdomains && name.n > 0) {
		name = domain_parent(name);
		key = stored_find(stored, name);
	}
	return (key);
}

static enum status
pick_keys(struct arena *arena, const struct stored_key *key,
    struct signers_picks *r)
{
	r->v = arena_calloc(arena, SIGNERS_PICKS_MAX, sizeof(*r->v));
	if (r->v == NULL) {
		return (STATUS_NOMEM);
	}
	for (; key != NULL && r->n < SIGNERS_PICKS_MAX; key = key->next) {
		r->v[r->n++] = (struct signers_pick){ .kind = SIGNERS_STORE,
			.domain = key->domain, .selector = key->selector,
			.trouble = key->trouble, .source = key };
	}
	return (STATUS_OK);
}

enum status
signers_sources_pick(const struct signers *s, struct arena *arena,
    struct str domain, struct signers_picks *r)
{
	const struct stored *const stores[] = { s->source, s->directory };
	const struct stored_key *key = NULL;
	size_t i;

	for (i = 0; i < sizeof(stores) / sizeof(stores[0]) && key == NULL;
	    i++) {
		if (stores[i] != NULL) {
			key = find(s, stores[i], domain);
		}
	}
	return (key != NULL ? pick_keys(arena, key, r) : STATUS_OK);
}

enum status
signers_sources_load(struct signers *s, struct arena *arena,
    struct signers_pick *pick)
{
	return (get_key(s, arena, pick->source, &pick->key, &pick->trouble));
}
