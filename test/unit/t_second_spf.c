/* SPDX-License-Identifier: BSD-2-Clause */
/* libspf2, asked over a message's batch, and what it is not asked. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/buf.h"
#include "second/spf.h"
#include "test/unit/dns_lab.h"

#define X10	"xxxxxxxxxx"
#define X50	X10 X10 X10 X10 X10

static const char zone[] =
    "ip4.test TXT \"v=spf1 ip4:192.0.2.0/24 -all\"\n"
    "ip6.test TXT \"v=spf1 ip6:2001:db8::/32 ~all\"\n"
    "a.test TXT \"v=spf1 a mx -all\"\na.test A 192.0.2.1\n"
    "mx.test TXT \"v=spf1 mx -all\"\nmx.test MX 10 a.test.\n"
    "six.test TXT \"v=spf1 a -all\"\nsix.test AAAA 2001:db8::1\n"
    "ptr.test TXT \"v=spf1 ptr -all\"\n"
    "1.2.0.192.in-addr.arpa PTR host.ptr.test.\n"
    "host.ptr.test A 192.0.2.1\n"
    "include.test TXT \"v=spf1 include:ip4.test ?all\"\n"
    "redirect.test TXT \"v=spf1 redirect=ip4.test\"\n"
    "other.test TXT \"x\"\nother.test TXT \"v=spf1 +all\"\n"
    "none.test TXT \"x\"\n"
    "two.test TXT \"v=spf1 +all\"\ntwo.test TXT \"v=spf1 -all\"\n"
    "broken.test TXT \"v=spf1 bogus:x -all\"\n"
    "loop.test TXT \"v=spf1 include:loop.test -all\"\n"
    "slow.test SERVFAIL\n"
    "slowinc.test TXT \"v=spf1 include:slow.test -all\"\n"
    "macro.test TXT \"v=spf1 exists:%{d0}.%{l9999r-}.test -all\"\n"
    "inmacro.test TXT \"v=spf1 include:macro.test -all\"\n"
    "percent.test TXT \"v=spf1 a:x.% -all\"\n"
    "octets.test TXT \"v=spf1 a:\\255\\000.test -all\"\n"
    "empty.test TXT \"\"\n"
    "label.test TXT \"v=spf1 a:" X50 X10 X10 ".test -all\"\n"
    "exp.test TXT \"v=spf1 -all exp=e.test\"\ne.test TXT \"%{i} %{x}\"\n";

static const struct {
	const char	*name;
	const char	*ip, *helo, *mail_from;
	const char	*result;	/* NULL: not asked */
} rows[] = {
	{ "ip4", "192.0.2.1", "h.test", "<a@ip4.test>", "pass" },
	{ "ip4, another", "198.51.100.1", "h.test", "<a@ip4.test>", "fail" },
	{ "ip4, mapped", "::ffff:192.0.2.1", "h.test", "<a@ip4.test>",
	    "pass" },
	{ "ip6", "2001:db8::1", "h.test", "<a@ip6.test>", "pass" },
	{ "ip6, another", "2001:db9::1", "h.test", "<a@ip6.test>",
	    "softfail" },
	{ "a", "192.0.2.1", "h.test", "a@a.test", "pass" },
	{ "a, IPv6", "2001:db8::1", "h.test", "a@six.test", "pass" },
	{ "mx", "192.0.2.1", "h.test", "a@mx.test", "pass" },
	{ "ptr", "192.0.2.1", "h.test", "a@ptr.test", "pass" },
	{ "include", "192.0.2.1", "h.test", "<a@include.test>", "pass" },
	{ "include, no match", "198.51.100.1", "h.test", "<a@include.test>",
	    "neutral" },
	{ "redirect", "198.51.100.1", "h.test", "<a@redirect.test>", "fail" },
	{ "beside another TXT", "192.0.2.1", "h.test", "<a@other.test>",
	    "pass" },
	{ "HELO, for the null path", "192.0.2.1", "ip4.test", "<>", "pass" },
	{ "no record", "192.0.2.1", "h.test", "<a@none.test>", "none" },
	{ "no such name", "192.0.2.1", "h.test", "<a@nowhere.test>", "none" },
	{ "two records", "192.0.2.1", "h.test", "<a@two.test>", "permerror" },
	{ "a broken record", "192.0.2.1", "h.test", "<a@broken.test>",
	    "permerror" },
	{ "a loop", "192.0.2.1", "h.test", "<a@loop.test>", "permerror" },
	{ "DNS fails", "192.0.2.1", "h.test", "<a@slow.test>", "temperror" },
	{ "DNS fails behind an include", "192.0.2.1", "h.test",
	    "<a@slowinc.test>", "temperror" },
	{ "an empty text", "192.0.2.1", "h.test", "<a@empty.test>", "none" },
	{ "a label too long", "192.0.2.1", "h.test", "<a@label.test>",
	    "fail" },
	{ "an explanation with macros", "192.0.2.1", "h.test",
	    "<a@exp.test>", "fail" },
	/* what it must not see */
	{ "macros", "192.0.2.1", "h.test", "<a@macro.test>", NULL },
	{ "macros behind an include", "192.0.2.1", "h.test",
	    "<a@inmacro.test>", NULL },
	{ "a percent sign", "192.0.2.1", "h.test", "<a@percent.test>", NULL },
	{ "octets", "192.0.2.1", "h.test", "<a@octets.test>", NULL },
	{ "a path of octets", "192.0.2.1", "h.test", "<\xff@ip4.test>", NULL },
	{ "a path with a percent sign", "192.0.2.1", "h.test",
	    "<a%b@ip4.test>", NULL },
	{ "a path too long", "192.0.2.1", "h.test",
	    "<" X50 X50 X50 X50 X50 "@ip4.test>", NULL },
};

