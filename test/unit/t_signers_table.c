/* SPDX-License-Identifier: BSD-2-Clause */
/* KeyTable and SigningTable as opendkim(8) reads them: lib/signers/table.h. */

#include "signers/signers.h"
#include "signers/table.h"
#include "oom.h"

static struct buf warnings;
static struct env env;

static void
remember(void *ctx ATTR_UNUSED, enum log_level level ATTR_UNUSED,
    const char *line)
{
	buf_printf(&warnings, "%s\n", line);
}

static struct buf
make_text(struct str s)
{
	struct buf text;

	buf_init(&text, TABLE_MAX_BYTES);
	buf_add_str(&text, s);
	return (text);
}

/* Both tables from text; on failure neither is initialised. */
static enum status
make(const char *keys, const char *rules, bool globs, bool multiple,
    struct key_table *k, struct signing_table *t, struct diag *diag)
{
	struct buf text;
	enum status status;

	diag_init(diag);
	buf_reset(&warnings);
	text = make_text(str_from(keys));
	status = key_table_init(k, &text, "keys", &env, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	text = make_text(str_from(rules));
	status = signing_table_init(t, &text, "rules", globs, multiple, k,
	    &env, diag);
	if (status != STATUS_OK) {
		key_table_fini(k);
	}
	return (status);
}

#define KEYS	"k1 example.com:s1:/k/1\nk2 example.com:s2:/k/2\n" \
		"k3 example.org:s3:/k/3\nexample.net %:s4:/k/%\n"

#define LEAVE_OUT	"matches no author: leave out brackets, quotes and " \
	"commas, and a dot at the end\n"

static const struct {
	const char	*name;
	bool		 globs;
	bool		 multiple;
	const char	*rules;
	const char	*local;
	const char	*domain;
	const char	*lines;		/* of the rules, in their order */
} finds[] = {
	{ "user@host before all", false, false, "* k1\n.com k1\n"
	    "example.com k1\njoe@example.com k2\n", "joe", "example.com",
	    "4 " },
	{ "then host", false, false, "* k1\n.com k1\nexample.com k1\n",
	    "joe", "example.com", "3 " },
	{ "host is no parent", false, false, "example.com k1\n", "joe",
	    "a.example.com", "" },
	{ "then user@.parent", false, false, ".example.com k1\n"
	    "joe@.example.com k2\n", "joe", "a.example.com", "2 " },
	{ "then .parent", false, false, "joe@.com k1\n.example.com k2\n",
	    "joe", "a.example.com", "2 " },
	{ "the next parent", false, false, ".com k1\njoe@* k2\n", "joe",
	    "a.b.example.com", "1 " },
	{ ".host is not for the host itself", false, false,
	    ".example.com k1\n", "joe", "example.com", "" },
	{ "then user@*", false, false, "* k1\njoe@* k2\n", "joe",
	    "example.org", "2 " },
	{ "at last *", false, false, "ann@* k2\n* k1\n", "joe", "example.org",
	    "2 " },
	{ "nothing", false, false, "ann@* k2\n", "joe", "example.org", "" },
	{ "case", false, false, "JOE@Example.COM k1\n", "Joe", "example.com",
	    "1 " },
	{ "a name given twice: the first", false, false, "example.com k1\n"
	    "EXAMPLE.com k2\n", "joe", "example.com", "1 " },
	{ "* is no glob in file:", false, false, "*@example.com k1\n", "joe",
	    "example.com", "" },
	{ "all of them, most special first", false, true, "* k1\njoe@* k1\n"
	    ".com k1\njoe@.com k1\nexample.com k1\njoe@example.com k1\n",
	    "joe", "example.com", "6 5 4 3 2 1 " },
	{ "A-labels", false, false, "joe@b\xc3\xbc" "cher.example k1\n", "joe",
	    "xn--bcher-kva.example", "1 " },
	{ "A-labels below", false, false, ".b\xc3\xbc" "cher.example k1\n",
	    "joe", "a.xn--bcher-kva.example", "1 " },

	{ "refile: the first", true, false, "*@example.com k1\n"
	    "joe@example.com k2\n", "joe", "example.com", "1 " },
	{ "refile: in the order of lines", true, false,
	    "ann@example.com k1\nj*@*.com k2\njoe@example.com k1\n"
	    "*@example.com k1\n", "joe", "example.com", "2 " },
	{ "refile: all, in the order of lines", true, true,
	    "* k1\njoe@example.com k2\n*.com k1\n*@*.org k1\n"
	    "*@example.com k2\n*e@example.com k1\n", "joe", "example.com",
	    "1 2 3 5 6 " },
	{ "refile: one pattern with two keys", true, true,
	    "joe@example.com k1\njoe@example.com k2\n*@example.com k1\n"
	    "*@example.com k2\n", "joe", "example.com", "1 2 3 4 " },
	{ "refile: nothing without a star fits a part", true, false,
	    "example.com k1\n@example.com k1\njoe k1\n", "joe", "example.com",
	    "" },
	{ "refile: a star is any text, also none and dots", true, false,
	    "*joe*@*example*.com* k1\n", "joe", "a.b.example.com", "1 " },
	{ "refile: *.domain has no host itself", true, false,
	    "*@*.example.com k1\n", "joe", "example.com", "" },
	{ "refile: below", true, false, "*@*.example.com k1\n", "joe",
	    "a.example.com", "1 " },
	{ "refile: an end without a dot of its own", true, false,
	    "*ample.com k1\n", "joe", "example.com", "1 " },
	{ "refile: a dot is a dot", true, false, "*@example.com k1\n", "joe",
	    "examplexcom", "" },
	{ "refile: a regular expression is none", true, false,
	    "(joe|ann)@example.com k1\n[a-z]*@example.com k1\n", "joe",
	    "example.com", "" },
	{ "refile: + is itself", true, false, "joe+*@example.com k1\n",
	    "joe+x", "example.com", "1 " },
	{ "refile: case", true, false, "JOE*@EXAMPLE.com k1\n", "jOEy",
	    "example.com", "1 " },
	{ "refile: a star in the address is a star", true, false,
	    "*@example.org k1\na*c@example.com k2\n", "*", "example.com",
	    "" },
	{ "refile: A-labels", true, false, "*@*.b\xc3\xbc" "cher.example k1\n",
	    "joe", "a.xn--bcher-kva.example", "1 " },
	{ "comments, also in a word; white space", true, false,
	    "# x\n\n*@example.com\t \tk1 # y\r\n*@example.org k3#z\n",
	    "joe", "example.org", "4 " },
	{ "file: white space in front", false, false, " \t example.org k3\n",
	    "joe", "example.org", "1 " },
	{ "refile: white space in front", true, false,
	    " *@example.org k3\n*@*.org k1\n", "joe", "a.example.org",
	    "2 " },
	{ "no end of line", true, false, "*@example.org k3", "joe",
	    "example.org", "1 " },
	{ "an empty table", true, false, "", "joe", "example.org", "" },
};

static void
test_find(void)
{
	const struct table_rule *found[SIGNERS_PICKS_MAX];
	struct signing_table t;
	struct key_table k;
	struct diag diag;
	struct arena arena;
	struct buf lines;
	size_t i, j, n;

	buf_init(&lines, 1024);
	for (i = 0; i < sizeof(finds) / sizeof(finds[0]); i++) {
		arena_init(&arena, 1 << 16);
		buf_reset(&lines);
		if (make(KEYS, finds[i].rules, finds[i].globs,
		    finds[i].multiple, &k, &t, &diag) != STATUS_OK ||
		    signing_table_find(&t, &arena, str_from(finds[i].local),
		    str_from(finds[i].domain), found, SIGNERS_PICKS_MAX,
		    &n) != STATUS_OK) {
			tap_ok(false, "%s: %s", finds[i].name, diag.text);
			continue;
		}
		for (j = 0; j < n; j++) {
			buf_printf(&lines, "%u ", found[j]->line);
		}
		tap_str(lines.n > 0 ? buf_str(&lines) : STR(""),
		    str_from(finds[i].lines), finds[i].name);
		signing_table_fini(&t);
		key_table_fini(&k);
		arena_fini(&arena);
	}
	buf_fini(&lines);
}

static const struct {
	const char	*keys;
	const char	*rules;		/* of refile: */
	const char	*error;
} errors[] = {
	{ "k\n", "", "keys:1: \"k\" must be followed by domain:selector:key" },
	{ "#\nk a.example\n", "",
	    "keys:2: \"k\" must be followed by domain:selector:key" },
	{ "k a.example:s\n", "",
	    "keys:1: \"k\" must be followed by domain:selector:key" },
	{ "k a.example:s:\n", "",
	    "keys:1: \"k\" must be followed by domain:selector:key" },
	{ "k a..example:s:/k\n", "",
	    "keys:1: \"a..example\" is not a domain name" },
	{ "k a%:s:/k\n", "", "keys:1: \"a%\" is not a domain name" },
	{ "k a.example:s s:/k\n", "", "keys:1: \"s s\" is not a selector" },
	{ "k a.example::/k\n", "", "keys:1: \"\" is not a selector" },
	{ "k a.example:s:key.pem\n", "", "keys:1: \"k\" has a key that is "
	    "neither a path (/, ./ or ../) nor base64 nor PEM" },
	{ KEYS, "a@example.com\n",
	    "rules:1: \"a@example.com\" is followed by no key name" },
	{ KEYS, "a@example.com :x@y\n",
	    "rules:1: \"a@example.com\" is followed by no key name" },
	{ KEYS, "\n\na@example.com k9\n",
	    "rules:3: \"k9\" is not in the KeyTable" },
	{ KEYS, "a@example.com K1\n",
	    "rules:1: \"K1\" is not in the KeyTable" },
	{ KEYS, "a@example.com k1:joe\n",
	    "rules:1: \"joe\" is not a signer: it has no @" },
	{ KEYS, "a@\xff.example k1\n",
	    "rules:1: \"\\xff.example\" is not a domain name" },
};

static void
test_errors(void)
{
	struct signing_table t;
	struct key_table k;
	struct diag diag;
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		tap_ok(make(errors[i].keys, errors[i].rules, true, false, &k,
		    &t, &diag) == STATUS_SYNTAX, "an error");
		tap_str(str_from(diag.text), str_from(errors[i].error),
		    errors[i].error);
	}
}

