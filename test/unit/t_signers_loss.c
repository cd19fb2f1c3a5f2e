/* SPDX-License-Identifier: BSD-2-Clause */
/* What is ours stays ours: keys, domains and rules that are gone at a reload or
   missing at the start. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "keystore/keystore.h"
#include "signers/signers.h"
#include "signers/survey.h"

#include "tap.h"

static struct env env;
static uint64_t now_us;
static char top[64];
static struct buf pem;
static struct buf lines;		/* of the log */

static void
take_line(void *ctx, enum log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	buf_add_cstr(&lines, line);
	buf_add_char(&lines, '\n');
}

static uint64_t
mono_us(void *ctx)
{
	(void)ctx;
	return (now_us);
}

static void
must(bool ok, const char *what)
{
	if (!ok) {
		printf("Bail out! %s: %s\n", what, strerror(errno));
		exit(1);
	}
}

static void
shell(const char *command)
{
	char text[512];

	snprintf(text, sizeof(text), "cd %s && %s", top, command);
	must(system(text) == 0, text);
}

static void
write_text(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	f = fopen(path, "w");
	must(f != NULL && fputs(text, f) >= 0 && fchmod(fileno(f), 0600) == 0
	    && fclose(f) == 0, path);
}

static void
put(const char *store, const char *domain, const char *selector,
    enum key_stage stage)
{
	struct keystore_key key = { .domain = str_from(domain),
		.selector = str_from(selector), .type = CRYPTO_ED25519,
		.bits = 256, .stage = stage, .created_s = 10, .since_s = 10,
		.seen_s = -1, .asked_s = -1,
		.record = STR("v=DKIM1; k=ed25519; p=AAAA") };
	struct keystore *s;
	struct diag diag;

	diag_init(&diag);
	must(keystore_open(store, true, &s, &diag) == STATUS_OK, diag.text);
	if (keystore_add(s, &key, buf_str(&pem), &diag) == STATUS_LIMIT) {
		must(keystore_save(s, &key, &diag) == STATUS_OK, diag.text);
	}
	keystore_close(s);
}

struct world {
	char			 store[128];
	const char		*stores[1];
	char			 keys[128];
	char			 rules[128];
	struct signers_opts	 opts;
	struct signers		*s;
};

/* A folder of its own with a key store. */
static void
world_init(struct world *w, const char *name)
{
	*w = (struct world){ .opts = { .env = &env, .cache_max = 10 } };
	snprintf(w->store, sizeof(w->store), "%s/%s", top, name);
	w->stores[0] = w->store;
	w->opts.key_stores = w->stores;
	w->opts.key_stores_n = 1;
	buf_reset(&lines);
}

static enum status
try_reload(struct world *w, struct diag *diag)
{
	struct signers *next = NULL;
	enum status status;

	diag_init(diag);
	status = signers_new(&w->opts, w->s, &next, diag);
	if (status == STATUS_OK) {
		signers_free(w->s);
		w->s = next;
	}
	return (status);
}

static void
reload(struct world *w)
{
	struct diag diag;

	buf_reset(&lines);
	must(try_reload(w, &diag) == STATUS_OK, diag.text);
}

static void
restart(struct world *w)
{
	signers_free(w->s);
	w->s = NULL;
	reload(w);
}

static void
check_log(const char *want, const char *name)
{
	if (!tap_ok(want == NULL ? lines.n == 0 : lines.n > 0 &&
	    strstr(lines.p, want) != NULL, "%s: the log", name)) {
		printf("# %.*s\n", (int)lines.n, lines.p);
	}
}

/* "selector " of each that has a key, "!why " of each other. */
static void
check(struct world *w, const char *domain, const char *want, const char *name)
{
	struct signers_picks picks;
	struct arena arena;
	struct buf text;
	size_t i;

	arena_init(&arena, 1 << 20);
	buf_init(&text, 4096);
	must(signers_pick(w->s, &arena, STR("joe"), str_from(domain), &picks)
	    == STATUS_OK && signers_load(w->s, &arena, &picks) == STATUS_OK,
	    "pick");
	for (i = 0; i < picks.n; i++) {
		if (picks.v[i].key == NULL) {
			buf_printf(&text, "!%d ", (int)picks.v[i].why);
			continue;
		}
		buf_printf(&text, "%.*s ", STR_FMT(picks.v[i].selector));
	}
	tap_str(text.n > 0 ? buf_str(&text) : STR(""), str_from(want), name);
	signers_picks_fini(&picks);
	buf_fini(&text);
	arena_fini(&arena);
}

