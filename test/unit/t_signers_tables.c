/* SPDX-License-Identifier: BSD-2-Clause */
/* From tables in files to keys: lib/signers/tables.c, cache.c. */
#include <stdlib.h>
#include <unistd.h>

#include "signers/signers.h"
#include "test/unit/files.h"
#include "test/unit/tap.h"

static struct buf logged;
static uint64_t now_us;
static struct env env;
static struct arena arena;

static void
remember(void *ctx ATTR_UNUSED, enum log_level level ATTR_UNUSED,
    const char *line)
{
	buf_printf(&logged, "%s\n", line);
}

static uint64_t
mono_us(void *ctx ATTR_UNUSED)
{
	return (now_us);
}

/* The key as PEM, for the caller. */
static struct str
make_key(enum crypto_key_type type)
{
	struct privkey *key = NULL;
	struct buf pem;
	struct str copy;

	buf_init(&pem, 1 << 16);
	if (privkey_generate(type, 1024, &key) != STATUS_OK ||
	    privkey_write_pem(key, &pem) != STATUS_OK) {
		tap_ok(false, "make a key");
	}
	copy = arena_dup(&arena, buf_str(&pem));
	privkey_free(key);
	buf_fini(&pem);
	return (copy);
}

static enum status
make(const char *keys, const char *rules, size_t cache_max,
    struct signers **r, struct diag *diag)
{
	struct signers_opts opts = { .env = &env, .key_table = "keys",
		.signing_table = "rules", .signing_patterns = true,
		.multiple = true, .cache_max = cache_max };

	write_file("keys", 0600, str_from(keys));
	write_file("rules", 0600, str_from(rules));
	diag_init(diag);
	buf_reset(&logged);
	return (signers_new(&opts, NULL, r, diag));
}

static bool
pick(struct signers *s, const char *local, const char *domain,
    struct signers_picks *picks)
{
	return (signers_pick(s, &arena, str_from(local), str_from(domain),
	    picks) == STATUS_OK && signers_load(s, &arena, picks) ==
	    STATUS_OK);
}

/* A rule, a key table, and what comes of them for joe@a.example. */
static const struct {
	const char	*name;
	const char	*key;		/* behind "k " */
	const char	*rule;		/* behind "*@a.example " */
	const char	*domain;
	const char	*identity;	/* "": none */
	const char	*error;		/* "": a key */
} rows[] = {
	{ "a path", "b.example:s:./rsa", "k", "b.example", "", "" },
	{ "% for d=", "%:s:./rsa", "k", "a.example", "", "" },
	{ "% in the path is d=", "b.example:s:./%.key", "k", "b.example", "",
	    "" },
	{ "% for both, no such file", "%:s:./%.key", "k", "a.example", "",
	    "keys:1: ./a.example.key: No such file or directory" },
	{ "% for the name, which is there", "b.example:s:./rsa\n"
	    "a.example c.example:s:./rsa", "%", "c.example", "", "" },
	{ "% for the name, which is not", "b.example:s:./rsa", "%",
	    "a.example", "", "the KeyTable has no key named after the "
	    "author's domain" },
	{ "i=", "a.example:s:./rsa", "k:x@sub.a.example", "a.example",
	    "x@sub.a.example", "" },
	{ "i= with %", "a.example:s:./rsa", "k:list=%@%", "a.example",
	    "list=a.example@a.example", "" },
	{ "i= not within d=", "b.example:s:./rsa", "k:x@a.example",
	    "b.example", "", "" },
	{ "i= with a suffix that is no parent", "a.example:s:./rsa",
	    "k:x@ba.example", "a.example", "", "" },
	{ "the algorithm of the key", "a.example:s:./rsa:rsa-sha256", "k",
	    "a.example", "", "" },
	{ "an algorithm not of the key", "a.example:s:./rsa:ed25519-sha256",
	    "k", "a.example", "", "keys:1: the key is for rsa-sha256, "
	    "the table has ed25519-sha256" },
	{ "broken PEM", "a.example:s:./broken", "k", "a.example", "",
	    "keys:1: ./broken: a private key that is cut off: its END line is "
	    "missing" },
	{ "a mode for all", "a.example:s:./open", "k", "a.example", "",
	    "keys:1: ./open: mode 0644 gives others access to a "
	    "private key; chmod 600 it" },
	{ "a folder", "a.example:s:./.", "k", "a.example", "",
	    "keys:1: ./.: not a regular file" },
	{ "base64 of nothing", "a.example:s:MIIE", "k", "a.example", "",
	    "keys:1: no private key in DER" },
	{ "no base64", "a.example:s:MIIE=E", "k", "a.example", "",
	    "keys:1: the key is not base64" },
};