static const struct {
	bool		 globs;
	bool		 multiple;
	const char	*rules;
	const char	*log;		/* of it: the start of each line */
} warns[] = {
	{ true, false, "*@example.com k1\n*@*.example.com k2\n"
	    "*+x@example.com k1\n", "" },
	{ true, false, "(a|b)@example.com k1\n", "rules:1: \"(a|b)@example.com"
	    "\" has a '(', which OpenDKIM takes for part of a regular "
	    "expression; here it matches itself\n" },
	{ true, false, "x\n", NULL },
	{ true, false, "*@example.com k1\n*@EXAMPLE.com k1\n", "rules:2: "
	    "\"*@example.com\" is used above already: this line has no "
	    "effect\n" },
	{ true, true, "*@example.com k1\n*@EXAMPLE.com k2\n", "" },
	{ false, true, "example.com k1\nexample.com k2\n", "rules:2: "
	    "\"example.com\" is used above already: this line has no "
	    "effect\n" },
	{ true, false, "* k1\na@example.com k1\n", "rules:2: \"a@example.com\""
	    " is never reached: line 1 matches every author\n" },
	{ true, true, "* k1\na@example.com k1\n", "" },
	{ true, false, " * k1\n", "rules:1: \"*\" follows white space: "
	    "such a line has no effect, as with OpenDKIM\n" },
	{ false, false, " * k1\n", "" },
	{ false, false, "* k1\na@example.com k1\n", "" },
	{ false, false, "a?b@example.com k1\n", "" },
	{ true, false, "example.com k1\n", "rules:1: \"example.com\" matches "
	    "no author: a pattern of refile: matches user@host, so put *@ "
	    "before a domain\n" },
	{ true, false, "@example.com k1\n", "rules:1: \"@example.com\" "
	    "matches no author: put * before the @\n" },
	{ true, false, "joe@ k1\n", "rules:1: \"joe@\" matches no author: "
	    "nothing follows the @\n" },
	{ true, false, "\"*@example.com\" k1\n", "rules:1: \"\"*@example.com"
	    "\"\" matches no author: leave out the quotes\n" },
	{ true, false, "\xef\xbb\xbf*@example.com k1\n", "rules:1: \"\\xef"
	    "\\xbb\\xbf*@example.com\" matches no author: the file begins "
	    "with a byte order mark; save it without one\n" },
	{ true, false, "*.example.com k1\n\"ab\"@example.com k1\n", "" },
	{ false, false, "*@example.com k1\n", "rules:1: \"*@example.com\" "
	    "matches no author: in a table without refile: * "
	    "stands for any domain, alone or behind user@; a domain is "
	    "written as example.com, all below it as .example.com\n" },
	{ false, false, "*.example.com k1\n", "rules:1: \"*.example.com\" "
	    "matches no author: in a table without refile: * "
	    "stands for any domain, alone or behind user@; a domain is "
	    "written as example.com, all below it as .example.com\n" },
	{ false, false, "@example.com k1\n", "rules:1: \"@example.com\" "
	    "matches no author: leave out the @\n" },
	{ false, false, "joe@* k1\n.example.com k1\n", "" },
	{ true, false, "*@example.com. k1\n",
	    "rules:1: \"*@example.com.\" " LEAVE_OUT },
	{ true, false, "*@example.com, k1\n",
	    "rules:1: \"*@example.com,\" " LEAVE_OUT },
	{ true, false, "<joe@example.com> k1\n",
	    "rules:1: \"<joe@example.com>\" " LEAVE_OUT },
	{ true, false, "'*@example.com' k1\n",
	    "rules:1: \"'*@example.com'\" " LEAVE_OUT },
	{ false, false, "example.com. k1\n",
	    "rules:1: \"example.com.\" " LEAVE_OUT },
	{ false, false, "joe@example.com, k1\n",
	    "rules:1: \"joe@example.com,\" " LEAVE_OUT },
	{ false, false, "<joe@example.com> k1\n",
	    "rules:1: \"<joe@example.com>\" " LEAVE_OUT },
};