static void
check_survey(struct world *w, const char *want)
{
	struct signers_survey_opts opts = { 0, NULL, NULL, NULL };
	struct signers_survey survey;
	struct buf text;

	buf_init(&text, 65536);
	must(signers_survey(w->s, &opts, &survey, &text) == STATUS_OK,
	    "survey");
	tap_str(buf_str(&text), str_from(want), want);
	buf_fini(&text);
}

static void
test_optional(void)
{
	struct world w;
	struct diag diag;

	world_init(&w, "optional");
	tap_num(try_reload(&w, &diag), STATUS_IO, "no store: an error");
	w.opts.key_stores_optional = true;
	reload(&w);
	tap_ok(!signers_have_sources(w.s) && !signers_have_stores(w.s),
	    "the default store is missing: nothing to sign with");
	tap_ok(signers_look(w.s) == signers_revision(w.s),
	    "as long as it is missing, nothing changes");
	check_survey(&w, "no domain signs: no rule, no store has a key "
	    "for one");
	put(w.store, "a.example", "s1", KEY_ACTIVE);
	tap_ok(signers_look(w.s) != signers_revision(w.s),
	    "it appears: a change");
	reload(&w);
	check(&w, "a.example", "s1 ", "it appears: its keys sign");
	tap_ok(signers_have_sources(w.s), "it appears: a source");
	shell("rm -r optional");
	reload(&w);
	check(&w, "a.example", "s1 ", "it vanishes again: as any other");
	signers_free(w.s);
}

static void
test_moved(void)
{
	static const char *const ways[][3] = {
		{ "the directory is moved away", "mv moved moved.away",
		    "mv moved.away moved" },
		{ "an empty one in its place", "mv moved moved.away; mkdir "
		    "moved", "rmdir moved; mv moved.away moved" },
		{ "a file in its place", "mv moved moved.away; touch moved",
		    "rm moved; mv moved.away moved" },
		{ "a dangling link in its place", "mv moved moved.away; "
		    "ln -s none moved", "rm moved; mv moved.away moved" },
		{ "a domain's folder is gone", "mv moved/a.example away",
		    "mv away moved/a.example" },
		{ "its files are gone", "mv moved/a.example away; mkdir "
		    "moved/a.example", "rmdir moved/a.example; mv away "
		    "moved/a.example" },
		{ "a file for the folder", "mv moved/a.example away; touch "
		    "moved/a.example", "rm moved/a.example; mv away "
		    "moved/a.example" },
		{ "its private key is gone", "mv moved/a.example/s1.private "
		    "away", "mv away moved/a.example/s1.private" },
		{ "its private key is empty", "cp -p moved/a.example/"
		    "s1.private away; : >moved/a.example/s1.private",
		    "mv away moved/a.example/s1.private" },
		{ "others may read the private key",
		    "chmod 644 moved/a.example/s1.private",
		    "chmod 600 moved/a.example/s1.private" },
		{ "its state is gone", "mv moved/a.example/s1.state away",
		    "mv away moved/a.example/s1.state" },
		{ "its state is empty", "cp -p moved/a.example/s1.state away;"
		    " : >moved/a.example/s1.state",
		    "mv away moved/a.example/s1.state" },
	};
	struct world w;
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		world_init(&w, "moved");
		put(w.store, "a.example", "s1", KEY_ACTIVE);
		put(w.store, "b.example", "s1", KEY_ACTIVE);
		restart(&w);
		/* Of a.example no key was used before. */
		check(&w, "b.example", "s1 ", ways[i][0]);
		shell(ways[i][1]);
		reload(&w);
		check(&w, "a.example", "s1 ", "the key stays in service");
		check(&w, "b.example", "s1 ", "the other domain as well");
		tap_ok(lines.n > 0, "it is logged");
		reload(&w);
		check(&w, "a.example", "s1 ", "after another reload");
		check_survey(&w, "2 domains sign");
		now_us += SIGNERS_RETRY_US;
		check(&w, "a.example", "s1 ", "after a retry");
		shell(ways[i][2]);
		reload(&w);
		check(&w, "a.example", "s1 ", "once it is back");
		signers_free(w.s);
		shell("rm -r moved");
	}
}