static void
test_rows(void)
{
	struct signers_picks picks;
	struct signers *s;
	struct diag diag;
	struct str key, rule;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		key = arena_printf(&arena, "k %s\n", rows[i].key);
		rule = arena_printf(&arena, "*@a.example %s\n", rows[i].rule);
		if (make(key.p, rule.p, 10, &s, &diag) != STATUS_OK ||
		    !pick(s, "joe", "a.example", &picks) || picks.n != 1) {
			tap_ok(false, "%s: %s", rows[i].name, diag.text);
			continue;
		}
		tap_str(picks.v[0].domain, str_from(rows[i].domain),
		    rows[i].name);
		tap_str(picks.v[0].identity.n > 0 ? picks.v[0].identity :
		    STR(""), str_from(rows[i].identity), "its i=");
		tap_str(picks.v[0].error.n > 0 ? picks.v[0].error :
		    STR(""), str_from(rows[i].error), "its error");
		tap_ok((picks.v[0].key != NULL) ==
		    (rows[i].error[0] == '\0'), "its key");
		signers_picks_fini(&picks);
		signers_free(s);
	}
}

/* The key itself in the table: base64, and PEM whose line ends are gone. */
static void
test_inline(void)
{
	struct str pem = make_key(CRYPTO_ED25519), keys, body, line;
	struct signers_picks picks;
	struct signers *s;
	struct diag diag;

	body = str_from_offset(pem, str_find(pem, '\n') + 1);
	line = str_first(body, str_find(body, '\n'));
	keys = arena_printf(&arena, "a a.example:s:%.*s\n"
	    "b a.example:s:-----BEGIN PRIVATE KEY-----%.*s"
	    "-----END PRIVATE KEY-----:ed25519-sha256\n"
	    "c a.example:s:-----BEGIN PRIVATE KEY-----\n",
	    STR_FMT(line), STR_FMT(line));
	if (make(keys.p, "* a\n* b\n* c\n", 10, &s, &diag) != STATUS_OK ||
	    !pick(s, "joe", "a.example", &picks) || picks.n != 3) {
		tap_ok(false, "tables: %s", diag.text);
		return;
	}
	tap_ok(picks.v[0].key != NULL &&
	    privkey_type(picks.v[0].key) == CRYPTO_ED25519, "base64");
	tap_ok(picks.v[1].key != NULL, "PEM on one line");
	tap_ok(picks.v[2].key == NULL, "half of it");
	tap_ok(picks.v[0].any_author, "a rule for everybody");
	signers_picks_fini(&picks);
	signers_free(s);
}

/* Said once, and again when it becomes something else; tried now and then. */
static void
test_errors(void)
{
	struct signers_picks picks;
	struct signers *s;
	struct diag diag;

	write_file("late", 0644, make_key(CRYPTO_ED25519));
	if (make("k a.example:s:./late\n", "* k\n", 10, &s, &diag) !=
	    STATUS_OK) {
		tap_ok(false, "tables: %s", diag.text);
		return;
	}
	tap_ok(pick(s, "a", "a.example", &picks) && picks.v[0].key == NULL,
	    "no key");
	tap_str(buf_str(&logged), STR("a key cannot be loaded: keys:1: ./late:"
	    " mode 0644 gives others access to a private key; chmod "
	    "600 it\n"), "the log says why");
	buf_reset(&logged);
	tap_ok(pick(s, "a", "a.example", &picks) && picks.v[0].key == NULL &&
	    logged.n == 0, "once");
	now_us += SIGNERS_RETRY_US;
	tap_ok(pick(s, "a", "a.example", &picks) && picks.v[0].key == NULL &&
	    logged.n == 0, "also when it is tried again");
	write_file("late", 0600, make_key(CRYPTO_ED25519));
	tap_ok(pick(s, "a", "a.example", &picks) && picks.v[0].key == NULL,
	    "which is not for every message");
	now_us += SIGNERS_RETRY_US;
	tap_ok(pick(s, "a", "a.example", &picks) && picks.v[0].key != NULL,
	    "but the key comes to be found");
	signers_picks_fini(&picks);
	signers_free(s);
}