static void
test_warnings(void)
{
	struct signing_table t;
	struct key_table k;
	struct diag diag;
	size_t i;

	for (i = 0; i < sizeof(warns) / sizeof(warns[0]); i++) {
		if (make(KEYS, warns[i].rules, warns[i].globs,
		    warns[i].multiple, &k, &t, &diag) != STATUS_OK) {
			tap_ok(warns[i].log == NULL, "no rule: %s", diag.text);
			continue;
		}
		tap_str(warnings.n > 0 ? buf_str(&warnings) : STR(""),
		    str_from(warns[i].log), warns[i].log[0] != '\0' ?
		    "a warning" : "no warning");
		signing_table_fini(&t);
		key_table_fini(&k);
	}
	tap_ok(make("k a.example:s:/1\nk a.example:s:/2\n", "", true, false,
	    &k, &t, &diag) == STATUS_OK, "a key name given twice");
	tap_str(buf_str(&warnings), STR("keys:2: \"k\" is a name that is used "
	    "above already: this line has no effect\n"), "is warned of");
	tap_str(((struct table_key *)strmap_get(&k.names, STR("k")))->key,
	    STR("/1"), "the first one counts");
	signing_table_fini(&t);
	key_table_fini(&k);
}

/* However bad a table is, the log stays readable. */
static void
test_many_warnings(void)
{
	struct signing_table t;
	struct key_table k;
	struct diag diag;
	struct buf rules;
	struct str rest, line = STR_NONE, last = STR_NONE;
	unsigned i, n = 0;

	buf_init(&rules, 1 << 20);
	for (i = 0; i < TABLE_WARNINGS_MAX + 5; i++) {
		buf_printf(&rules, "%u?@example.com k1\n", i);
	}
	tap_ok(make(KEYS, rules.p, true, false, &k, &t, &diag) == STATUS_OK,
	    "many odd patterns");
	rest = buf_str(&warnings);
	while (str_next(&rest, '\n', &line)) {
		if (line.n > 0) {
			last = line;
			n++;
		}
	}
	tap_num(n, TABLE_WARNINGS_MAX + 1, "TABLE_WARNINGS_MAX of them");
	tap_str(last, STR("rules: 5 more warnings of this kind"),
	    "the others counted");
	signing_table_fini(&t);
	key_table_fini(&k);
	buf_fini(&rules);
}