/* What is in memory of a directory's key is a copy. */
static void
test_copy(void)
{
	struct world w;

	world_init(&w, "copy");
	put(w.store, "a.example", "s1", KEY_ACTIVE);
	put(w.store, "b.example", "s1", KEY_ACTIVE);
	restart(&w);
	shell("rm copy/a.example/s1.private");
	check(&w, "b.example", "s1 ", "its file is there");
	check_log(NULL, "its file is there");
	check(&w, "a.example", "s1 ", "its file is gone since it was read");
	check_log("the copy of the key in memory signs", "its file is tried "
	    "first");
	signers_free(w.s);
}

/* The store says itself that a key does not sign. */
static void
test_stages(void)
{
	struct world w;

	world_init(&w, "stages");
	put(w.store, "a.example", "s1", KEY_ACTIVE);
	put(w.store, "b.example", "s1", KEY_PENDING);
	put(w.store, "c.example", "s1", KEY_PENDING);
	put(w.store, "c.example", "s2", KEY_RETIRED);
	put(w.store, "sub.a.example", "s1", KEY_REVOKED);
	put(w.store, "gone.example", "s1", KEY_REMOVED);
	restart(&w);
	check_log("c.example", "no key is active any more");
	check(&w, "b.example", "", "a pending key: not signed");
	tap_ok(signers_wait(w.s, STR("b.example")), "it is one of ours");
	tap_ok(!signers_wait(w.s, STR("a.example")) &&
	    !signers_wait(w.s, STR("gone.example")) &&
	    !signers_wait(w.s, STR("x.b.example")), "others do not wait");
	check(&w, "c.example", "!1 ", "all have signed: no active key");
	check(&w, "sub.a.example", "!1 ", "without SubDomains");
	check(&w, "gone.example", "", "all are removed: not ours");
	check_survey(&w, "1 domain signs, 3 cannot: b.example (no active "
	    "key), c.example (no active key), sub.a.example (no active key)");
	w.opts.subdomains = true;
	reload(&w);
	check_log(NULL, "a loss is logged once");
	check(&w, "sub.a.example", "s1 ", "with SubDomains the one above it "
	    "signs");
	tap_ok(signers_wait(w.s, STR("x.b.example")), "and waits");
	put(w.store, "a.example", "s1", KEY_RETIRED);
	reload(&w);
	check_log("a.example", "the last active key is retired");
	check(&w, "a.example", "!1 ", "the last active key is retired");
	put(w.store, "a.example", "s1", KEY_REMOVED);
	reload(&w);
	check(&w, "a.example", "", "it is removed: not ours");
	signers_free(w.s);
}

/* A key that was never loaded, and a store that is gone. */
static void
test_unreachable(void)
{
	struct world w;
	size_t i;
	char command[96];

	world_init(&w, "far");
	put(w.store, "a.example", "s1", KEY_ACTIVE);
	shell("mv far/a.example/s1.private far/s1.away");
	restart(&w);
	check(&w, "a.example", "!0 ", "at the start, the key is unreadable");
	check_survey(&w, "no domain signs, 1 cannot: a.example (key "
	    "unreadable)");
	shell("mv far far.away");
	now_us += SIGNERS_RETRY_US;
	check(&w, "a.example", "!2 ", "then the store is gone");
	check_survey(&w, "no domain signs, 1 cannot: a.example (store "
	    "unreachable)");
	shell("mv far.away far; mv far/s1.away far/a.example/s1.private");
	(void)signers_look(w.s);
	check_log("answers again", "the store is back");
	now_us += SIGNERS_RETRY_US;
	check(&w, "a.example", "s1 ", "the store and the key are back");
	for (i = 0; i < 12; i++) {
		snprintf(command, sizeof(command), "d%02zu.example", i);
		put(w.store, command, "s1", KEY_ACTIVE);
	}
	reload(&w);
	shell("mkdir keep; mv far/d*.example keep");
	reload(&w);
	check_log(" and 2 others: gone", "twelve are gone, ten are named");
	reload(&w);
	check_log(NULL, "they are named once");
	signers_free(w.s);
}

