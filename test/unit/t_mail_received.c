/* SPDX-License-Identifier: BSD-2-Clause */

#include "base/buf.h"
#include "guard.h"
#include "mail/received.h"
#include "tap.h"

#define BUF_BYTES	(8 * 1024 * 1024)
#define S(literal)	{ (literal), sizeof(literal) - 1 }

/* The real client is always 192.0.2.7 or 2001:db8::7. */
static const struct {
	struct str	 in;
	const char	*ip;		/* NULL: no client, or not clear */
	const char	*name, *helo;	/* NULL: absent */
} rows[] = {
	/* Postfix */
	{ S(" from h.example (n.example [192.0.2.7]) by mx.example (Postfix) "
	    "with ESMTP id X for <a@b.example>; Mon, 1 Jan 2024 00:00:00 "
	    "+0000 (UTC)"), "192.0.2.7", "n.example", "h.example" },
	{ S(" from h.example (n.example [192.0.2.7])\r\n\t(using TLSv1.3 with "
	    "cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\r\n\t key-exchange "
	    "X25519)\r\n\t(Client CN \"c (x) y\", Issuer \"i\" (verified "
	    "OK))\r\n\t(Authenticated sender: joe)\r\n\tby mx.example "
	    "(Postfix) with ESMTPSA id X;\r\n\tMon, 1 Jan 2024"),
	    "192.0.2.7", "n.example", "h.example" },
	{ S("from h.example (unknown [192.0.2.7]) by mx"),
	    "192.0.2.7", NULL, "h.example" },
	{ S("from unknown (unknown [192.0.2.7]) by mx"),
	    "192.0.2.7", NULL, NULL },
	{ S("from h (n.example [IPv6:2001:db8::7]) by mx"),
	    "2001:db8::7", "n.example", "h" },
	{ S("from h (n.example [ipv6:2001:DB8::7]) by mx"),
	    "2001:db8::7", "n.example", "h" },
	{ S("from h (n [IPv6:::ffff:192.0.2.7]) by mx"),
	    "192.0.2.7", "n", "h" },
	{ S("from [10.0.0.1] (n.example [192.0.2.7]) by mx"),
	    "192.0.2.7", "n.example", "[10.0.0.1]" },
	{ S("FROM h (n [192.0.2.7]) BY mx"), "192.0.2.7", "n", "h" },
	{ S("from\r\n h\r\n (n\r\n [192.0.2.7])\r\n by\r\n mx"),
	    "192.0.2.7", "n", "h" },
	{ S("from h (unknown [unknown]) by mx"), NULL, NULL, NULL },
	{ S("from h (localhost [local]) by mx"), NULL, NULL, NULL },
	/* Sendmail */
	{ S("from h (n.example [192.0.2.7] (may be forged)) by mx"),
	    "192.0.2.7", "n.example", "h" },
	{ S("from h ([192.0.2.7]) by mx"), "192.0.2.7", NULL, "h" },
	{ S("from h (joe@n.example [192.0.2.7]) by mx"),
	    "192.0.2.7", "n.example", "h" },
	{ S("from h (joe@[192.0.2.7]) by mx"), "192.0.2.7", NULL, "h" },
	{ S("from h (j@x@n.example [192.0.2.7]) (authenticated bits=0) by mx"),
	    "192.0.2.7", "n.example", "h" },
	{ S("(from joe@localhost) by mx"), NULL, NULL, NULL },
	/* Exim */
	{ S("from [192.0.2.7] (helo=h.example) by mx with esmtp (Exim 4.96)"),
	    "192.0.2.7", NULL, "h.example" },
	{ S("from [192.0.2.7] (port=25 helo=h ident=joe) by mx"),
	    "192.0.2.7", NULL, "h" },
	{ S("from [192.0.2.7] (ident=joe) by mx"), "192.0.2.7", NULL, NULL },
	{ S("from [2001:db8::7] (helo=[IPv6:2001:db8::9]) by mx"),
	    "2001:db8::7", NULL, "[IPv6:2001:db8::9]" },
	{ S("from n.example ([192.0.2.7]:4567 helo=h.example)\r\n\tby mx"),
	    "192.0.2.7", "n.example", "h.example" },
	{ S("from n.example ([192.0.2.7] helo=h) by mx"),
	    "192.0.2.7", "n.example", "h" },
	{ S("from n.example ([192.0.2.7] ident=joe) by mx"),
	    "192.0.2.7", "n.example", "n.example" },
	{ S("from n.example ([192.0.2.7]:25) by mx"),
	    "192.0.2.7", NULL, "n.example" },
	{ S("from n.example ([2001:db8::7] helo=h) by mx"),
	    "2001:db8::7", "n.example", "h" },
	{ S("from [192.0.2.7] by mx"), NULL, NULL, NULL },
	/* qmail */
	{ S("from unknown (HELO h.example) (192.0.2.7)\n  by mx with SMTP"),
	    "192.0.2.7", NULL, "h.example" },
	{ S("from n.example (HELO h) (joe@192.0.2.7) by mx"),
	    "192.0.2.7", "n.example", "h" },
	{ S("from n.example (EHLO h) (192.0.2.7) by mx"),
	    "192.0.2.7", "n.example", "h" },
	{ S("from h (192.0.2.7) by mx"), "192.0.2.7", NULL, "h" },
	{ S("from unknown (HELO 198.51.100.9) (192.0.2.7) by mx"),
	    "192.0.2.7", NULL, "198.51.100.9" },
	{ S("from n (HELO h) (198.51.100.9@192.0.2.7) by mx"),
	    "192.0.2.7", "n", "h" },
	{ S("from n (HELO h) (198.51.100.9@x@192.0.2.7) by mx"),
	    "192.0.2.7", "n", "h" },
	/* Exchange */
	{ S("from h.example (192.0.2.7) by mx.example (198.51.100.1) with "
	    "Microsoft SMTP Server (version=TLS1_2, cipher=X) id 15.1; Mon"),
	    "192.0.2.7", NULL, "h.example" },
	{ S("from h.example (2001:db8::7) by mx (2001:db8::1) with x"),
	    "2001:db8::7", NULL, "h.example" },
	{ S("from h (::ffff:192.0.2.7) by mx"), "192.0.2.7", NULL, "h" },
	/* one address said twice is one */
	{ S("from h (n [192.0.2.7]) (192.0.2.7) by mx"),
	    "192.0.2.7", "n", "h" },
	/* the name or HELO is odd */
	{ S("from h (n/x [192.0.2.7]) by mx"), "192.0.2.7", NULL, "h" },
	{ S("from a b [198.51.100.9] (n [192.0.2.7]) by mx"),
	    "192.0.2.7", "n", "a b [198.51.100.9]" },
	{ S("from \"h (x)\" (n [192.0.2.7]) by mx"),
	    "192.0.2.7", "n", "\"h (x)\"" },
	{ S("from (n [192.0.2.7]) by mx"), "192.0.2.7", "n", NULL },
	/* a false HELO, as Postfix, Sendmail or Exchange would write it */
	{ S("from [198.51.100.9] (n [192.0.2.7]) by mx"),
	    "192.0.2.7", "n", "[198.51.100.9]" },
	{ S("from [198.51.100.9] ([192.0.2.7]) by mx"),
	    "192.0.2.7", NULL, "[198.51.100.9]" },
	{ S("from [198.51.100.9] (192.0.2.7) by mx"),
	    "192.0.2.7", NULL, "[198.51.100.9]" },
	{ S("from [198.51.100.9] (unknown [unknown]) by mx"),
	    NULL, NULL, NULL },
	{ S("from helo=[198.51.100.9] (n [192.0.2.7]) by mx"),
	    "192.0.2.7", "n", "helo=[198.51.100.9]" },
	/* and with parentheses, where a relay leaves them */
	{ S("from x(y[198.51.100.9]) (n [192.0.2.7]) by mx"),
	    "192.0.2.7", "n", "x" },
	{ S("from x (y [198.51.100.9]) (n [192.0.2.7]) by mx"),
	    NULL, NULL, NULL },
	{ S("from a ([198.51.100.9]) (n [192.0.2.7]) by mx"),
	    NULL, NULL, NULL },
	{ S("from a (198.51.100.9) (n [192.0.2.7]) by mx"),
	    NULL, NULL, NULL },
	{ S("from [198.51.100.9] (helo=x) (n [192.0.2.7]) by mx"),
	    NULL, NULL, NULL },
	{ S("from [198.51.100.9] (HELO x) (n [192.0.2.7]) by mx"),
	    NULL, NULL, NULL },
	{ S("from a (helo=b) c (n [192.0.2.7]) by mx"), NULL, NULL, NULL },
	{ S("from a ([198.51.100.9]) by b (n [192.0.2.7]) by mx"),
	    NULL, NULL, NULL },
	{ S("from a ([198.51.100.9]) by b; (n [192.0.2.7]) by mx"),
	    NULL, NULL, NULL },
	{ S("from a ([198.51.100.9]) by b ( (n [192.0.2.7]) by mx"),
	    NULL, NULL, NULL },
	{ S("from a ([198.51.100.9]) by b ( (n [192.0.2.7]) by mx for "
	    "<\")\"@c.example>"), NULL, NULL, NULL },
	{ S("from a ([198.51.100.9]) by b ( (n [192.0.2.7]) (by) mx (envelope-"
	    "from <\"))\"@c>)"), NULL, NULL, NULL },
	{ S("from a ([198.51.100.9]) by b \" (n [192.0.2.7]) by mx for "
	    "<\"a\\\"b\"@c.example>"), NULL, NULL, NULL },
	{ S("from a) ([198.51.100.9]) by mx"), NULL, NULL, NULL },
	{ S("from a ([198.51.100.9]\\) by mx"), NULL, NULL, NULL },
	{ S("from a\\( ([198.51.100.9]) by mx"), NULL, NULL, NULL },
	{ S("from a\\ (n [192.0.2.7]) by mx"), NULL, NULL, NULL },
	{ S("from h (n [junk]) (192.0.2.7) by mx"), NULL, NULL, NULL },
	{ S("from a \" (n [192.0.2.7]) by mx"), NULL, NULL, NULL },
	/* in Exim's comment */
	{ S("from n ([192.0.2.7] helo=[198.51.100.9]) by mx"),
	    "192.0.2.7", "n", "[198.51.100.9]" },
	{ S("from n ([192.0.2.7] helo=x [198.51.100.9]) by mx"),
	    "192.0.2.7", "n", "x" },
	{ S("from n ([192.0.2.7] helo=x ([198.51.100.9])) by mx"),
	    "192.0.2.7", "n", "x" },
	{ S("from n ([192.0.2.7] helo=x) ([198.51.100.9]) by mx"),
	    NULL, NULL, NULL },
	{ S("from [192.0.2.7] (helo=x) (y [198.51.100.9]) by mx"),
	    NULL, NULL, NULL },
	{ S("from [192.0.2.7] (helo=x helo=[198.51.100.9]) by mx"),
	    "192.0.2.7", NULL, "x" },
	/* in qmail's */
	{ S("from n (HELO x [198.51.100.9]) (192.0.2.7) by mx"),
	    "192.0.2.7", "n", "x [198.51.100.9]" },
	{ S("from n (HELO x) (198.51.100.9) (192.0.2.7) by mx"),
	    NULL, NULL, NULL },
	{ S("from n (HELO x) (198.51.100.9 192.0.2.7) by mx"),
	    NULL, NULL, NULL },
	/* a false ident or reverse name */
	{ S("from h ([198.51.100.9] [192.0.2.7]) by mx"), NULL, NULL, NULL },
	{ S("from h (a@[198.51.100.9] [192.0.2.7]) by mx"),
	    NULL, NULL, NULL },
	{ S("from h (x [198.51.100.9] [192.0.2.7]) by mx"),
	    NULL, NULL, NULL },
	{ S("from h (x [198.51.100.9]@n [192.0.2.7]) by mx"),
	    NULL, NULL, NULL },
	{ S("from h (x [198.51.100.9](y) [192.0.2.7]) by mx"),
	    NULL, NULL, NULL },
	{ S("from h (198.51.100.9 [192.0.2.7]) by mx"),
	    "192.0.2.7", "198.51.100.9", "h" },
	/* no client */
	{ S(""), NULL, NULL, NULL },
	{ S(" "), NULL, NULL, NULL },
	{ S("from"), NULL, NULL, NULL },
	{ S("from by mx"), NULL, NULL, NULL },
	{ S("by mx (Postfix, from userid 0) id X; Mon"), NULL, NULL, NULL },
	{ S("by mx (n [192.0.2.7])"), NULL, NULL, NULL },
	{ S("from h by mx (n [192.0.2.7])"), NULL, NULL, NULL },
	{ S("from h (n [192.0.2.7])"), NULL, NULL, NULL },
	{ S("from h (n [192.0.2.7] by mx)"), NULL, NULL, NULL },
	{ S("fromh (n [192.0.2.7]) by mx"), NULL, NULL, NULL },
	{ S("(x) from h (n [192.0.2.7]) by mx"), NULL, NULL, NULL },
	{ S("from h (n [192.0.2.7]) bye mx"), NULL, NULL, NULL },
	{ S("from 192.0.2.7 by mx"), NULL, NULL, NULL },
	{ S("from h () by mx"), NULL, NULL, NULL },
	{ S("from h (n 192.0.2.7) by mx"), NULL, NULL, NULL },
	/* no address */
	{ S("from h (n []) by mx"), NULL, NULL, NULL },
	{ S("from h (n [192.0.2.7) by mx"), NULL, NULL, NULL },
	{ S("from h (n [192.0.2.7]x) by mx"), NULL, NULL, NULL },
	{ S("from h ([192.0.2.7]:) by mx"), NULL, NULL, NULL },
	{ S("from h ([192.0.2.7]:x helo=h) by mx"), NULL, NULL, NULL },
	{ S("from h (n [192.0.2.256]) by mx"), NULL, NULL, NULL },
	{ S("from h (n [192.0.2]) by mx"), NULL, NULL, NULL },
	{ S("from h (n [fe80::7%eth0]) by mx"), NULL, NULL, NULL },
	{ S("from h (n [IPv6:IPv6:2001:db8::7]) by mx"), NULL, NULL, NULL },
	{ S("from h (n [2001:0db8:0000:0000:0000:0000:0000:0000:0007]) by m"),
	    NULL, NULL, NULL },
	/* control characters */
	{ S("from h (n [192.0.2.7\0]) by mx"), NULL, NULL, NULL },
	{ S("from h\0 (n [192.0.2.7]) by mx"), NULL, NULL, NULL },
	{ S("from h (n [192.0.2.7]) by mx \x1b"), NULL, NULL, NULL },
	/* a comment that ends in what quotes nothing, at the very end */
	{ S("from h (n [192.0.2.7]) by mx (\\"), NULL, NULL, NULL },
	{ S("from h (n [192.0.2.7]) by mx \"\\"), NULL, NULL, NULL },
};

