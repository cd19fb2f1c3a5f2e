/* SPDX-License-Identifier: BSD-2-Clause */
/* dkimkeygen list */
#include <sys/types.h>

#include <stdio.h>

#include "keys/opts.h"
#include "keys/reported.h"

/* How many reporters saw the next key pass. */
static struct str
seen_text(struct store *store, const struct life *life, size_t i)
{
	int64_t seen = life->reporters != NULL ? life->reporters[i] : -1;

	return (seen < 0 ? STR("an unknown number") :
	    arena_printf(&store->arena, "%lld", (long long)seen));
}

static struct str
revoked_text(struct store *store, const struct life *life, size_t i)
{
	struct arena *arena = &store->arena;
	struct str due = store_until(store, life_due(life, i));

	if (!life_waits_for_reports(life, i)) {
		return (arena_printf(arena, "revoked %s", due.p));
	}
	return (arena_printf(arena, "revoked %s or later: %.*s of %lld "
	    "reporters saw %.*s pass; at the latest %s", due.p,
	    STR_FMT(seen_text(store, life, i)),
	    (long long)life->times.reporters,
	    STR_FMT(life_reported(life, i)->selector),
	    store_until(store, life_longest(life, i)).p));
}

/* What comes next, without DNS. */
static struct str
next_text(struct store *store, const struct life *life, size_t i)
{
	struct arena *arena = &store->arena;
	const struct keystore_key *next;
	int64_t due_s = life_due(life, i);

	switch (life->v[i].stage) {
	case KEY_PENDING:
		return (STR("published"));
	case KEY_PUBLISHED:
		return (STR("active"));
	case KEY_ACTIVE:
		next = life_successor(life, i);
		return (next != NULL ? arena_printf(arena, "retired after "
		    "%.*s", STR_FMT(next->selector)) :
		    arena_printf(arena, "successor %s", store_until(store,
		    due_s).p));
	case KEY_RETIRED:
		return (revoked_text(store, life, i));
	case KEY_REVOKED:
		return (arena_printf(arena, "removed %s", store_until(store,
		    due_s).p));
	case KEY_REMOVED:
		break;
	}
	return (STR("-"));
}

/* What the last rotation found at the name servers. */
static struct str
dns_text(struct store *store, const struct keystore_key *key)
{
	if (key->lost) {
		return (STR("its private key is missing"));
	}
	if (key->note.n > 0) {
		return (key->note);
	}
	return (key->seen_s != -1 ? arena_printf(&store->arena,
	    "seen %s UTC", store_time(store, key->seen_s).p) : STR("-"));
}

/* Without memory the number of reporters is not known. */
static struct life
life_of(struct store *store, const struct keystore_key *v, size_t n)
{
	struct life life = store_life(store, v, n);

	(void)reported_fill(store, &life);
	return (life);
}

static void
print_domain(struct store *store, const struct keystore_key *v, size_t n)
{
	const struct life life = life_of(store, v, n);
	size_t i;

	for (i = 0; i < n; i++) {
		const struct keystore_key *key = &v[i];

		(void)printf("%-24.*s %-12.*s %-7s %4u %-9s %-16s %-30s %.*s\n",
		    STR_FMT(key->domain), STR_FMT(key->selector),
		    crypto_key_name(key->type), key->bits,
		    key_stage_name(key->stage),
		    store_time(store, key->since_s).p,
		    next_text(store, &life, i).p,
		    STR_FMT(dns_text(store, key)));
	}
}

static void
print_text(struct store *store, const struct keystore_key *v, size_t n)
{
	const struct store_broken *b;
	size_t i, count;

	(void)printf("%-24s %-12s %-7s %4s %-9s %-16s %-30s %s\n", "DOMAIN",
	    "SELECTOR", "TYPE", "BITS", "STAGE", "SINCE (UTC)", "NEXT", "DNS");
	for (i = 0; i < n; i += count) {
		count = store_domain_count(v, n, i);
		print_domain(store, &v[i], count);
	}
	for (b = store->broken; b != NULL; b = b->next) {
		(void)printf("%-24.*s %-12.*s %-7s %4s %-9s %-16s %-30s %s\n",
		    STR_FMT(b->domain), STR_FMT(b->selector), "?", "?",
		    "broken", "?", "-", b->why);
	}
}

