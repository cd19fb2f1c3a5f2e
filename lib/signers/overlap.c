/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * overlap: what an operator has in two places, or has made and forgotten. No
 * message fails over it now; all of it ends with mail that is not signed.
 */
#include <stdio.h>

#include "keystore/keystore.h"
#include "signers/private.h"

#define SOME_BYTES	320	/* a domain and "and 1000000 others" */

struct some {			/* domains: how many, and one of them */
	struct strmap	 seen;
	struct str	 first;
	char		 text[SOME_BYTES];
};

static void
some_add(struct some *some, struct str domain)
{
	void **at = strmap_at(&some->seen, domain);

	if (at != NULL) {
		*at = some;
		some->first = some->first.p == NULL ? domain : some->first;
	}
}

/* "example.com", "example.com and 2 others"; NULL: none. Ends it. */
static const char *
some_end(struct some *some)
{
	size_t n = some->seen.n;

	strmap_fini(&some->seen);
	if (n == 0) {
		return (NULL);
	}
	if (n == 1) {
		(void)snprintf(some->text, sizeof(some->text), "%.*s",
		    STR_FMT(some->first));
	} else {
		(void)snprintf(some->text, sizeof(some->text), "%.*s and %zu "
		    "other%s", STR_FMT(some->first), n - 1, n > 2 ? "s" : "");
	}
	return (some->text);
}

static bool
is_stored(const struct signers *s, struct str domain)
{
	return (signers_sources_find(s, domain) != NULL);
}

static void
add_if_stored(const struct signers *s, const struct table_key *key,
    struct some *some)
{
	if (is_stored(s, key->domain)) {
		some_add(some, key->domain);
	}
}

/* True: one of them has the name "%", which may mean any key. */
static bool
add_rules(const struct signers *s, const struct table_rule *rule,
    struct some *some)
{
	bool any = false;

	for (; rule != NULL; rule = rule->next) {
		if (rule->key != NULL) {
			add_if_stored(s, rule->key, some);
		}
		any = any || rule->key == NULL;
	}
	return (any);
}

static void
add_tables(const struct signers *s, struct some *some)
{
	const struct signing_table *table = &s->signing_table;
	bool any = add_rules(s, table->loose, some);
	const struct table_key *key;
	size_t i;

	for (i = 0; i < strmap_count(&table->buckets); i++) {
		any |= add_rules(s, strmap_value(&table->buckets, i), some);
	}
	for (key = s->key_table.first; any && key != NULL; key = key->next) {
		add_if_stored(s, key, some);
	}
}

static void
warn_twice(const struct signers *s, const char *where, struct some *some)
{
	const char *text = some_end(some);

	if (text != NULL) {
		env_log(s->opts.env, LOG_LEVEL_WARNING, "%s signs as %s, "
		    "before the key store is asked, which has keys for that, "
		    "too: those do not sign where it does, and dkimkeygen "
		    "revokes one in time that it adopted; take the domain out "
		    "of %s", where, text, where);
	}
}

/* What stands in two places is rotated in one: its mail would break. */
void
signers_overlap_warn(const struct signers *s)
{
	struct some given = { .first = STR_NONE }, tables = given;
	size_t i;

	strmap_init(&given.seen);
	strmap_init(&tables.seen);
	for (i = 0; s->opts.keys_n > 0 && i < s->opts.domains_n; i++) {
		if (is_stored(s, s->opts.domains[i])) {
			some_add(&given, s->opts.domains[i]);
		}
	}
	if (s->stores_n > 0) {
		add_tables(s, &tables);
	}
	warn_twice(s, "Domain", &given);
	warn_twice(s, "SigningTable", &tables);
}

/* What signs for the domain now; NULL: nothing, or no memory to tell. */
static const char *
signs_for(struct signers *s, struct arena *arena, struct str domain)
{
	static const char *const names[] = { [SIGNERS_GIVEN] = "Domain",
		[SIGNERS_TABLE] = "SigningTable", [SIGNERS_STORE] = "" };
	struct signers_picks picks;

	return (signers_pick(s, arena, STR("postmaster"), domain, &picks) !=
	    STATUS_OK || picks.n == 0 ? NULL : names[picks.v[0].kind]);
}

static void
warn_waiting(struct signers *s, const char *where, struct arena *arena,
    const struct keystore_key *v, size_t n)
{
	struct some waiting = { .first = STR_NONE }, hidden = waiting;
	const char *text, *other, *by = "";
	size_t i;

	strmap_init(&waiting.seen);
	strmap_init(&hidden.seen);
	for (i = 0; i < n; i++) {
		if (v[i].stage >= KEY_ACTIVE || is_stored(s, v[i].domain)) {
			continue;
		}
		other = signs_for(s, arena, v[i].domain);
		if (other == NULL) {
			some_add(&waiting, v[i].domain);
		} else if (other[0] != '\0') {
			some_add(&hidden, v[i].domain);
			by = other;
		}
	}
	text = some_end(&waiting);
	if (text != NULL) {
		env_log(s->opts.env, LOG_LEVEL_WARNING, "KeyStore: mail of "
		    "%s is not signed yet: no key is active; see dkimkeygen "
		    "list -K %s", text, where);
	}
	text = some_end(&hidden);
	if (text != NULL) {
		env_log(s->opts.env, LOG_LEVEL_WARNING, "KeyStore: the keys "
		    "made for %s will sign nothing: %s is asked before", text,
		    by);
	}
}

static void
look_for_waiting(struct signers *s, const char *where)
{
	struct keystore *store = NULL;
	struct keystore_key *v = NULL;
	enum status status;
	struct arena arena;
	struct diag diag;
	size_t n = 0;

	diag_init(&diag);
	arena_init(&arena, STORED_MAX_BYTES);
	status = keystore_open(where, false, s->opts.env, &store, &diag);
	if (status == STATUS_OK) {
		status = keystore_list(store, &arena, STR_NONE, &v, &n, NULL,
		    NULL, &diag);
	}
	if (status == STATUS_OK) {
		warn_waiting(s, keystore_name(store), &arena, v, n);
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
		look_for_waiting(s, s->stores[i]->where);
	}
}
