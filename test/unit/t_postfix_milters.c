/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of milters as main.cf has them (postconf(5), MILTER_README). */
#include "postfix/milters.h"
#include "test/unit/tap.h"

#define QUEUE	STR("/var/spool/postfix")
#define OURS	STR("unix:mailseal/milter.sock")
#define BYTES	4096

static void
test_plain(void)
{
	static const struct {
		const char	*list;
		bool		 plain;
	} rows[] = {
		{ "", true },
		{ "inet:localhost:8891", true },
		{ "inet:a:1, unix:b/c inet:[::1]:2", true },
		{ "{ inet:a:1, default_action=accept }, unix:b", true },
		{ "$opendkim_milters, unix:b", true },
		{ "${opendkim_milters}", false },
		{ "${x?{inet:a:1}:{inet:b:2}}", false },
		{ "$(x)", false },
		{ "{ inet:a:1", false },
		{ "inet:a:1 }", false },
		{ "{ { inet:a:1 } }", false },
		{ "{ $x }", false },
		{ "a$$b", false },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tap_ok(milters_is_plain(str_from(rows[i].list)) ==
		    rows[i].plain, "plain: [%s]: %s", rows[i].list,
		    rows[i].plain ? "yes" : "no");
	}
}

static void
test_same(void)
{
	static const struct {
		const char	*a;
		const char	*b;
		bool		 same;
	} rows[] = {
		{ "unix:mailseal/milter.sock",
		    "unix:/var/spool/postfix/mailseal/milter.sock", true },
		{ "unix:/var/spool/postfix/mailseal/milter.sock",
		    "local:mailseal/milter.sock", true },
		{ "unix:mailseal/milter.sock", "unix:/mailseal/milter.sock",
		    false },
		{ "unix:mailseal/milter.sock", "unix:mailseal/milter",
		    false },
		{ "unix:/run/a", "unix:/run/a", true },
		{ "unix:/var/spool/postfixmailseal/milter.sock",
		    "unix:mailseal/milter.sock", false },
		{ "inet:localhost:8891", "inet:127.0.0.1:8891", true },
		{ "inet:8891", "inet:127.0.0.1:8891", true },
		{ "inet:[::1]:8891", "inet:127.0.0.1:8891", false },
		{ "inet:127.0.0.1:8891", "inet:127.0.0.1:8893", false },
		{ "inet:127.0.0.1:8891", "unix:8891", false },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tap_ok(milters_same(str_from(rows[i].a), str_from(rows[i].b),
		    QUEUE) == rows[i].same && milters_same(str_from(
		    rows[i].b), str_from(rows[i].a), QUEUE) == rows[i].same,
		    "%s %s %s", rows[i].a, rows[i].same ? "is" : "is not",
		    rows[i].b);
	}
}

/* The list, with ours appended, and with ours removed again: the others keep
   their place and their spelling. */
static void
test_append(void)
{
	static const struct {
		const char	*list;
		const char	*with;
		const char	*without;
		size_t		 others;
	} rows[] = {
		{ "", "unix:mailseal/milter.sock", "", 0 },
		{ "inet:a:1", "inet:a:1, unix:mailseal/milter.sock",
		    "inet:a:1", 1 },
		{ "inet:a:1,", "inet:a:1, unix:mailseal/milter.sock",
		    "inet:a:1", 1 },
		{ " inet:a:1 unix:b ", "inet:a:1 unix:b, "
		    "unix:mailseal/milter.sock", "inet:a:1, unix:b", 2 },
		{ "{ inet:a:1, default_action=accept }, $more",
		    "{ inet:a:1, default_action=accept }, $more, "
		    "unix:mailseal/milter.sock",
		    "{ inet:a:1, default_action=accept }, $more", 2 },
	};
	struct buf out, back;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct str list = str_from(rows[i].list);

		buf_init(&out, BYTES);
		buf_init(&back, BYTES);
		milters_append(&out, list, OURS);
		tap_str(buf_str(&out), str_from(rows[i].with), "appended");
		tap_ok(!milters_has(list, OURS, QUEUE) && milters_has(
		    buf_str(&out), OURS, QUEUE), "then it is there");
		tap_num((long long)milters_others(buf_str(&out), OURS, QUEUE),
		    (long long)rows[i].others, "others");
		milters_remove(&back, buf_str(&out), OURS, QUEUE, false);
		tap_str(buf_str(&back), str_from(rows[i].without),
		    "removed");
		buf_fini(&out);
		buf_fini(&back);
	}
	buf_init(&back, BYTES);
	milters_remove(&back, STR("{ unix:mailseal/milter.sock, "
	    "default_action=tempfail } inet:a:1"), OURS, QUEUE, false);
	tap_str(buf_str(&back), STR("inet:a:1"), "removed with its options");
	buf_fini(&back);
}

