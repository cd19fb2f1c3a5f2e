/* SPDX-License-Identifier: BSD-2-Clause */
/* Who a Received field says the client was, and where it does not say. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "base/buf.h"
#include "mail/received.h"
#include "test/unit/tap.h"

#define BY	" by mx.here.example (Postfix) with ESMTPS id 4F00A1;\r\n" \
		"\tThu, 26 Nov 2026 10:00:00 +0000 (UTC)"

static const struct {
	const char	*name;
	const char	*value;
	const char	*ip;		/* NULL: none, or not clear */
	const char	*host, *helo;
} rows[] = {
	{ "Postfix", " from mx.a.example (mx.a.example [192.0.2.1])\r\n"
	    "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 "
	    "bits)\r\n\t key-exchange X25519 server-signature RSA-PSS (2048 "
	    "bits))\r\n\t(No client certificate requested)\r\n\t" BY,
	    "192.0.2.1", "mx.a.example", "mx.a.example" },
	{ "Postfix, no name", " from a.example (unknown [192.0.2.1])" BY,
	    "192.0.2.1", NULL, "a.example" },
	{ "Postfix, IPv6", " from a.example (b.example [IPv6:2001:db8::1])" BY,
	    "2001:db8::1", "b.example", "a.example" },
	{ "Postfix, HELO is a literal", " from [198.51.100.9] (b.example "
	    "[192.0.2.1])" BY, "192.0.2.1", "b.example", "[198.51.100.9]" },
	{ "Postfix, authenticated", " from a.example (b.example [192.0.2.1])"
	    "\r\n\t(Authenticated sender: joe)" BY, "192.0.2.1", "b.example",
	    "a.example" },
	{ "Sendmail", " from a.example (b.example [192.0.2.1])\r\n\tby "
	    "mx.here.example (8.15.2/8.15.2) with ESMTP id x", "192.0.2.1",
	    "b.example", "a.example" },
	{ "Sendmail, may be forged", " from a.example (b.example [192.0.2.1] "
	    "(may be forged))" BY, "192.0.2.1", "b.example", "a.example" },
	{ "Sendmail, no name", " from a.example ([192.0.2.1])" BY,
	    "192.0.2.1", NULL, "a.example" },
	{ "Sendmail, ident", " from a.example (joe@b.example [192.0.2.1])" BY,
	    "192.0.2.1", "b.example", "a.example" },
	{ "Exim", " from b.example ([192.0.2.1] helo=a.example)\r\n\tby "
	    "mx.here.example with esmtps", "192.0.2.1", "b.example",
	    "a.example" },
	{ "Exim, with a port", " from b.example ([192.0.2.1]:4711 "
	    "helo=a.example)" BY, "192.0.2.1", "b.example", "a.example" },
	{ "Exim, HELO is the name", " from b.example ([192.0.2.1])" BY,
	    "192.0.2.1", NULL, "b.example" },
	{ "Exim, no name", " from [192.0.2.1] (helo=a.example)" BY,
	    "192.0.2.1", NULL, "a.example" },
	{ "Exim, no name, IPv6", " from [2001:db8::1] (port=25 "
	    "helo=a.example)" BY, "2001:db8::1", NULL, "a.example" },
	{ "Exim, HELO is a literal", " from [192.0.2.1] "
	    "(helo=[198.51.100.9])" BY, "192.0.2.1", NULL, "[198.51.100.9]" },
	{ "qmail", " from unknown (HELO a.example) (192.0.2.1)\r\n  by "
	    "mx.here.example with SMTP", "192.0.2.1", NULL, "a.example" },
	{ "qmail, HELO is a literal", " from b.example (HELO [198.51.100.9]) "
	    "(192.0.2.1)" BY, "192.0.2.1", "b.example", "[198.51.100.9]" },
	{ "Exchange", " from a.example (192.0.2.1) by b.example (192.0.2.99) "
	    "with Microsoft SMTP Server", "192.0.2.1", NULL, "a.example" },
	{ "Exchange, IPv6", " from a.example (2001:db8::1)" BY, "2001:db8::1",
	    NULL, "a.example" },
	{ "a mapped address is IPv4", " from a.example (b.example "
	    "[IPv6:::ffff:192.0.2.1])" BY, "192.0.2.1", "b.example",
	    "a.example" },
	{ "FROM, BY", " FROM a.example ([192.0.2.1]) BY b.example",
	    "192.0.2.1", NULL, "a.example" },
	{ "the same twice", " from [192.0.2.1] (helo=a.example [192.0.2.1])"
	    BY, "192.0.2.1", NULL, "a.example" },
	/* nobody, or nobody knows who */
	{ "no clause", BY, NULL, NULL, NULL },
	{ "empty", "", NULL, NULL, NULL },
	{ "a local pickup", " by mx.here.example (Postfix, from userid 0)",
	    NULL, NULL, NULL },
	{ "no address", " from a.example (b.example)" BY, NULL, NULL, NULL },
	{ "no by", " from a.example (b.example [192.0.2.1])", NULL, NULL,
	    NULL },
	{ "an address of by alone", " from a.example by b.example "
	    "([192.0.2.1])", NULL, NULL, NULL },
	{ "a literal for HELO alone", " from [192.0.2.1] (b.example)" BY,
	    NULL, NULL, NULL },
	{ "HELO with a comment", " from a ([198.51.100.9]) (b.example "
	    "[192.0.2.1])" BY, NULL, NULL, NULL },
	{ "HELO with half a comment", " from a (b.example [198.51.100.9] "
	    "(b.example [192.0.2.1])" BY, NULL, NULL, NULL },
	{ "HELO that ends a comment", " from a) (b.example [192.0.2.1])" BY,
	    NULL, NULL, NULL },
	{ "HELO with by", " from a by b (b.example [192.0.2.1])" BY, NULL,
	    NULL, NULL },
	{ "HELO with a quoted parenthesis", " from a\\( (b.example "
	    "[192.0.2.1])" BY, "192.0.2.1", "b.example", "a\\(" },
	{ "ident with an address", " from a ([198.51.100.9]@b.example "
	    "[192.0.2.1])" BY, "192.0.2.1", "b.example", "a" },
	{ "ident with one of its own", " from a (x [198.51.100.9] "
	    "[192.0.2.1])" BY, NULL, NULL, NULL },
	{ "two in Exim's form", " from [198.51.100.9] ([192.0.2.1] helo=x)"
	    BY, NULL, NULL, NULL },
	{ "a bare address beside words", " from a (b 192.0.2.1)" BY, NULL,
	    NULL, NULL },
	{ "not an address", " from a (b [192.0.2.256])" BY, NULL, NULL, NULL },
	{ "not closed", " from a (b [192.0.2.1)" BY, NULL, NULL, NULL },
	{ "a port that is none", " from a (b [192.0.2.1]:x)" BY, NULL, NULL,
	    NULL },
	{ "a backslash at the end", " from a (b [192.0.2.1]) \\", NULL, NULL,
	    NULL },
};

