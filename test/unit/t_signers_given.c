/* SPDX-License-Identifier: BSD-2-Clause */
/* Domain, SubDomains, Selector, KeyFile: lib/signers/given.c. */
#include "signers/signers.h"
#include "oom.h"

static const struct str domains[] = {
	{ "example.com", 11 }, { "sub.example.com", 15 },
	{ "example.org", 11 },
};

static struct conf_key keys[2] = {
	{ .selector = { "rsa", 3 } }, { .selector = { "ed", 2 } },
};

static struct signers *
make(bool subdomains, size_t keys_n)
{
	struct signers_opts opts = { .domains = domains,
		.domains_n = sizeof(domains) / sizeof(domains[0]),
		.subdomains = subdomains, .keys = keys, .keys_n = keys_n };
	struct signers *s;
	struct diag diag;

	diag_init(&diag);
	if (signers_new(&opts, NULL, &s, &diag) != STATUS_OK) {
		tap_ok(false, "signers: %s", diag.text);
	}
	return (s);
}

static const struct {
	bool		 subdomains;
	const char	*from;
	const char	*domain;	/* NULL: nobody signs */
} rows[] = {
	{ false, "example.com", "example.com" },
	{ false, "sub.example.com", "sub.example.com" },
	{ false, "x.example.com", NULL },
	{ false, "com", NULL },
	{ true, "example.com", "example.com" },
	{ true, "x.y.example.com", "example.com" },
	{ true, "x.sub.example.com", "sub.example.com" },
	{ true, "badexample.com", NULL },
	{ true, "com", NULL },
	{ true, "", NULL },
};

static void
test_rows(void)
{
	struct signers_picks picks;
	struct arena arena;
	struct signers *s;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		arena_init(&arena, 1 << 16);
		s = make(rows[i].subdomains, 2);
		tap_ok(signers_pick(s, &arena, STR("joe"),
		    str_from(rows[i].from), &picks) == STATUS_OK &&
		    (rows[i].domain == NULL ? picks.n == 0 :
		    picks.n == 2 && str_eq(picks.v[0].domain,
		    str_from(rows[i].domain)) &&
		    str_eq(picks.v[0].selector, STR("rsa")) &&
		    str_eq(picks.v[1].selector, STR("ed"))),
		    "%s %s SubDomains: %s", rows[i].from,
		    rows[i].subdomains ? "with" : "without",
		    rows[i].domain != NULL ? rows[i].domain : "nobody");
		signers_picks_fini(&picks);
		signers_free(s);
		arena_fini(&arena);
	}
}

static void
test_no_keys(void)
{
	struct signers_counts counts;
	struct signers_picks picks;
	struct arena arena;
	struct signers *s = make(true, 0);

	arena_init(&arena, 1 << 16);
	tap_ok(signers_pick(s, &arena, STR("joe"), STR("example.com"),
	    &picks) == STATUS_OK && picks.n == 0, "no keys, no signature");
	signers_count(s, &counts);
	tap_ok(counts.rules == 3 && counts.keys == 0, "counted");
	signers_free(s);
	arena_fini(&arena);
}

/* A key is held by a pick that was loaded, and may be freed by others. */
static void
test_hold(void)
{
	struct signers_picks picks;
	struct arena arena;
	struct signers *s;

	arena_init(&arena, 1 << 16);
	if (privkey_generate(CRYPTO_ED25519, 0, &keys[0].key) != STATUS_OK) {
		tap_ok(false, "a key");
	}
	s = make(true, 1);
	tap_ok(signers_pick(s, &arena, STR("joe"), STR("example.com"),
	    &picks) == STATUS_OK && picks.v[0].key == NULL &&
	    picks.v[0].error.p == NULL, "a pick has no key yet");
	tap_ok(signers_load(s, &arena, &picks) == STATUS_OK &&
	    picks.v[0].key == keys[0].key && picks.v[0].error.p == NULL,
	    "loaded, it has");
	privkey_free(keys[0].key);
	tap_num(privkey_bits(picks.v[0].key), 256, "and keeps it");
	signers_picks_fini(&picks);
	tap_ok(picks.v[0].key == NULL, "until it ends");
	signers_free(s);
	arena_fini(&arena);
}

static struct signers *lab;

static enum status
run(struct arena *arena)
{
	struct signers_picks picks;

	return (signers_pick(lab, arena, STR("joe"), STR("example.com"),
	    &picks));
}

int
main(void)
{
	test_rows();
	test_no_keys();
	test_hold();
	lab = make(true, 2);
	oom_check(run, "signers_pick");
	signers_free(lab);
	signers_free(NULL);
	return (tap_done());
}