static void
tables_init(struct world *w, bool patterns)
{
	world_init(w, "none");
	w->opts.key_stores_n = 0;
	snprintf(w->keys, sizeof(w->keys), "%s/keys", top);
	snprintf(w->rules, sizeof(w->rules), "%s/rules", top);
	w->opts.key_table = w->keys;
	w->opts.signing_table = w->rules;
	w->opts.signing_patterns = patterns;
}

static void
write_key(const char *name)
{
	char text[4096];

	snprintf(text, sizeof(text), "%.*s", STR_FMT(buf_str(&pem)));
	write_text(name, text);
}

static void
test_table_keys(void)
{
	struct world w;
	char line[256];

	tables_init(&w, true);
	write_key("one.key");
	snprintf(line, sizeof(line), "k a.example:s:%s/one.key\n", top);
	write_text("keys", line);
	write_text("rules", "*@a.example k\n");
	restart(&w);
	check_survey(&w, "1 domain signs");
	write_text("one.key", "half of it");
	reload(&w);
	check(&w, "a.example", "s ", "a broken file: the key known before");
	check_log("the one known before stays in service", "a broken file");
	shell("rm one.key");
	reload(&w);
	reload(&w);
	check(&w, "a.example", "s ", "the file is gone, two reloads later");
	w.opts.cache_max = 0;
	reload(&w);
	check(&w, "a.example", "s ", "the file is gone, KeyCache all");
	w.opts.cache_max = 10;
	restart(&w);
	check(&w, "a.example", "!0 ", "at the start: unreadable");
	check_survey(&w, "no domain signs, 1 cannot: a.example (key "
	    "unreadable)");
	write_key("one.key");
	now_us += SIGNERS_RETRY_US;
	check(&w, "a.example", "s ", "the file is back");
	/* The key in line 1 is another one now. */
	write_text("keys", "k a.example:s:MIIE\n");
	reload(&w);
	check(&w, "a.example", "!0 ", "an inline key is no other line's");
	signers_free(w.s);
}