static void
check_row(size_t i)
{
	struct received_client c;
	char text[INET6_ADDRSTRLEN] = "";
	bool found = received_client(str_from(rows[i].value), &c);

	if (!tap_ok(found == (rows[i].ip != NULL), "%s", rows[i].name) ||
	    !found) {
		return;
	}
	if (c.addr->sa_family == AF_INET) {
		inet_ntop(AF_INET, &((const struct sockaddr_in *)
		    (const void *)c.addr)->sin_addr, text, sizeof(text));
	} else {
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)
		    (const void *)c.addr)->sin6_addr, text, sizeof(text));
	}
	tap_str(str_from(text), str_from(rows[i].ip), "the address");
	tap_str(c.name, str_from(rows[i].host), "its name");
	tap_str(c.helo, str_from(rows[i].helo), "HELO");
}

/* A field of 1 MiB, and comments as deep. */
static void
check_limits(void)
{
	struct received_client c;
	struct buf value;
	int i;

	buf_init(&value, 1 << 22);
	buf_add_cstr(&value, " from a.example");
	for (i = 0; i < (1 << 20); i++) {
		buf_add_char(&value, '(');
	}
	tap_ok(!received_client(buf_str(&value), &c), "1 MiB of parentheses");
	for (i = 0; i < (1 << 20); i++) {
		buf_add_char(&value, ')');
	}
	buf_add_cstr(&value, " (b.example [192.0.2.1]) by x");
	tap_ok(received_client(buf_str(&value), &c), "and all are closed");
	buf_reset(&value);
	buf_add_cstr(&value, " from a.example ([192.0.2.1] ");
	for (i = 0; i < (1 << 20); i++) {
		buf_add_char(&value, i % 2 ? ' ' : 'x');
	}
	buf_add_cstr(&value, ") by x");
	tap_ok(received_client(buf_str(&value), &c), "many words");
	buf_fini(&value);
	tap_ok(!received_client(STR("\0from\0a\0([192.0.2.1]\0)"), &c),
	    "NUL bytes");
	tap_ok(!received_client(STR_NONE, &c), "nothing");
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