/* postconf -P takes no white space in a value. */
static void
test_tight(void)
{
	static const struct {
		const char	*list;
		const char	*item;
		const char	*want;
	} rows[] = {
		{ "", "unix:b", "unix:b" },
		{ "inet:a:1, unix:c  unix:d,", "unix:b",
		    "inet:a:1,unix:c,unix:d,unix:b" },
		{ "{ inet:a:1, default_action=accept } unix:c",
		    "{ unix:b, default_action=tempfail }",
		    "{inet:a:1,default_action=accept},unix:c,"
		    "{unix:b,default_action=tempfail}" },
	};
	struct buf out, back;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_init(&out, BYTES);
		buf_init(&back, BYTES);
		milters_append_tight(&out, str_from(rows[i].list),
		    str_from(rows[i].item));
		tap_str(buf_str(&out), str_from(rows[i].want), "tight");
		tap_ok(milters_has(buf_str(&out), STR("unix:b"), QUEUE),
		    "it is found there");
		milters_remove(&back, buf_str(&out), STR("unix:b"), QUEUE,
		    true);
		tap_ok(!milters_has(buf_str(&back), STR("unix:b"), QUEUE) &&
		    str_find(buf_str(&back), ' ') == back.n,
		    "and removed again");
		buf_fini(&out);
		buf_fini(&back);
	}
}

static void
test_replace(void)
{
	static const struct {
		const char	*list;
		bool		 tight;
		const char	*want;
	} rows[] = {
		{ "inet:a:1, unix:mailseal/milter.sock unix:c", false,
		    "inet:a:1, { inet:b:2, x=y }, unix:c" },
		{ "{unix:mailseal/milter.sock,x=y},unix:c", true,
		    "{inet:b:2,x=y},unix:c" },
		{ "unix:/var/spool/postfix/mailseal/milter.sock, "
		    "local:mailseal/milter.sock", false,
		    "{ inet:b:2, x=y }" },
		{ "unix:mailseal/milter.sock2", false,
		    "unix:mailseal/milter.sock2, { inet:b:2, x=y }" },
		{ "", false, "{ inet:b:2, x=y }" },
	};
	struct buf out;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_init(&out, BYTES);
		milters_replace(&out, str_from(rows[i].list), OURS, QUEUE,
		    STR("{ inet:b:2, x=y }"), rows[i].tight);
		tap_str(buf_str(&out), str_from(rows[i].want), "replaced");
		buf_fini(&out);
	}
}

static void
test_socket(void)
{
	static const struct {
		const char	*socket;
		const char	*want;		/* NULL: none */
	} rows[] = {
		{ "unix:/var/spool/postfix/mailseal/milter.sock",
		    "unix:mailseal/milter.sock" },
		{ "local:/run/mailseal/milter.sock",
		    "unix:/run/mailseal/milter.sock" },
		{ "/run/mailseal/milter.sock",
		    "unix:/run/mailseal/milter.sock" },
		{ "unix:/var/spool/postfix2/a", "unix:/var/spool/postfix2/a" },
		{ "inet:8891@127.0.0.1", "inet:127.0.0.1:8891" },
		{ "inet:8891@localhost", "inet:localhost:8891" },
		{ "inet:8891", "inet:127.0.0.1:8891" },
		{ "inet6:8891@::1", "inet:[::1]:8891" },
		{ "inet6:8891@[::1]", "inet:[::1]:8891" },
		{ "inet6:8891", "inet:[::1]:8891" },
		{ "unix:relative", NULL },
		{ "fd:3", NULL },
		{ "inet:", NULL },
		{ "", NULL },
	};
	struct buf out;
	bool ok;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_init(&out, BYTES);
		ok = milters_from_socket(&out, str_from(rows[i].socket),
		    QUEUE);
		tap_ok(ok == (rows[i].want != NULL), "[%s]: %s",
		    rows[i].socket, rows[i].want != NULL ? rows[i].want :
		    "no form");
		if (ok && rows[i].want != NULL) {
			tap_str(buf_str(&out), str_from(rows[i].want),
			    rows[i].socket);
		}
		buf_fini(&out);
	}
}

int
main(void)
{
	test_plain();
	test_same();
	test_append();
	test_tight();
	test_replace();
	test_socket();
	return (tap_done());
}