static struct second_spf
check(struct lab *lab, const char *ip, const char *helo,
    const char *mail_from)
{
	struct sockaddr_storage ss = { .ss_family = AF_INET };
	struct second_spf_query q = { .helo = str_from(helo),
		.mail_from = str_from(mail_from) };
	struct second_spf r;

	q.addr = (const struct sockaddr *)&ss;
	if (inet_pton(AF_INET, ip,
	    &((struct sockaddr_in *)&ss)->sin_addr) != 1) {
		ss.ss_family = AF_INET6;
		lab_must(inet_pton(AF_INET6, ip,
		    &((struct sockaddr_in6 *)&ss)->sin6_addr) == 1, "address");
	}
	lab_must(second_spf_check(&lab->arena, lab->batch, &q,
	    env_mono_us(&lab->env) + 1000000, &r) == STATUS_OK, "memory");
	return (r);
}

/* Bombs: it stops, and asks no more than it may. */
static void
check_bombs(void)
{
	struct second_spf r;
	struct buf text;
	struct lab lab;
	int i;

	buf_init(&text, 1 << 20);
	buf_add_cstr(&text, "long.test TXT (\"v=spf1\"");
	for (i = 0; i < 500; i++) {
		buf_printf(&text, "\" ip4:192.0.2.%d\"\n", i % 256);
	}
	buf_add_cstr(&text, ")\nmany.test TXT (\"v=spf1\"");
	for (i = 0; i < 100; i++) {
		buf_printf(&text, "\" mx:m%d.test\"\n", i);
	}
	buf_add_cstr(&text, ")\n");
	for (i = 0; i < 2000; i++) {
		buf_printf(&text, "m%d.test MX 1 x%d.test.\n", i % 20, i);
	}
	lab_init(&lab, buf_str(&text));
	r = check(&lab, "192.0.2.1", "h", "<a@long.test>");
	tap_ok(r.result == NULL && r.reason != NULL, "a record too long");
	r = check(&lab, "198.51.100.1", "h", "<a@many.test>");
	tap_ok(r.result != NULL && strcmp(r.result, "pass") != 0,
	    "a hundred mx of a hundred: %s", r.result);
	tap_ok(dns_batch_count(lab.batch) <= SECOND_SPF_MAX_QUERIES + 2,
	    "%zu questions", dns_batch_count(lab.batch));
	lab_fini(&lab);
	buf_fini(&text);
}

int
main(void)
{
	struct second_spf r;
	struct lab lab;
	size_t i;

	lab_init(&lab, STR(zone));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		r = check(&lab, rows[i].ip, rows[i].helo, rows[i].mail_from);
		tap_str(str_from(r.result), str_from(rows[i].result),
		    rows[i].name);
		tap_ok(r.result != NULL || r.reason != NULL,
		    "or why it was not asked");
	}
	lab_fini(&lab);
	check_bombs();
	return (tap_done());
}