static void
check_address(const struct received_client *r, const char *want,
    const char *name)
{
	char text[IP_TEXT_BYTES];

	ip_text(&r->ip, text);
	tap_str(str_from(text), str_from(want), name);
}

static void
check_view(struct str got, const char *want, const char *name)
{
	tap_str(got, str_from(want), name);
	tap_ok((got.p == NULL) == (want == NULL), "%s: absent or not", name);
}

static void
t_rows(void)
{
	struct received_client r;
	char name[80];
	size_t i;
	bool got;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(name, sizeof(name), "row %zu: %.50s", i,
		    rows[i].in.p);
		name[strcspn(name, "\r\n#\x1b")] = '\0';
		got = received_client(guard_put(rows[i].in), &r);
		if (!tap_ok(got == (rows[i].ip != NULL), "%s: %s", name,
		    rows[i].ip != NULL ? rows[i].ip : "none") || !got) {
			continue;
		}
		check_address(&r, rows[i].ip, name);
		check_view(r.name, rows[i].name, name);
		check_view(r.helo, rows[i].helo, name);
	}
}

/* Each would take for ever if some part were read again and again. */
static const struct {
	const char	*first, *again;
	size_t		 n;
	const char	*last;
	bool		 want;
} large[] = {
	{ "from ", "h", 1000000, " (n [192.0.2.7]) by mx", true },
	{ "from ", "h ", 500000, "(n [192.0.2.7]) by mx", true },
	{ "from h (", "n", 1000000, " [192.0.2.7]) by mx", true },
	{ "from h (n [192.0.2.7]) by mx", " x", 500000, "", true },
	{ "from h (n [192.0.2.7]) ", "(x)", 300000, "by mx", true },
	{ "from h ", "(n [192.0.2.7])", 60000, "by mx", true },
	{ "from h ", "(HELO h)", 100000, "(192.0.2.7) by mx", true },
	{ "from h ([192.0.2.7] ", "ident=", 100000, ") by mx", true },
	{ "from h (", "a@", 500000, "n [192.0.2.7]) by mx", true },
	{ "from h (n [192.0.2.7]) by ", "\"\"", 500000, "", true },
	{ "from h (n [192.0.2.7]) by ", "\"\\\"\" ", 250000, "", true },
	{ "from h (n [192.0.2.7]) by mx", "\r\n ", 300000, "", true },
	{ "from h (n [", "1", 1000000, "]) by mx", false },
	{ "from h (n [192.0.2.7]) ", "by ", 300000, "mx", false },
	{ "from ", "(", 1000000, "", false },
	{ "from ", ")", 1000000, "", false },
	{ "from ", "[", 1000000, "(n [192.0.2.7]) by mx", true },
	{ "from ", "\"", 1000001, "(n [192.0.2.7]) by mx", false },
	{ "from ", "()", 500000, "by mx", false },
	{ "from ", "(\\", 500000, "", false },
	{ "", "from ", 200000, "", false },
	{ "", " ", 1000000, "", false },
};

