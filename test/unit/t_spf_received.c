/* SPDX-License-Identifier: BSD-2-Clause */
/* Received-SPF (RFC 7208 9.1): text from outside cannot end the field. */
#include "spf/received.h"
#include "test/unit/tap.h"

#define X10	"xxxxxxxxxx"
#define X100	X10 X10 X10 X10 X10 X10 X10 X10 X10 X10

static const struct {
	const char		*name;
	struct spf_verdict	 verdict;
	const char		*ip, *mail_from, *helo, *receiver;
	const char		*want;
} rows[] = {
	{ "pass", { .result = SPF_PASS, .domain = { "a.example", 9 },
	    .mechanism = { "ip4:192.0.2.1", 13 } }, "192.0.2.1",
	    "<joe@a.example>", "mx.a.example", "mx.here.example",
	    "pass (the client is permitted by a.example) client-ip=192.0.2.1;"
	    "\r\n\tenvelope-from=\"joe@a.example\"; helo=mx.a.example; "
	    "identity=mailfrom;\r\n\tmechanism=\"ip4:192.0.2.1\"; "
	    "receiver=mx.here.example" },
	{ "the null reverse-path, IPv6", { .result = SPF_FAIL,
	    .domain = { "mx.a.example", 12 }, .mechanism = { "default", 7 } },
	    "2001:db8::1", "<>", "mx.a.example", "",
	    "fail (the client is not permitted by mx.a.example)\r\n"
	    "\tclient-ip=\"2001:db8::1\"; envelope-from=\"<>\"; "
	    "helo=mx.a.example;\r\n\tidentity=mailfrom; mechanism=default; "
	    "receiver=unknown" },
	{ "HELO, temperror", { .result = SPF_TEMPERROR, .identity = SPF_HELO,
	    .domain = { "a.example", 9 }, .reason = "no answer" },
	    "192.0.2.1", "", "a.example", "b.example",
	    "temperror (DNS lookup failed for a.example) client-ip=192.0.2.1;"
	    "\r\n\tenvelope-from=\"<>\"; helo=a.example; identity=helo;\r\n"
	    "\tproblem=\"no answer\"; receiver=b.example" },
	{ "no domain", { .result = SPF_NONE }, "192.0.2.1", "a@[192.0.2.1]",
	    NULL, "b.example", "none (no SPF policy for no domain) "
	    "client-ip=192.0.2.1;\r\n\tenvelope-from=\"a@[192.0.2.1]\"; "
	    "identity=mailfrom; receiver=b.example" },
	{ "text from outside is escaped", { .result = SPF_SOFTFAIL,
	    .domain = { "a)\r\nX: y", 8 },
	    .mechanism = { "a:\"\\\xc3\xbc", 6 } }, "192.0.2.1",
	    "<\"a\r\nBcc: x\"@b.example>", "h\x7f\t;(", "b.example",
	    "softfail (the client is probably not permitted by a\\)??X: y)"
	    "\r\n\tclient-ip=192.0.2.1; envelope-from="
	    "\"\\\"a??Bcc: x\\\"@b.example\";\r\n\thelo=\"h??;\\(\"; "
	    "identity=mailfrom; mechanism=\"a:\\\"\\\\??\";\r\n"
	    "\treceiver=b.example" },
	{ "HELO with empty labels", { .result = SPF_NEUTRAL,
	    .domain = { "a.example", 9 } }, "192.0.2.1", "<a@b>",
	    "..a..b.", "b.example",
	    "neutral (no assertion about the client by a.example)\r\n"
	    "\tclient-ip=192.0.2.1; envelope-from=\"a@b\"; "
	    "helo=\"..a..b.\";\r\n\tidentity=mailfrom; receiver=b.example" },
};

static void
check_row(size_t i)
{
	struct spf_received r = { .verdict = &rows[i].verdict,
		.mail_from = str_from(rows[i].mail_from),
		.helo = str_from(rows[i].helo),
		.receiver = str_from(rows[i].receiver) };
	struct ip_addr ip;
	struct buf out;

	buf_init(&out, 8192);
	r.ip = &ip;
	tap_ok(ip_parse(str_from(rows[i].ip), &ip) &&
	    spf_received_write(&out, &r) == STATUS_OK, "written");
	tap_str(buf_str(&out), str_from(rows[i].want), rows[i].name);
	buf_fini(&out);
}

/* Long values are truncated; LIMIT for a small buffer. */
static void
check_limits(void)
{
	struct spf_verdict v = { .result = SPF_PERMERROR };
	struct spf_received r = { .verdict = &v,
		.helo = STR(X100 X100 X100 X100) };
	struct ip_addr ip = { .v6 = false };
	struct buf out;

	r.ip = &ip;
	r.receiver = r.mail_from = v.domain = v.mechanism = r.helo;
	buf_init(&out, 8192);
	tap_ok(spf_received_write(&out, &r) == STATUS_OK, "long values");
	tap_ok(out.n < 5 * (SPF_RECEIVED_VALUE_BYTES + 40) + 100,
	    "are truncated: %zu octets", out.n);
	buf_fini(&out);
	buf_init(&out, 100);
	tap_num(spf_received_write(&out, &r), STATUS_LIMIT, "buffer too small");
	buf_fini(&out);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(i);
	}
	check_limits();
	return (tap_done());
}
