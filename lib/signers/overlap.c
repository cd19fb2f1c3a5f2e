/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * overlap: warns of domains that are covered twice, and of keys that were made
 * but do not sign. No message fails yet, but some will not be signed later.
 */
#include <stdio.h>

#include "keystore/keystore.h"
#include "signers/private.h"

#define SET_TEXT_BYTES	320	/* a domain and "and 1000000 others" */

struct domain_set {
	struct strmap	 seen;
	struct str	 first;
	char		 text[SET_TEXT_BYTES];	/* of set_end */
};

static void
set_add(struct domain_set *set, struct str domain)
{
	void **at = strmap_at(&set->seen, domain);

	if (at != NULL) {
		*at = set;
		set->first = set->first.p == NULL ? domain : set->first;
	}
}

/* "example.com", "example.com and 2 others"; NULL: none. Frees the set. */
static const char *
set_end(struct domain_set *set)
{
	size_t n = set->seen.n;

	strmap_fini(&set->seen);
	if (n == 0) {
		return (NULL);
	}
	if (n == 1) {
		(void)snprintf(set->text, sizeof(set->text), "%.*s",
		    STR_FMT(set->first));
	} else {
		(void)snprintf(set->text, sizeof(set->text), "%.*s and %zu "
		    "other%s", STR_FMT(set->first), n - 1, n > 2 ? "s" : "");
	}
	return (set->text);
}

static bool
is_stored(const struct signers *s, struct str domain)
{
	return (signers_sources_find(s, domain) != NULL);
}

static void
add_if_stored(const struct signers *s, const struct table_key *key,
    struct domain_set *set)
{
	if (is_stored(s, key->domain)) {
		set_add(set, key->domain);
	}
}

/* True: a rule has the name "%", which may stand for any key. */
static bool
add_rules(const struct signers *s, const struct table_rule *rule,
    struct domain_set *set)
{
	bool any = false;

	for (; rule != NULL; rule = rule->next) {
		if (rule->key != NULL) {
			add_if_stored(s, rule->key, set);
		}
		any = any || rule->key == NULL;
	}
	return (any);
}

static void
add_tables(const struct signers *s, struct domain_set *set)
{
	const struct signing_table *table = &s->signing_table;
	bool any = add_rules(s, table->loose, set);
	const struct table_key *key;
	size_t i;

	for (i = 0; i < strmap_count(&table->buckets); i++) {
		any |= add_rules(s, strmap_value(&table->buckets, i), set);
	}
	for (key = s->key_table.first; any && key != NULL; key = key->next) {
		add_if_stored(s, key, set);
	}
}

static void
warn_twice(const struct signers *s, const char *where, struct domain_set *set)
{
	const char *text = set_end(set);

	if (text != NULL) {
		env_log(s->opts.env, LOG_LEVEL_WARNING, "%s signs as %s, "
		    "which also has keys in a key store: these do not sign "
		    "that mail, and dkimkeygen will revoke a key that it "
		    "adopted; remove the domain from %s", where, text, where);
	}
}

/* The store rotates a key that is also elsewhere, and mail would break. */
void
signers_overlap_warn(const struct signers *s)
{
	struct domain_set given = { .first = STR_NONE }, tables = given;
	size_t i;

	strmap_init(&given.seen);
	strmap_init(&tables.seen);
	for (i = 0; s->opts.keys_n > 0 && i < s->opts.domains_n; i++) {
		if (is_stored(s, s->opts.domains[i])) {
			set_add(&given, s->opts.domains[i]);
		}
	}
	if (s->stores_n > 0) {
		add_tables(s, &tables);
	}
	warn_twice(s, "Domain", &given);
	warn_twice(s, "SigningTable", &tables);
}

/* The option that signs for the domain, "": a store; NULL: none, or out of
   memory. */
static const char *
find_signer(struct signers *s, struct arena *arena, struct str domain)
{
	static const char *const names[] = { [SIGNERS_GIVEN] = "Domain",
		[SIGNERS_TABLE] = "SigningTable", [SIGNERS_STORE] = "" };
	struct signers_picks picks;

	return (signers_pick(s, arena, STR("postmaster"), domain, &picks) !=
	    STATUS_OK || picks.n == 0 ? NULL : names[picks.v[0].kind]);
}

/* where: NULL if it must not be shown, since it may hold a password. */
static void
warn_waiting(struct signers *s, const char *where, struct arena *arena,
    const struct keystore_key *v, size_t n)
{
	struct domain_set waiting = { .first = STR_NONE }, hidden = waiting;
	const char *text, *other, *by = "";
	size_t i;

	strmap_init(&waiting.seen);
	strmap_init(&hidden.seen);
	for (i = 0; i < n; i++) {
		if (v[i].stage >= KEY_ACTIVE || is_stored(s, v[i].domain)) {
			continue;
		}
		other = find_signer(s, arena, v[i].domain);
		if (other == NULL) {
			set_add(&waiting, v[i].domain);
		} else if (other[0] != '\0') {
			set_add(&hidden, v[i].domain);
			by = other;
		}
	}
	text = set_end(&waiting);
	if (text != NULL) {
		env_log(s->opts.env, LOG_LEVEL_WARNING, "KeyStore: mail of "
		    "%s is not signed yet: no key is active; see dkimkeygen "
		    "list%s%s", text, where != NULL ? " -K " : "",
		    where != NULL ? where : "");
	}
	text = set_end(&hidden);
	if (text != NULL) {
		env_log(s->opts.env, LOG_LEVEL_WARNING, "KeyStore: the keys "
		    "of %s will not sign: %s takes precedence", text,
		    by);
	}
}

static void
read_waiting(struct signers *s, const char *where)
{
	struct keystore *store = NULL;
	struct keystore_key *v = NULL;
	enum status status;
	struct arena arena;
	struct diag diag;
	size_t n = 0;

	diag_init(&diag);
	arena_init(&arena, STORED_MAX_BYTES);
	status = keystore_open(where, false, &store, &diag);
	if (status == STATUS_OK) {
		status = keystore_list(store, &arena, STR_NONE, &v, &n, NULL,
		    NULL, &diag);
	}
	if (status == STATUS_OK) {
		warn_waiting(s, keystore_shown(where) == where ? where : NULL,
		    &arena, v, n);
	} else {
		env_log(s->opts.env, LOG_LEVEL_WARNING, "KeyStore: %s",
		    diag.text);
	}
	keystore_close(store);
	arena_fini(&arena);
}

void
signers_overlap_warn_waiting(struct signers *s)
{
	size_t i;

	for (i = 0; i < s->stores_n; i++) {
		read_waiting(s, s->stores[i]->where);
	}
}