/* The least recently used goes; a holder of it keeps it. */
static void
test_bound(void)
{
	static const char *const names[] = { "a", "b", "c" };
	struct signers_picks first, picks;
	struct signers *s;
	struct diag diag;
	char domain[16];
	size_t i;

	for (i = 0; i < 3; i++) {
		(void)snprintf(domain, sizeof(domain), "%s.key", names[i]);
		write_file(domain, 0600, make_key(CRYPTO_ED25519));
	}
	if (make("k %:s:./%.key\n", "* k\n", 2, &s, &diag) != STATUS_OK) {
		tap_ok(false, "tables: %s", diag.text);
		return;
	}
	tap_ok(pick(s, "x", "a", &first) && first.v[0].key != NULL, "a");
	(void)unlink("a.key");
	for (i = 1; i < 3; i++) {
		tap_ok(pick(s, "x", names[i], &picks) && picks.v[0].key !=
		    NULL, "%s", names[i]);
		signers_picks_fini(&picks);
	}
	tap_ok(pick(s, "x", "a", &picks) && picks.v[0].key == NULL,
	    "a had to go: now it is not there");
	tap_num(privkey_bits(first.v[0].key), 256, "who holds it keeps it");
	signers_picks_fini(&first);
	signers_free(s);
}

static void
test_all(void)
{
	struct signers *s = NULL;
	struct signers_counts counts;
	struct signers_picks picks;
	struct diag diag;

	tap_ok(make("k a.example:s:./rsa\nx a.example:s:./none\n", "* k\n", 0,
	    &s, &diag) == STATUS_SYNTAX && s == NULL,
	    "KeyCache all: a key that is not there is an error");
	tap_str(str_from(diag.text),
	    STR("keys:2: ./none: No such file or directory"), "it has a line");
	write_file("gone", 0600, make_key(CRYPTO_ED25519));
	if (make("k a.example:s:./gone\ny a.example:s:./%.none\n", "* k\n", 0,
	    &s, &diag) != STATUS_OK) {
		tap_ok(false, "tables: %s", diag.text);
		return;
	}
	(void)unlink("gone");
	tap_ok(pick(s, "joe", "a.example", &picks) && picks.v[0].key != NULL,
	    "one that was there stays");
	signers_count(s, &counts);
	tap_ok(counts.rules == 1 && counts.keys == 2, "counts");
	signers_picks_fini(&picks);
	signers_free(s);
}

static void
test_check(void)
{
	struct signers *s = NULL;
	struct diag diag;

	if (make("k a.example:s:./rsa\nx a.example:s:./open\n"
	    "y %:s:./%.none\nz a.example:s:MIIE\n", "* k\n", 1, &s, &diag) !=
	    STATUS_OK) {
		tap_ok(false, "tables: %s", diag.text);
		return;
	}
	tap_num((long long)signers_check_keys(s), 2,
	    "keys that cannot be loaded are counted, without those of %");
	tap_str(buf_str(&logged), STR("keys:2: ./open: mode 0644 gives "
	    "others access to a private key; chmod 600 it\n"
	    "keys:4: no private key in DER\n"), "and logged");
	signers_free(s);
}

