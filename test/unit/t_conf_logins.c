/* SPDX-License-Identifier: BSD-2-Clause */
/* SenderLogins: the table, and who may write as whom. */

#include "base/buf.h"
#include "conf/logins.h"
#include "test/unit/tap.h"

#define TABLE	"# who writes as whom\n" \
	"Joe@Example.com\tjoe\n" \
	"sales@example.com joe, ann\n" \
	"info@example.com *\n" \
	"\n" \
	"long@example.com one,\n" \
	"   # between\n" \
	"\ttwo three # and a comment\n" \
	"@example.com  boss\n" \
	"@example.org  %u\n" \
	"@b\xc3\xbc""cher.example  %n\n" \
	"x+y@example.org  ann\n" \
	"CEO@example.org boss@example.org\n"

static struct buf log_lines;

static void
take_line(void *ctx, enum log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	buf_printf(&log_lines, "%s\n", line);
}

static struct logins *
read_table(struct str text, struct diag *diag)
{
	struct env env;
	struct logins *logins = NULL;

	env_init_system(&env);
	env.log = take_line;
	buf_reset(&log_lines);
	diag_init(diag);
	if (logins_new(text, "logins", &env, &logins, diag) != STATUS_OK) {
		return (NULL);
	}
	return (logins);
}

static void
test_lookups(void)
{
	static const struct {
		const char	*login, *local, *domain;
		bool		 want;
	} rows[] = {
		{ "joe", "joe", "example.com", true },
		{ "JOE", "Joe", "example.com", true },
		{ "ann", "joe", "example.com", false },
		{ "joe", "sales", "example.com", true },
		{ "ann", "sales", "example.com", true },
		{ "sales", "sales", "example.com", false },
		{ "jo", "joe", "example.com", false },
		{ "joe,", "sales", "example.com", false },
		{ "joe, ann", "sales", "example.com", false },
		/* any login, but there must be one */
		{ "x", "info", "example.com", true },
		{ "", "info", "example.com", false },
		/* continued lines, and comments */
		{ "one", "long", "example.com", true },
		{ "two", "long", "example.com", true },
		{ "three", "long", "example.com", true },
		{ "comment", "long", "example.com", false },
		/* the domain, for who has no line */
		{ "boss", "ann", "example.com", true },
		{ "joe", "ann", "example.com", false },
		{ "boss", "joe", "example.com", false },
		/* with an extension */
		{ "joe", "joe+list", "example.com", true },
		{ "joe", "joe+", "example.com", true },
		{ "boss", "joe+list", "example.com", false },
		{ "boss", "+joe", "example.com", true },
		{ "ann", "x+y", "example.org", true },
		{ "x@example.org", "x+y", "example.org", false },
		{ "x@example.org", "x+z", "example.org", true },
		/* %u */
		{ "ann@example.org", "ann", "example.org", true },
		{ "Ann@Example.ORG", "ann", "example.org", true },
		{ "ann", "ann", "example.org", false },
		{ "ann@example.net", "ann", "example.org", false },
		{ "ann@example.org", "ceo", "example.org", false },
		{ "ceo@example.org", "ceo", "example.org", false },
		{ "boss@example.org", "ceo", "example.org", true },
		{ "%u", "ann", "example.org", false },
		{ "*", "ann", "example.org", false },
		/* %n, and a name in Unicode */
		{ "ann", "ann", "xn--bcher-kva.example", true },
		{ "joe", "ann", "xn--bcher-kva.example", false },
		{ "ann@xn--bcher-kva.example", "ann",
		    "xn--bcher-kva.example", false },
		/* no line at all */
		{ "joe", "joe", "example.net", false },
		{ "boss", "joe", "sub.example.com", false },
		{ "joe", "*", "example.net", false },
	};
	struct logins *logins;
	struct diag diag;
	size_t i;

	logins = read_table(STR(TABLE), &diag);
	if (!tap_ok(logins != NULL, "the table is read: %s", diag.text)) {
		return;
	}
	tap_num((long long)logins_count(logins), 9, "its addresses");
	tap_ok(log_lines.n == 0, "nothing is wrong with it");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tap_ok(logins_allow(logins, str_from(rows[i].login),
		    str_from(rows[i].local), str_from(rows[i].domain)) ==
		    rows[i].want, "login \"%s\" as %s@%s", rows[i].login,
		    rows[i].local, rows[i].domain);
	}
	tap_num(logins_allow(logins, STR_NONE, STR("info"),
	    STR("example.com")), false, "no login");
	logins_free(logins);
}