static json_t *
json_time(int64_t s)
{
	return (s != -1 ? json_integer(s) : json_null());
}

/* NULL, or what is waited for. */
static json_t *
json_reports(const struct life *life, size_t i)
{
	const struct keystore_key *next = life_reported(life, i);

	if (next == NULL) {
		return (json_null());
	}
	return (json_pack("{s:o, s:o, s:I, s:I, s:b}",
	    "selector", cli_json_text(next->selector),
	    "reporters", json_time(life->reporters != NULL ?
	    life->reporters[i] : -1),
	    "needed", (json_int_t)life->times.reporters,
	    "until", (json_int_t)life_longest(life, i),
	    "waits", (int)life_waits_for_reports(life, i)));
}

static json_t *
json_key(struct store *store, const struct life *life, size_t i)
{
	const struct keystore_key *key = &life->v[i];

	return (json_pack("{s:o, s:o, s:s, s:i, s:s, s:o, s:o, s:o, s:o, s:o,"
	    " s:o, s:b, s:o}",
	    "domain", cli_json_text(key->domain),
	    "selector", cli_json_text(key->selector),
	    "algorithm", crypto_key_name(key->type), "bits", (int)key->bits,
	    "stage", key_stage_name(key->stage),
	    "created", json_time(key->created_s),
	    "since", json_time(key->since_s),
	    "seen", json_time(key->seen_s),
	    "next", cli_json_text(next_text(store, life, i)),
	    "waits_for", cli_json_text(key->note),
	    "record", cli_json_text(key->record), "lost", (int)key->lost,
	    "reports", json_reports(life, i)));
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
	size_t i, k, count;

	for (i = 0; i < n; i += count) {
		const struct life life = life_of(store, &v[i],
		    store_domain_count(v, n, i));

		count = life.n;
		for (k = 0; k < count; k++) {
			(void)json_array_append_new(list, json_key(store,
			    &life, k));
		}
	}
	return (cli_json_print(json_pack("{s:s, s:o, s:o}", "store",
	    store->name, "keys", list, "broken", json_broken(store))));
}

/* Whether all keys are complete. */
static bool
is_complete(const struct store *store, const struct keystore_key *v, size_t n)
{
	size_t i;

	for (i = 0; i < n && !v[i].lost; i++) {
		continue;
	}
	return (store->broken == NULL && i == n);
}

/* The daemon does not use a file that others may read. The reason becomes the
   note. A database has no such files. */
static bool
find_unusable(struct store *store, struct keystore_key *key)
{
	enum status status = STATUS_OK;
	struct diag diag;
	struct buf pem;

	if (!key->has_private || strchr(store->where, ':') != NULL) {
		return (false);
	}
	diag_init(&diag);
	buf_init(&pem, KEYSTORE_PEM_MAX_BYTES);
	status = keystore_private(store->keys, key, &pem, &diag);
	buf_fini_secret(&pem);
	if (status == STATUS_SYNTAX) {
		key->note = arena_printf(&store->memory, "its private key "
		    "cannot be used: %s", diag.text);
	}
	return (status == STATUS_SYNTAX);
}

static int
run_list(struct store *store, const struct verb_opts *o)
{
	struct keystore_key *v;
	bool ok = true, unusable = false;
	struct cli_progress progress;
	size_t i, n;

	if (!store_list(store, &store->arena, o->name.domain, &v, &n)) {
		return (CLI_USAGE);
	}
	cli_progress_begin(&progress, &store->env, "keys", n, o->quiet);
	for (i = 0; i < n; i++) {
		unusable |= find_unusable(store, &v[i]);
		cli_progress_step(&progress, i + 1);
	}
	cli_progress_hide(&progress);
	if (o->json) {
		ok = print_json(store, v, n);
	} else if (n > 0 || store->broken != NULL) {
		print_text(store, v, n);
	}
	if (!ok || unusable || !is_complete(store, v, n)) {
		return (CLI_USAGE);
	}
	if (n == 0 && o->domain != NULL) {
		(void)cli_fail("%s: there is no key of %s", store->name,
		    o->domain);
		return (CLI_NO);
	}
	return (CLI_YES);
}

int
list_main(const struct cli_command *command, int argc, char **argv)
{
	static const struct verb verb = { NEEDS_NO_NAME, OPENS_STORE, NULL,
		run_list };

	return (verb_main(&verb, command, argc, argv));
}