static void
fill(struct buf *b, char c, size_t n)
{
	while (n-- > 0) {
		buf_add_char(b, c);
	}
}

static void
test_limits(void)
{
	static const struct {
		const char	*name;
		size_t		 n;	/* octets of the pattern */
		enum status	 status;
		const char	*error;
	} rows[] = {
		{ "a pattern of the limit", TABLE_PATTERN_MAX_BYTES,
		    STATUS_OK, "" },
		{ "one octet more", TABLE_PATTERN_MAX_BYTES + 1, STATUS_LIMIT,
		    NULL },
		{ "a line of 1 MiB", 1 << 20, STATUS_LIMIT,
		    "rules:2: a line of more than 65536 bytes" },
	};
	struct signing_table t;
	struct buf text;
	struct key_table k;
	struct diag diag;
	struct buf b;
	enum status status;
	size_t i;

	buf_init(&b, 2 << 20);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_reset(&b);
		buf_add_char(&b, '\n');
		fill(&b, 'a', rows[i].n);
		buf_add_cstr(&b, " k1\n");
		status = make(KEYS, b.p, true, false, &k, &t, &diag);
		tap_num(status, rows[i].status, rows[i].name);
		if (rows[i].error != NULL) {
			tap_str(str_from(diag.text), str_from(rows[i].error),
			    "the reason");
		}
		if (status == STATUS_OK) {
			signing_table_fini(&t);
			key_table_fini(&k);
		}
	}
	buf_fini(&b);
	diag_init(&diag);
	text = make_text(str_mem("k a.example:s:/\0k\n", 18));
	tap_num(key_table_init(&k, &text, "keys", &env, &diag), STATUS_SYNTAX,
	    "a NUL byte");
	tap_str(str_from(diag.text), STR("keys:1: a NUL byte"), "the reason");
}