/* What is no dot-atom, or has an encoded word, is nobody's. */
static void
test_local_parts(void)
{
	static const struct {
		const char	*login, *local, *domain;
		bool		 want;
	} rows[] = {
		{ "joe", "joe+ <ceo@example.com>", "example.com", false },
		{ "joe", "joe+ceo@example.com", "example.com", false },
		{ "joe", "joe+\"", "example.com", false },
		{ "joe", "joe+\t", "example.com", false },
		{ "joe", "joe+\x7f", "example.com", false },
		{ "joe", "joe+(x)", "example.com", false },
		{ "joe", "joe+a\\b", "example.com", false },
		{ "joe", "joe+,ceo", "example.com", false },
		{ "joe", "joe+=?utf-8?q?=3Cceo=40example.com=3E?=",
		    "example.com", false },
		{ "joe", "joe+=?", "example.com", false },
		{ "joe", "joe+a=b?", "example.com", true },
		{ "joe", "joe+a.b", "example.com", true },
		{ "joe", "joe+\xc3\xbc", "example.com", true },
		{ "joe", "joe+a..b", "example.com", false },
		{ "joe", "joe+a.", "example.com", false },
		{ "boss", ".joe", "example.com", false },
		{ "boss", "", "example.com", false },
		{ "x", "a b", "example.com", false },
		{ "x+ <ceo@example.org>@example.org", "x+ <ceo@example.org>",
		    "example.org", false },
		{ "x@example.org", "x+ <ceo@example.org>", "example.org",
		    false },
		{ "@example.org", "", "example.org", false },
		{ "ann", "ann+=?utf-8?q?x?=", "xn--bcher-kva.example", false },
	};
	struct diag diag;
	struct logins *logins = read_table(STR(TABLE), &diag);
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tap_ok(logins_allow(logins, str_from(rows[i].login),
		    str_from(rows[i].local), str_from(rows[i].domain)) ==
		    rows[i].want, "login \"%s\" as %s@%s", rows[i].login,
		    rows[i].local, rows[i].domain);
	}
	logins_free(logins);
}

static void
test_star(void)
{
	struct diag diag;
	struct logins *logins = read_table(STR("joe@example.com joe\n"
	    "* admin,%u"), &diag);

	tap_num(logins_allow(logins, STR("admin"), STR("x"),
	    STR("example.net")), true, "*: any other address");
	tap_num(logins_allow(logins, STR("x@example.net"), STR("x"),
	    STR("example.net")), true, "* and %u: the address itself");
	tap_num(logins_allow(logins, STR("admin"), STR("joe"),
	    STR("example.com")), false, "not one that has a line");
	logins_free(logins);
	logins = read_table(STR(""), &diag);
	tap_num((long long)logins_count(logins), 0, "an empty table");
	tap_num(logins_allow(logins, STR("joe"), STR("joe"),
	    STR("example.com")), false, "lets nobody write");
	logins_free(logins);
}

static void
test_long(void)
{
	static char local[LOGINS_ADDRESS_MAX_BYTES + 1];
	struct logins *logins;
	struct diag diag;

	memset(local, 'x', sizeof(local));
	logins = read_table(STR("* *\n"), &diag);
	tap_num(logins_allow(logins, STR("joe"), str_mem(local,
	    LOGINS_ADDRESS_MAX_BYTES - 12), STR("example.com")), true,
	    "an address as long as one may be");
	tap_num(logins_allow(logins, STR("joe"), str_mem(local,
	    LOGINS_ADDRESS_MAX_BYTES - 11), STR("example.com")), false,
	    "a longer one is nobody's");
	logins_free(logins);
}