static void
test_describe(void)
{
	struct signers_picks picks;
	struct signers *s;
	struct diag diag;
	struct buf b;

	buf_init(&b, 1024);
	if (make("k a.example:s:./rsa\n", "#\n*@A.example k\n", 9, &s,
	    &diag) != STATUS_OK || signers_pick(s, &arena, STR("joe"),
	    STR("a.example"), &picks) != STATUS_OK || picks.n != 1) {
		tap_ok(false, "tables: %s", diag.text);
		return;
	}
	signers_describe(s, &picks.v[0], &b);
	tap_str(buf_str(&b), STR("SigningTable rules:2 *@a.example"),
	    "a rule has a place");
	tap_ok(!picks.v[0].any_author, "and is not for everybody");
	buf_fini(&b);
	signers_free(s);
}

static void
test_no_files(void)
{
	struct signers *s = NULL;
	struct diag diag;

	(void)make("", "", 9, &s, &diag);
	signers_free(s);
	(void)unlink("rules");
	diag_init(&diag);
	tap_ok(signers_new(&(struct signers_opts){ .env = &env,
	    .key_table = "keys", .signing_table = "rules", .cache_max = 1 },
	    NULL, &s, &diag) == STATUS_IO, "no table");
	tap_str(str_from(diag.text), STR("rules: No such file or directory"),
	    "why");
	tap_ok(signers_new(&(struct signers_opts){ .env = &env,
	    .key_table = ".", .signing_table = "rules", .cache_max = 1 },
	    NULL, &s, &diag) == STATUS_IO, "a folder is none");
}

/* "csl:": the lines in place of a path, which no message repeats. */
static void
test_in_place(void)
{
	struct signers_opts opts = { .env = &env, .cache_max = 10,
		.key_table = "CSL:k=a.example:s:./rsa, l = b.example:t:./open",
		.signing_table = "csl:a.example=k,joe@b.example = l,"
		"jim@a.example=k:%@a.example" };
	struct signers_picks picks = { .n = 0 };
	struct signers *s = NULL;
	struct diag diag;

	diag_init(&diag);
	if (!tap_ok(signers_new(&opts, NULL, &s, &diag) == STATUS_OK,
	    "csl: tables")) {
		printf("# %s\n", diag.text);
		return;
	}
	tap_ok(pick(s, "jim", "a.example", &picks) && picks.n == 1 &&
	    picks.v[0].key != NULL && str_eq(picks.v[0].identity,
	    STR("a.example@a.example")), "csl: signs");
	signers_picks_fini(&picks);
	tap_ok(pick(s, "joe", "b.example", &picks) && picks.n == 1 &&
	    str_starts(picks.v[0].error, STR("csl:2: ./open: ")),
	    "csl: the second item is line 2");
	signers_picks_fini(&picks);
	tap_num((long long)signers_look(s), (long long)signers_revision(s),
	    "csl: has nothing to follow");
	signers_free(s);
	opts.signing_table = "csl:a.example=none";
	tap_num(signers_new(&opts, NULL, &s, &diag), STATUS_SYNTAX,
	    "csl: a key that is not there");
	tap_ok(str_starts(str_from(diag.text), STR("csl:1: ")),
	    "csl: and where");
}

int
main(void)
{
	char folder[] = "/tmp/t_signers_tables.XXXXXX";
	char command[sizeof(folder) + 16];
	struct str rsa;

	if (mkdtemp(folder) == NULL || chdir(folder) != 0) {
		printf("1..0 # SKIP no temporary folder\n");
		return (0);
	}
	arena_init(&arena, 1 << 20);
	buf_init(&logged, 1 << 20);
	env_init_system(&env);
	env.log = remember;
	env.mono_us = mono_us;
	rsa = make_key(CRYPTO_RSA);
	write_file("rsa", 0600, rsa);
	write_file("b.example.key", 0600, rsa);
	write_file("open", 0644, rsa);
	write_file("broken", 0600, str_first(rsa, rsa.n / 2));
	test_rows();
	test_inline();
	test_errors();
	test_bound();
	test_all();
	test_check();
	test_describe();
	test_in_place();
	test_no_files();
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	tap_num(system(command), 0, "clean up");
	arena_fini(&arena);
	buf_fini(&logged);
	return (tap_done());
}