/* Of tables in service, with k in memory; nobody asks for the change. */
static const struct {
	const char	*name;
	const char	*change;	/* the shell's */
	const char	*log;		/* NULL: nothing */
	const char	*heal;		/* NULL: it cannot */
	const char	*healed;	/* the selector then */
	bool		 refused;
	int		 kept;		/* lines */
} changes[] = {
	{ "another path, which is not there",
	    "echo k a.example:s:$PWD/new.key >keys", "new.key: No such file",
	    "cp -p one.key new.key", "s ", false, 1 },
	{ "another selector and path", "echo k a.example:t:$PWD/new.key >keys",
	    "new.key: No such file", "cp -p one.key new.key", "t ", false, 1 },
	{ "another d=", "echo k b.example:t:$PWD/new.key >keys",
	    "new.key: No such file", "cp -p one.key new.key", "t ", false, 1 },
	{ "a path in no folder", "echo k a.example:t:$PWD/no/new.key >keys",
	    "new.key: No such file", "mkdir -p no; cp -p one.key no/new.key",
	    "t ", false, 1 },
	{ "a path with %", "echo k a.example:t:$PWD/%.key >keys",
	    "a.example.key: No such file", "cp -p one.key a.example.key",
	    "t ", false, 1 },
	{ "an empty file", ": >new.key; chmod 600 new.key; "
	    "echo k a.example:t:$PWD/new.key >keys", "new.key", "cat one.key "
	    ">new.key", "t ", false, 1 },
	{ "half of a file", "head -c 60 one.key >new.key; chmod 600 new.key; "
	    "echo k a.example:t:$PWD/new.key >keys", "new.key", "cat one.key "
	    ">new.key", "t ", false, 1 },
	{ "a file for all", "cp one.key new.key; chmod 644 new.key; "
	    "echo k a.example:t:$PWD/new.key >keys", "mode 0644", "chmod 600 "
	    "new.key", "t ", false, 1 },
	{ "a directory", "mkdir new.key; echo k a.example:t:$PWD/new.key "
	    ">keys", "not a regular file", "rmdir new.key; cp -p one.key "
	    "new.key", "t ", false, 1 },
	{ "a link to nothing", "ln -s none new.key; "
	    "echo k a.example:t:$PWD/new.key >keys", "new.key", "cp -p "
	    "one.key none", "t ", false, 1 },
	{ "another algorithm", "echo k a.example:s:$PWD/one.key:rsa-sha256 "
	    ">keys", "the key is for ed25519", "echo k a.example:t:"
	    "$PWD/one.key >keys", "t ", false, 1 },
	{ "an inline key that is none", "echo k a.example:t:MIIE >keys",
	    "no private key", "echo k a.example:t:$PWD/one.key >keys", "t ",
	    false, 1 },
	{ "both files", "mv one.key gone.key; "
	    "echo k a.example:t:$PWD/new.key >keys", "new.key: No such file",
	    "cp -p gone.key new.key", "t ", false, 1 },
	{ "a path that depends on the author",
	    "echo k %:t:$PWD/%.key >keys", "send SIGHUP", NULL, "s ",
	    false, 1 },
	{ "the line is gone", "echo o o.example:s:$PWD/one.key >keys",
	    "its line is gone", "echo k a.example:t:$PWD/one.key >keys", "t ",
	    false, 1 },
	{ "all lines are gone", ": >keys", "its line is gone",
	    "echo k a.example:t:$PWD/one.key >keys", "t ", false, 1 },
	{ "the line and its file are gone", ": >keys; rm one.key",
	    "its line is gone", NULL, "s ", false, 1 },
	{ "the line of a rule with %", "echo '*@a.example %' >rules; "
	    "echo o o.example:s:$PWD/one.key >keys", NULL, "echo a.example "
	    "a.example:t:$PWD/one.key >>keys", "t ", true, 0 },
	{ "the rule has another name", "echo n a.example:t:$PWD/new.key "
	    ">>keys; echo '*@a.example n' >rules", NULL, "cp -p one.key "
	    "new.key", "t ", true, 0 },
	{ "a rule before it", "echo n a.example:t:$PWD/new.key >>keys; "
	    "echo '*@a.example n' >rules; echo '*@a.example k' >>rules", NULL,
	    "cp -p one.key new.key", "t ", true, 0 },
	{ "another path that loads", "cp -p one.key new.key; "
	    "echo k a.example:t:$PWD/new.key >keys", NULL, NULL, "t ",
	    false, 0 },
	{ "the same line elsewhere", "(echo; cat keys) >x; cat x >keys", NULL,
	    NULL, "s ", false, 0 },
	{ "its file is gone", "rm one.key; echo >>keys",
	    "the one known before stays", NULL, "s ", false, 0 },
	{ "its file is for all", "chmod 644 one.key; echo >>keys",
	    "mode 0644", NULL, "s ", false, 0 },
};

/* Of tables that are refused, the caller has the error. */
static void
check_kept_log(const char *want, const char *name)
{
	if (want != NULL) {
		check_log(want, name);
	} else {
		tap_ok(lines.n == 0 || strstr(lines.p, "stays") == NULL,
		    "%s: no key is said to stay", name);
	}
}