/* Lines without effect, each with its reason. */
static void
test_warnings(void)
{
	static const struct {
		const char	*text, *want;
	} rows[] = {
		{ "\xef\xbb\xbf" "joe@example.com joe\n", "logins:1: "
		    "\"\\xef\\xbb\\xbfjoe@example.com\" matches no address: "
		    "the file begins with a byte order mark; save it without "
		    "one\n" },
		{ "\"joe@example.com\" joe\n", "logins:1: "
		    "\"\"joe@example.com\"\" matches no address: leave out the "
		    "quotes\n" },
		{ "\n*@example.com joe\n", "logins:2: \"*@example.com\" "
		    "matches no address: for all of a domain write "
		    "@domain\n" },
		{ "joe joe\n", "logins:1: \"joe\" matches no address: write "
		    "user@domain, or @domain for all of a domain\n" },
		{ "a..b@example.com joe\n", "logins:1: "
		    "\"a..b@example.com\" matches no address: the local part "
		    "is one that must be quoted, or has an encoded word\n" },
		{ "=?x@example.com joe\n", "logins:1: "
		    "\"=?x@example.com\" matches no address: the local part "
		    "is one that must be quoted, or has an encoded word\n" },
		{ "a@b.example a\nA@B.example\n b\n", "logins:2: "
		    "\"A@B.example\" is used above already: this line has no "
		    "effect\n" },
	};
	struct logins *logins;
	struct diag diag;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		logins = read_table(str_from(rows[i].text), &diag);
		tap_ok(logins != NULL, "a warning only: %s", diag.text);
		tap_str(buf_str(&log_lines), str_from(rows[i].want),
		    "what it says");
		logins_free(logins);
	}
}

static void
test_many_warnings(void)
{
	struct logins *logins;
	struct diag diag;
	struct buf text;
	size_t i, n = 0;

	buf_init(&text, 100000);
	for (i = 0; i < LOGINS_WARNINGS_MAX + 5; i++) {
		buf_printf(&text, "joe%zu joe\n", i);
	}
	logins = read_table(buf_str(&text), &diag);
	for (i = 0; i < log_lines.n; i++) {
		n += log_lines.p[i] == '\n';
	}
	tap_num((long long)n, LOGINS_WARNINGS_MAX + 1, "not too many lines");
	tap_ok(strstr(log_lines.p, "logins: 5 more lines have no effect") !=
	    NULL, "but their number");
	logins_free(logins);
	buf_fini(&text);
}

static void
test_errors(void)
{
	static const struct {
		struct str	 text;
		const char	*want;
	} rows[] = {
		{ STR("# x\njoe@example.com\n"), "logins:2: "
		    "\"joe@example.com\" is followed by no login" },
		{ STR("joe@example.com # joe\n"), "logins:1: "
		    "\"joe@example.com\" is followed by no login" },
		{ STR("joe@exam ple joe\njoe@-..x joe\n"), "logins:2: "
		    "\"joe@-..x\" has no valid domain" },
		{ STR("joe@ joe\n"), "logins:1: \"joe@\" has no valid "
		    "domain" },
		{ STR("joe@example.com joe\0ann\n"), "logins:1: "
		    "\"joe@example.com\" is in a line with a NUL" },
	};
	struct logins *logins;
	struct diag diag;
	struct buf text;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		logins = read_table(rows[i].text, &diag);
		tap_ok(logins == NULL, "an error");
		tap_str(str_from(diag.text), str_from(rows[i].want),
		    "what it says");
	}
	buf_init(&text, 4 * LOGINS_LINE_MAX_BYTES);
	for (i = 0; i < LOGINS_ADDRESS_MAX_BYTES; i++) {
		buf_add_char(&text, 'x');
	}
	buf_add_cstr(&text, "@example.com joe\n");
	tap_ok(read_table(buf_str(&text), &diag) == NULL &&
	    strstr(diag.text, "is too long") != NULL, "a long address: %s",
	    diag.text);
	buf_reset(&text);
	buf_add_cstr(&text, "joe@example.com joe\n");
	for (i = 0; i < LOGINS_LINE_MAX_BYTES / 4; i++) {
		buf_add_cstr(&text, " ann\n");
	}
	tap_ok(read_table(buf_str(&text), &diag) == NULL &&
	    strstr(diag.text, "logins:1: longer than 65536 octets") != NULL,
	    "a long line: %s", diag.text);
	buf_fini(&text);
}

int
main(void)
{
	buf_init(&log_lines, 100000);
	test_lookups();
	test_local_parts();
	test_star();
	test_long();
	test_warnings();
	test_many_warnings();
	test_errors();
	buf_fini(&log_lines);
	return (tap_done());
}