static void
test_long_authors(void)
{
	const struct table_rule *found[1];
	struct signing_table t;
	struct key_table k;
	struct diag diag;
	struct arena arena;
	struct buf local;
	size_t n;

	arena_init(&arena, 1 << 16);
	buf_init(&local, 1 << 12);
	fill(&local, 'a', SIGNERS_LOCAL_MAX_BYTES);
	if (make(KEYS, "* k1\n", true, false, &k, &t, &diag) != STATUS_OK) {
		tap_ok(false, "tables: %s", diag.text);
	}
	tap_ok(signing_table_find(&t, &arena, buf_str(&local),
	    STR("example.com"), found, 1, &n) == STATUS_OK && n == 1,
	    "a local part of the limit");
	buf_add_char(&local, 'a');
	tap_ok(signing_table_find(&t, &arena, buf_str(&local),
	    STR("example.com"), found, 1, &n) == STATUS_OK && n == 0,
	    "one octet more has no rule");
	signing_table_fini(&t);
	key_table_fini(&k);
	buf_fini(&local);
	arena_fini(&arena);
}

static void
test_glob_time(void)
{
	struct buf pattern, text;
	size_t i;

	buf_init(&pattern, 1 << 12);
	buf_init(&text, 1 << 12);
	for (i = 0; i < 500; i++) {
		buf_add_cstr(&pattern, "*a");
	}
	buf_add_char(&pattern, 'b');
	fill(&text, 'a', 1000);
	tap_ok(!glob_match(buf_str(&pattern), buf_str(&text)),
	    "500 stars are no bomb");
	buf_fini(&pattern);
	buf_fini(&text);
}

static void
test_key_forms(void)
{
	static const struct {
		const char	*line;
		const char	*domain;	/* absent: "" */
		const char	*key;
		const char	*algorithm;
		bool		 is_path;
	} rows[] = {
		{ "k EXAMPLE.com:s:/a:b", "example.com", "/a:b", "", true },
		{ "k example.com:s:/a:rsa-sha256", "example.com", "/a",
		    "rsa-sha256", true },
		{ "k example.com:s:/a:ED25519-SHA256", "example.com", "/a",
		    "ed25519-sha256", true },
		{ "k %:s:./%.pem", "", "./%.pem", "", true },
		{ "k %:s:../%.pem", "", "../%.pem", "", true },
		{ "k example.com:s:MIIE+/==", "example.com", "MIIE+/==", "",
		    false },
		{ "k example.com:s:MIIE:rsa-sha256", "example.com", "MIIE",
		    "rsa-sha256", false },
		{ "k example.com:s:-----BEGIN PRIVATE KEY-----MII",
		    "example.com", "-----BEGIN PRIVATE KEY-----MII", "",
		    false },
	};
	struct signing_table t;
	struct key_table k;
	struct diag diag;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct table_key *key;

		if (make(rows[i].line, "", true, false, &k, &t, &diag) !=
		    STATUS_OK) {
			tap_ok(false, "%s: %s", rows[i].line, diag.text);
			continue;
		}
		key = strmap_get(&k.names, STR("k"));
		tap_ok(str_eq(key->domain.n > 0 ? key->domain : STR(""),
		    str_from(rows[i].domain)) &&
		    str_eq(key->key, str_from(rows[i].key)) &&
		    str_eq(key->algorithm.n > 0 ? key->algorithm : STR(""),
		    str_from(rows[i].algorithm)) &&
		    key->is_path == rows[i].is_path, "%s", rows[i].line);
		signing_table_fini(&t);
		key_table_fini(&k);
	}
}

static void
test_expand(void)
{
	struct arena arena;

	arena_init(&arena, 1 << 12);
	tap_str(table_expand(STR("/k/%/%.pem"), &arena, STR("a.example")),
	    STR("/k/a.example/a.example.pem"), "each % is the domain");
	tap_str(table_expand(STR("%%"), &arena, STR("%")), STR("%%"),
	    "once: there is no loop");
	arena_fini(&arena);
}

int
main(void)
{
	buf_init(&warnings, 1 << 20);
	env_init_system(&env);
	env.log = remember;
	test_find();
	test_errors();
	test_warnings();
	test_many_warnings();
	test_limits();
	test_long_authors();
	test_glob_time();
	test_key_forms();
	test_expand();
	buf_fini(&warnings);
	return (tap_done());
}