/* Until the change is made good, and then. */
static void
check_change(struct world *w, size_t i)
{
	static const enum signers_loss both[] = { SIGNERS_LOSE_NOTHING,
		SIGNERS_LOSE_WHOLE };
	const char *name = changes[i].name, *log = changes[i].log;
	struct signers_counts counts;
	struct diag diag;
	enum status status;
	size_t k;

	for (k = 0; k < 2; k++) {
		w->opts.lose = both[k];
		buf_reset(&lines);
		status = try_reload(w, &diag);
		tap_num(status, changes[i].refused ? STATUS_IO : STATUS_OK,
		    name);
		check(w, "a.example", changes[i].log == NULL && !changes[i].
		    refused ? changes[i].healed : "s ", name);
		if (k > 0 && changes[i].kept > 0) {
			tap_ok(lines.n == 0 || strstr(lines.p, log) == NULL,
			    "%s: it is logged once", name);
		} else if (log != NULL || changes[i].refused) {
			check_kept_log(log, name);
		}
		tap_ok(changes[i].refused || signers_look(w->s) ==
		    signers_revision(w->s), "%s: no other change", name);
	}
	signers_count(w->s, &counts);
	tap_num((long long)counts.kept, changes[i].kept, name);
	if (changes[i].heal != NULL) {
		shell(changes[i].heal);
		tap_ok(signers_look(w->s) != signers_revision(w->s),
		    "%s: what mends it is seen", name);
		reload(w);
		check(w, "a.example", changes[i].healed, "it is mended");
		tap_ok(changes[i].refused || lines.n == 0,
		    "it is mended: nothing is logged");
	}
}

/* cache_max: KeyCache. */
static void
test_table_changes(size_t cache_max)
{
	struct world w;
	size_t i;

	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		tables_init(&w, true);
		w.opts.cache_max = cache_max;
		shell("rm -rf *.key none no x");
		write_key("one.key");
		shell("echo k a.example:s:$PWD/one.key >keys; "
		    "echo '*@a.example k' >rules; chmod 600 keys");
		restart(&w);
		check(&w, "a.example", "s ", "a key in service");
		shell(changes[i].change);
		check_change(&w, i);
		signers_free(w.s);
	}
}

/* A line that was kept leaves service if a person says so, and one that no rule
   needs any more is not kept. */
static void
test_table_asked(void)
{
	struct world w;

	tables_init(&w, true);
	shell("rm -f *.key");
	write_key("one.key");
	shell("echo k a.example:s:$PWD/one.key >keys; echo b.example "
	    "b.example:s:$PWD/one.key >>keys; echo '*@a.example k' >rules; "
	    "echo '*@b.example %' >>rules; chmod 600 keys");
	restart(&w);
	check(&w, "a.example", "s ", "a key in service");
	w.opts.lose = SIGNERS_LOSE_NOTHING;
	shell("echo k a.example:t:$PWD/new.key >keys");
	reload(&w);
	check(&w, "b.example", "s ", "the key of a rule with %");
	check_log("(s._domainkey.b.example) stays", "a rule with %");
	check(&w, "a.example", "s ", "a new path");
	w.opts.lose = SIGNERS_LOSE_ANY;
	reload(&w);
	check(&w, "a.example", "!0 ", "a person asks: the new path");
	check(&w, "b.example", "!0 ", "a person asks: the line is gone");
	shell("cp -p one.key new.key");
	now_us += SIGNERS_RETRY_US;
	check(&w, "a.example", "t ", "the new key is there");
	w.opts.lose = SIGNERS_LOSE_WHOLE;
	shell("echo n n.example:s:$PWD/one.key >keys; "
	    "echo '*@n.example n' >rules");
	reload(&w);
	check(&w, "a.example", "", "neither line nor rule: not ours");
	signers_free(w.s);
}

/* The former key is in the table itself. */
static void
test_table_inline(void)
{
	static const char *const ways[][2] = {
		{ "echo n n.example:s:$PWD/one.key >keys", "its line is gone" },
		{ "echo k a.example:t:$PWD/new.key >keys", "new.key: No such" },
		{ "(echo; echo k a.example:t:$PWD/other.key) >keys",
		    "other.key: No such" },
		{ "echo k a.example:t:MIIE >keys", "no private key" },
	};
	struct world w;
	size_t i;

	tables_init(&w, true);
	shell("rm -rf *.key");
	write_key("one.key");
	shell("echo k a.example:s:$(sed '/-/d' one.key | tr -d '\n') >keys; "
	    "echo '*@a.example k' >rules; chmod 600 keys");
	restart(&w);
	check(&w, "a.example", "s ", "an inline key");
	w.opts.lose = SIGNERS_LOSE_NOTHING;
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		shell(ways[i][0]);
		reload(&w);
		check_log(ways[i][1], "an inline key stays");
		check(&w, "a.example", "s ", ways[i][0]);
	}
	/* A key beside it that cannot be loaded takes nothing away. */
	shell("echo n n.example:t:$PWD/new.key >>keys; "
	    "echo '*@n.example n' >>rules");
	reload(&w);
	check(&w, "a.example", "s ", "a new domain, whose key is not there");
	check(&w, "n.example", "!0 ", "it had no key");
	w.opts.lose = SIGNERS_LOSE_WHOLE;
	shell("echo n n.example:s:$PWD/one.key >keys; "
	    "echo '*@n.example n' >rules");
	reload(&w);
	check(&w, "a.example", "", "no rule needs it: it is dropped");
	signers_free(w.s);
}

