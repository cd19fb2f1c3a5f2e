/* SPDX-License-Identifier: BSD-2-Clause */
/* dkimkeygen list */
#include <sys/types.h>

#include <stdio.h>

#include "keys/opts.h"

/* The key that takes over from v[i], if one is on its way, or has. */
static const struct keystore_key *
successor(const struct keystore_key *v, size_t n, size_t i)
{
	const struct keystore_key *key = &v[i];
	size_t j = i;

	/* A list is by domain. */
	while (j > 0 && str_eq(v[j - 1].domain, key->domain)) {
		j--;
	}
	for (; j < n && str_eq(v[j].domain, key->domain); j++) {
		if (j != i && v[j].type == key->type && !v[j].lost &&
		    (v[j].stage < KEY_ACTIVE || (v[j].stage == KEY_ACTIVE &&
		    v[j].since_s > key->since_s))) {
			return (&v[j]);
		}
	}
	return (NULL);
}

/* What comes next, without asking the DNS. */
static struct str
next_step(struct store *store, const struct keystore_key *v, size_t n,
    size_t i)
{
	const struct policy *policy = &store->policy;
	struct arena *arena = &store->arena;
	const struct keystore_key *key = &v[i], *next;

	switch (key->stage) {
	case KEY_PENDING:
		return (STR("published"));
	case KEY_PUBLISHED:
		return (STR("active"));
	case KEY_ACTIVE:
		next = successor(v, n, i);
		return (next != NULL ? arena_printf(arena, "retired after "
		    "%.*s", STR_FMT(next->selector)) :
		    arena_printf(arena, "successor %s", store_time(store,
		    key->since_s + policy->rotate_every_s).p));
	case KEY_RETIRED:
		return (arena_printf(arena, "revoked %s", store_time(store,
		    key->since_s + policy_retired_s(policy)).p));
	case KEY_REVOKED:
		return (arena_printf(arena, "removed %s", store_time(store,
		    key->since_s + policy->remove_after_s).p));
	case KEY_REMOVED:
		break;
	}
	return (STR("-"));
}

/* What the last look at the name servers came to. */
static struct str
dns_state(struct store *store, const struct keystore_key *key)
{
	if (key->lost) {
		return (STR("its private key is missing"));
	}
	if (key->note.n > 0) {
		return (key->note);
	}
	return (key->seen_s != -1 ? arena_printf(&store->arena,
	    "seen %s", store_time(store, key->seen_s).p) : STR("-"));
}

static void
print_text(struct store *store, const struct keystore_key *v, size_t n)
{
	const struct store_broken *b;
	size_t i;

	(void)printf("%-24s %-12s %-7s %4s %-9s %-16s %-26s %s\n", "DOMAIN",
	    "SELECTOR", "TYPE", "BITS", "STAGE", "SINCE", "NEXT", "DNS");
	for (i = 0; i < n; i++) {
		const struct keystore_key *key = &v[i];

		(void)printf("%-24.*s %-12.*s %-7s %4u %-9s %-16s %-26s %.*s\n",
		    STR_FMT(key->domain), STR_FMT(key->selector),
		    key_type_name(key->type), key->bits,
		    key_stage_name(key->stage),
		    store_time(store, key->since_s).p,
		    next_step(store, v, n, i).p,
		    STR_FMT(dns_state(store, key)));
	}
	for (b = store->broken; b != NULL; b = b->next) {
		(void)printf("%-24.*s %-12.*s %-7s %4s %-9s %-16s %-26s %s\n",
		    STR_FMT(b->domain), STR_FMT(b->selector), "?", "?",
		    "broken", "?", "-", b->why);
	}
}

static json_t *
json_time(int64_t s)
{
	return (s != -1 ? json_integer(s) : json_null());
}

static json_t *
json_key(struct store *store, const struct keystore_key *v, size_t n,
    size_t i)
{
	const struct keystore_key *key = &v[i];

	return (json_pack("{s:o, s:o, s:s, s:i, s:s, s:o, s:o, s:o, s:o, s:o,"
	    " s:o, s:b}",
	    "domain", cli_json_text(key->domain),
	    "selector", cli_json_text(key->selector),
	    "algorithm", key_type_name(key->type), "bits", (int)key->bits,
	    "stage", key_stage_name(key->stage),
	    "created", json_time(key->created_s),
	    "since", json_time(key->since_s),
	    "seen", json_time(key->seen_s),
	    "next", cli_json_text(next_step(store, v, n, i)),
	    "waits_for", cli_json_text(key->note),
	    "record", cli_json_text(key->record), "lost", (int)key->lost));
}

static json_t *
json_broken(const struct store *store)
{
	json_t *list = json_array();
	const struct store_broken *b;

	for (b = store->broken; b != NULL; b = b->next) {
		(void)json_array_append_new(list, json_pack(
		    "{s:o, s:o, s:o}", "domain", cli_json_text(b->domain),
		    "selector", cli_json_text(b->selector),
		    "reason", cli_json_cstr(b->why)));
	}
	return (list);
}

static bool
print_json(struct store *store, const struct keystore_key *v, size_t n)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < n; i++) {
		if (json_array_append_new(list, json_key(store, v, n, i)) ==
		    -1) {
			json_decref(list);
			list = NULL;
			break;
		}
	}
	return (cli_json_print(json_pack("{s:s, s:o, s:o}", "store",
	    store->name, "keys", list, "broken", json_broken(store))));
}

/* Whether all keys are whole. */
static bool
is_whole(const struct store *store, const struct keystore_key *v, size_t n)
{
	size_t i;

	for (i = 0; i < n && !v[i].lost; i++) {
		continue;
	}
	return (store->broken == NULL && i == n);
}

static int
list(struct store *store, const struct verb_opts *o)
{
	struct str domain = STR_NONE;
	struct keystore_key *v;
	size_t n;
	bool ok = true;

	if (!store_domain(store, o->domain, &domain) ||
	    !store_list(store, domain, &v, &n)) {
		return (CLI_USAGE);
	}
	if (o->json) {
		ok = print_json(store, v, n);
	} else if (n > 0 || store->broken != NULL) {
		print_text(store, v, n);
	}
	if (!cli_flush() || !ok || !is_whole(store, v, n)) {
		return (CLI_USAGE);
	}
	if (n == 0 && domain.n > 0) {
		(void)cli_fail("%s: there is no key of %s", store->name,
		    o->domain);
		return (CLI_NO);
	}
	return (CLI_YES);
}

int
list_main(const struct cli_command *command, int argc, char **argv)
{
	struct verb_opts o;
	struct store store;
	int early, result = CLI_USAGE;

	early = verb_options(command, argc, argv, &o);
	if (early != CLI_END) {
		return (early);
	}
	if (store_begin(&store, &o.store, false)) {
		result = list(&store, &o);
	}
	store_close(&store);
	return (result);
}