static void
t_large(void)
{
	struct received_client r;
	struct buf in;
	size_t i, k;

	buf_init(&in, BUF_BYTES);
	for (i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
		buf_reset(&in);
		buf_add_cstr(&in, large[i].first);
		for (k = 0; k < large[i].n; k++) {
			buf_add_cstr(&in, large[i].again);
		}
		buf_add_cstr(&in, large[i].last);
		tap_ok(in.status == STATUS_OK && received_client(buf_str(&in),
		    &r) == large[i].want, "large %zu: %zu times", i,
		    large[i].n);
	}
	/* Comments may nest as deep as they like. */
	buf_reset(&in);
	buf_add_cstr(&in, "from h (n [192.0.2.7]) ");
	for (k = 0; k < 1000000; k++) {
		buf_add_char(&in, k < 500000 ? '(' : ')');
	}
	buf_add_cstr(&in, " by mx");
	tap_ok(received_client(buf_str(&in), &r), "nested comments");
	buf_fini(&in);
}

static const struct {
	const char	*in;
	const char	*by, *with;	/* NULL: absent */
	const char	*id;
	const char	*address;	/* "unclear"; NULL: none */
	const char	*name, *helo;
	bool		 login;
} hops[] = {
	{ " from h.example (n.example [192.0.2.7])\r\n\t(using TLSv1.3 with "
	    "cipher X (256/256 bits))\r\n\t(Client CN \"c (x) y\", Issuer "
	    "\"i\" (verified OK))\r\n\tby mx.example (Postfix) with ESMTPS "
	    "id X\r\n\tfor <a@b>; Mon", "mx.example", "ESMTPS", "X",
	    "192.0.2.7", "n.example", "h.example", false },
	{ "from h (n [192.0.2.7]) (Authenticated sender: joe) by mx (Postfix) "
	    "with ESMTPSA id X;", "mx", "ESMTPSA", "X", "192.0.2.7", "n", "h",
	    true },
	{ "from h (n [192.0.2.7] (may be forged)) (authenticated bits=0) by mx "
	    "(8.15.2/8.15.2) with ESMTP id X; Mon", "mx", "ESMTP", "X",
	    "192.0.2.7",
	    NULL, "h", true },
	{ "from h (n [IPv6:2001:db8::7]) by mx with SMTP; Mon", "mx", "SMTP",
	    NULL,
	    "2001:db8::7", "n", "h", false },
	{ "FROM h (n [192.0.2.7]) BY mx; Mon", "mx", NULL, NULL, "192.0.2.7",
	    "n",
	    "h", false },
	{ "from h (unknown [192.0.2.7]) by mx via x with SMTP", "mx", "SMTP",
	    NULL,
	    "192.0.2.7", NULL, "h", false },
	/* HELO is any word. */
	{ "from by (n [192.0.2.7]) by mx with SMTP", "mx", "SMTP", NULL,
	    "192.0.2.7", "n", "by", false },
	{ "from with (n [192.0.2.7]) by mx with SMTP", "mx", "SMTP", NULL,
	    "192.0.2.7", "n", "with", false },
	{ "from from (n [192.0.2.7]) by mx with SMTP", "mx", "SMTP", NULL,
	    "192.0.2.7", "n", "from", false },
	{ "from [127.0.0.1] (n [192.0.2.7]) by mx with SMTP", "mx", "SMTP",
	    NULL,
	    "192.0.2.7", "n", "[127.0.0.1]", false },
	{ "from localhost by mx with SpamAssassin (version 4);\r\n\tMon", "mx",
	    "SpamAssassin", NULL, NULL, NULL, "localhost", false },
	{ "by mx (Postfix, from userid 0) id X; Mon", "mx", NULL, "X", NULL,
	    NULL, NULL, false },
	{ "by mx (n [192.0.2.7]) with HTTP", "mx", "HTTP", NULL, NULL, NULL,
	    NULL,
	    false },
	{ "from h (x@localhost [local]) by mx with ESMTP", "mx", "ESMTP", NULL,
	    NULL,
	    NULL, "h", false },
	{ "from h (n [unknown]) by mx with SMTP", "mx", "SMTP", NULL, "unclear",
	    NULL,
	    "h", false },
	{ "from h ([192.0.2.9] [192.0.2.7]) by mx with SMTP", "mx", "SMTP",
	    NULL,
	    "unclear", NULL, "h", false },
	/* The rest need not be well formed. */
	{ "from h (n [192.0.2.7]) by mx with SMTP for <\"(", "mx", "SMTP", NULL,
	    "192.0.2.7", "n", "h", false },
	{ "from h (n [192.0.2.7]) by mx ( with SMTP", "mx", NULL, NULL,
	    "192.0.2.7",
	    "n", "h", false },
	{ "from h (n [192.0.2.7]", NULL, NULL, NULL, NULL, NULL, "h", false },
	{ "from", NULL, NULL, NULL, NULL, NULL, NULL, false },
	{ "", NULL, NULL, NULL, NULL, NULL, NULL, false },
	{ "with SMTP by", NULL, NULL, NULL, NULL, NULL, NULL, false },
};