/* Whoever asks for a reload is told of a key in memory that is not fit any
   more, also if its rule is a pattern of which no mail comes. */
static void
test_table_again(void)
{
	static const char *const ways[][2] = {
		{ "chmod 644 one.key", "mode 0644" },
		{ "rm one.key", "No such file" },
		{ ": >one.key", "one.key" },
		{ "rm one.key; mkdir one.key", "not a regular file" },
	};
	struct world w;
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		tables_init(&w, true);
		shell("rm -rf *.key");
		write_key("one.key");
		shell("echo k a.example:s:$PWD/one.key >keys; echo o "
		    "o.example:s:/nowhere >>keys; "
		    "echo '*@*.a.example k' >rules; chmod 600 keys");
		restart(&w);
		check(&w, "x.a.example", "s ", "a key in service");
		reload(&w);
		check_log(NULL, "nothing has changed");
		shell(ways[i][0]);
		reload(&w);
		check_log(ways[i][1], ways[i][0]);
		check(&w, "x.a.example", "s ", ways[i][0]);
		signers_free(w.s);
	}
	shell("rm -rf one.key");
}

/* A table, and one that follows it. */
static const struct {
	const char	*name;
	bool		 patterns;
	const char	*before;
	const char	*next;
	const char	*lost;		/* NULL: nothing */
	bool		 whole;
} rows[] = {
	{ "half written", true, "*@a.example k\n*@b.example k\n",
	    "*@a.example k\n*@b.exa", "b.example", false },
	{ "half written, at a line end", true,
	    "*@a.example k\n*@b.example k\n", "*@a.example k\n", "b.example",
	    true },
	{ "emptied", true, "*@a.example k\n", "", "a.example", false },
	{ "only comments", true, "*@a.example k\n", "# k\n", "a.example",
	    false },
	{ "a narrower rule is left", true, "*@a.example k\njoe@a.example k\n",
	    "joe@a.example k\n", "a.example", true },
	{ "a wider rule is left", true, "*@a.example k\njoe@a.example k\n",
	    "*@a.example k\n", NULL, true },
	{ "more rules", true, "*@a.example k\n",
	    "*@a.example k\n*@b.example k\n", NULL, true },
	{ "another order and case", true, "*@a.example k\n*@b.example k\n",
	    "*@B.example k\n*@A.example k\n", NULL, true },
	{ "subdomains", true, "*@*.a.example k\n", "*@a.example k\n",
	    "x.a.example", true },
	{ "a rule for all", true, "* k\n", "*@a.example k\n", "x", true },
	{ "names", false, "a.example k\nb.example k\n", "a.example k\n",
	    "b.example", true },
	{ "names: below a domain", false, ".a.example k\n", "a.example k\n",
	    "x.a.example", true },
	{ "names: a parent is left", false, "joe@.a.example k\n",
	    ".a.example k\n", NULL, true },
	{ "names: a user anywhere", false, "joe@* k\n", "joe@a.example k\n",
	    "x", true },
};

