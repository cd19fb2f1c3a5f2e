/* SPDX-License-Identifier: BSD-2-Clause */
/* MTA-STS policies as web servers serve them (RFC 8461 3.2, 3.3). */
#include <stdio.h>

#include "probe/policy.h"
#include "test/unit/tap.h"

#define HEAD	"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
#define BODY	"version: STSv1\nmode: enforce\nmx: a.d.example\nmax_age: 1\n"
#define NO_200	"the web server does not answer 200; redirects are not followed"

static const struct {
	const char	*name;
	const char	*response;
	const char	*trouble;	/* NULL: it is one */
} rows[] = {
	{ "a policy", HEAD BODY, NULL },
	{ "CRLF", HEAD "version: STSv1\r\nmode: testing\r\nmx: *.d.example\r\n"
	    "max_age: 31557600\r\n", NULL },
	{ "mode none needs no mx", HEAD "version: STSv1\nmode: none\n"
	    "max_age: 0\n", NULL },
	{ "no line end", HEAD "version: STSv1\nmode: none\nmax_age: 0", NULL },
	{ "what else stands there", HEAD "x-note: y\n" BODY "mx:\n\n", NULL },
	{ "the first of two counts", HEAD BODY "mode: wrong\nmax_age: x\n",
	    NULL },
	{ "without spaces", HEAD "version:STSv1\nmode:none\nmax_age:0\n",
	    NULL },
	{ "a parameter of the type", "HTTP/1.0 200\r\ncontent-type: "
	    "Text/Plain; charset=utf-8\r\n\r\n" BODY, NULL },
	{ "a length", "HTTP/1.1 200 OK\nContent-Type: text/plain\n"
	    "Content-Length: 56\n\n" BODY "more", NULL },
	{ "cut off", "HTTP/1.1 200 OK\nContent-Type: text/plain\n"
	    "Content-Length: 99\n\n" BODY,
	    "the web server did not send all of it" },
	{ "a redirect", "HTTP/1.1 301 Moved\r\nLocation: /x\r\n\r\n" BODY,
	    NO_200 },
	{ "not found", "HTTP/1.1 404 Not Found\r\n\r\n", NO_200 },
	{ "2000", "HTTP/1.1 2000 OK\r\n\r\n", NO_200 },
	{ "no HTTP", "220 mail.d.example ESMTP\r\n", NO_200 },
	{ "nothing", "", NO_200 },
	{ "HTML", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" BODY,
	    "it is not served as text/plain" },
	{ "no type", "HTTP/1.1 200 OK\r\n\r\n" BODY,
	    "it is not served as text/plain" },
	{ "no body", HEAD, "it has no version" },
	{ "another version", HEAD "version: STSv2\n",
	    "its version is not STSv1" },
	{ "another mode", HEAD "version: STSv1\nmode: Enforce\n",
	    "its mode is not none, testing or enforce" },
	{ "no number", HEAD "version: STSv1\nmode: none\nmax_age: 1d\n",
	    "its max_age is not a number of seconds up to a year" },
	{ "too long an age", HEAD "version: STSv1\nmode: none\n"
	    "max_age: 31557601\n",
	    "its max_age is not a number of seconds up to a year" },
	{ "no version", HEAD "mode: none\nmax_age: 0\n", "it has no version" },
	{ "no mode", HEAD "version: STSv1\nmax_age: 0\n", "it has no mode" },
	{ "no age", HEAD "version: STSv1\nmode: none\n", "it has no max_age" },
	{ "no mx", HEAD "version: STSv1\nmode: enforce\nmax_age: 0\n",
	    "it names no mx" },
};

static void
check_rows(void)
{
	const char *trouble;
	struct policy p;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool is = policy_read(str_from(rows[i].response), &p,
		    &trouble);

		tap_ok(is == (rows[i].trouble == NULL) &&
		    is == (trouble == NULL), "%s", rows[i].name);
		tap_str(str_from(is ? "" : trouble), str_from(
		    rows[i].trouble != NULL ? rows[i].trouble : ""),
		    rows[i].name);
	}
}

static void
check_hosts(void)
{
	struct policy p = { .mx = { STR("A.d.example"), STR("*.e.example") },
		.mx_n = 2 };

	tap_ok(policy_has(&p, STR("a.d.example")), "a name");
	tap_ok(!policy_has(&p, STR("b.a.d.example")), "a name below it");
	tap_ok(policy_has(&p, STR("x.E.example")), "a wildcard");
	tap_ok(!policy_has(&p, STR("e.example")), "not its own name");
	tap_ok(!policy_has(&p, STR("x.y.e.example")), "one label only");
	tap_ok(!policy_has(&p, STR("xe.example")), "whole labels only");
	tap_ok(!policy_has(&p, STR("")), "no name");
	p = (struct policy){ .mx = { STR("*.") }, .mx_n = 1 };
	tap_ok(!policy_has(&p, STR("com")), "an empty wildcard");
}

static void
check_limits(void)
{
	static char text[POLICY_MAX_BYTES + 1024];
	int at = snprintf(text, sizeof(text), HEAD), i;
	const char *trouble;
	struct policy p;

	for (i = 0; i < POLICY_MAX_MX + 1; i++) {
		at += snprintf(text + at, 16, "mx: a%d.b\n", i);
	}
	at += snprintf(text + at, 64, "version: STSv1\nmode: enforce\n"
	    "max_age: 0\n");
	tap_ok(policy_read(str_mem(text, (size_t)at), &p, &trouble) &&
	    p.mx_n == POLICY_MAX_MX, "no more hosts than that");
	memset(text + at, '\n', sizeof(text) - (size_t)at);
	tap_ok(policy_read(str_mem(text, sizeof(HEAD) - 1 +
	    POLICY_MAX_BYTES), &p, &trouble), "the longest policy");
	tap_ok(!policy_read(str_mem(text, sizeof(HEAD) + POLICY_MAX_BYTES),
	    &p, &trouble), "one octet more");
}

int
main(void)
{
	check_rows();
	check_hosts();
	check_limits();
	return (tap_done());
}