static const char *
address_of(const struct received_hop *hop, char text[IP_TEXT_BYTES])
{
	switch (hop->address) {
	case RECEIVED_NO_ADDRESS:
		return (NULL);
	case RECEIVED_UNCLEAR:
		return ("unclear");
	case RECEIVED_ADDRESS:
		ip_text(&hop->client.ip, text);
		return (text);
	}
	return (NULL);
}

static bool
is_text(struct str got, const char *want)
{
	return (str_eq(got, str_from(want)) &&
	    (got.p == NULL) == (want == NULL));
}

static void
t_hops(void)
{
	char ip[IP_TEXT_BYTES];
	size_t i;

	for (i = 0; i < sizeof(hops) / sizeof(hops[0]); i++) {
		struct received_hop r;

		received_hop(str_from(hops[i].in), &r);
		tap_ok(is_text(r.by, hops[i].by) &&
		    is_text(r.with, hops[i].with) &&
		    is_text(r.id, hops[i].id) &&
		    is_text(str_from(address_of(&r, ip)), hops[i].address) &&
		    is_text(r.client.name, hops[i].name) &&
		    is_text(r.client.helo, hops[i].helo) &&
		    r.login == hops[i].login, "hop %zu: %s", i, hops[i].in);
	}
}

int
main(void)
{
	t_rows();
	t_large();
	t_hops();
	return (tap_done());
}