static void
check_row(struct world *w, size_t i)
{
	struct diag diag;

	tables_init(w, rows[i].patterns);
	w->s = NULL;
	write_text("rules", rows[i].before);
	restart(w);
	write_text("rules", rows[i].next);
	w->opts.lose = SIGNERS_LOSE_NOTHING;
	if (rows[i].lost == NULL) {
		tap_num(try_reload(w, &diag), STATUS_OK, rows[i].name);
		signers_free(w->s);
		return;
	}
	if (strcmp(rows[i].name, "half written") == 0) {
		tap_num(try_reload(w, &diag), STATUS_SYNTAX, rows[i].name);
		signers_free(w->s);
		return;
	}
	tap_num(try_reload(w, &diag), STATUS_TEMP, rows[i].name);
	tap_ok(strstr(diag.text, rows[i].lost) != NULL && strstr(diag.text,
	    "rules: ") != NULL, "which it names: %s", diag.text);
	w->opts.lose = SIGNERS_LOSE_WHOLE;
	tap_num(try_reload(w, &diag), rows[i].whole ? STATUS_OK : STATUS_TEMP,
	    "once it has been quiet");
	w->opts.lose = SIGNERS_LOSE_ANY;
	if (!rows[i].whole) {
		buf_reset(&lines);
		tap_num(try_reload(w, &diag), STATUS_OK, "a person asks");
	}
	check_log(rows[i].lost, "what is lost");
	check_log("no longer signed", "what is lost");
	signers_free(w->s);
}

static void
test_table_rules(void)
{
	struct world w;
	size_t i;

	write_key("one.key");
	shell("echo k a.example:s:$PWD/one.key >keys; chmod 600 keys");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(&w, i);
	}
	/* Another source covers it: nothing is lost. */
	tables_init(&w, true);
	write_text("rules", "*@a.example k\n");
	restart(&w);
	put(w.store, "a.example", "s1", KEY_ACTIVE);
	write_text("rules", "*@b.example k\n");
	w.opts.lose = SIGNERS_LOSE_NOTHING;
	w.opts.key_stores_n = 1;
	reload(&w);
	check(&w, "a.example", "s1 ", "a key store signs instead");
	signers_free(w.s);
}

static void
test_survey(void)
{
	const struct str domains[] = { STR("g.example") };
	struct conf_key given = { .selector = STR("s0") };
	struct world w;

	tables_init(&w, true);
	write_key("one.key");
	shell("(echo k a.example:s:$PWD/one.key; echo p %:s:$PWD/%.key; "
	    "echo x x.example:s:/nowhere) >keys; chmod 600 keys");
	write_text("rules", "*@a.example k\n*@x.example x\n*@y.example p\n"
	    "*@*.z.example p\n*@*.hosted.example k\n*@miss.example %\n");
	must(privkey_parse_pem(buf_str(&pem), "k", &given.key,
	    &(struct diag){ .text = "" }) == STATUS_OK, "key");
	w.opts.domains = domains;
	w.opts.domains_n = 1;
	w.opts.keys = &given;
	w.opts.keys_n = 1;
	put(w.store, "a.example", "s1", KEY_PENDING);
	put(w.store, "i.example", "s1", KEY_ACTIVE);
	w.opts.key_stores_n = 1;
	restart(&w);
	check_survey(&w, "3 domains sign and 1 pattern of the SigningTable, "
	    "3 cannot: miss.example (key unreadable), x.example (key "
	    "unreadable), y.example (key unreadable)");
	signers_free(w.s);
	privkey_free(given.key);
}

int
main(void)
{
	struct privkey *key;
	char command[128];

	env_init_system(&env);
	env.log = take_line;
	env.mono_us = mono_us;
	buf_init(&pem, 4096);
	buf_init(&lines, 1 << 20);
	strlcpy(top, "/tmp/t_signers_loss.XXXXXX", sizeof(top));
	must(mkdtemp(top) != NULL, top);
	must(privkey_generate(CRYPTO_ED25519, 0, &key) == STATUS_OK &&
	    privkey_write_pem(key, &pem) == STATUS_OK, "key");
	test_optional();
	test_moved();
	test_copy();
	test_stages();
	test_unreachable();
	test_table_keys();
	test_table_changes(10);
	test_table_changes(0);
	test_table_asked();
	test_table_inline();
	test_table_again();
	test_table_rules();
	test_survey();
	privkey_free(key);
	buf_fini_secret(&pem);
	buf_fini(&lines);
	snprintf(command, sizeof(command), "rm -rf %s", top);
	must(system(command) == 0, command);
	return (tap_done());
}
