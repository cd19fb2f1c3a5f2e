/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mail from outside that comes back without a mark, known by its Received
 * fields; and mail of our own that has Received fields, too.
 */
#include "engine_fixture.h"
#include "tap.h"

#define CONF		FX_SIGN "SubDomains yes\n" \
	"InternalHosts 127.0.0.1,::1,10.0.0.0/8,.in.example\n"
#define HOST		"mx.example.com"
#define BY(protocol)	" by " HOST " (Postfix) with " protocol \
	" id X; Mon, 1 Jan 2024 00:00:00 +0000\r\n"
#define RECEIVED(client, protocol) \
	"Received: from h.example (" client ")" BY(protocol)
#define OUTSIDE		RECEIVED("n.example [192.0.2.7]", "ESMTP")
#define BACK_IN		RECEIVED("localhost [127.0.0.1]", "ESMTP")
#define LOGIN		RECEIVED("n.example [192.0.2.7]", "ESMTPSA")
#define PICKUP		"Received: by " HOST " (Postfix, from userid 8) " \
	"id X; Mon, 1 Jan 2024 00:00:00 +0000\r\n"
#define OF_A_FILTER	"Received: from " HOST " ([127.0.0.1]) by localhost " \
	"(a filter) with ESMTP id 1; Mon, 1 Jan 2024 00:00:00 +0000\r\n"
#define WRAPPED		"Received: from localhost by old.example\r\n\twith " \
	"SpamAssassin (version 4.0.0);\r\n\tMon, 1 Jan 2024 00:00:00 +0000\r\n"
#define REST		"From: Joe <joe@example.com>\r\n" \
	"Message-ID: <a.1@client.example>\r\n" \
	"Subject: s\r\nTo: you@example.net\r\n\r\nbody\r\n"
#define TEXT_MAX	(1024 * 1024)

#define SIGN		ENGINE_SIGN
#define BACK		ENGINE_RETURNED

static const struct {
	const char		*name;
	const char		*conf;		/* beside CONF */
	const char		*received;
	enum engine_direction	 want;
} rows[] = {
	{ "from outside", "", OUTSIDE, BACK },
	{ "through a filter", "", OF_A_FILTER OUTSIDE, BACK },
	{ "through two", "", OF_A_FILTER BACK_IN OF_A_FILTER OUTSIDE, BACK },
	{ "through sendmail(1)", "", PICKUP OUTSIDE, BACK },
	{ "by SMTP", "", RECEIVED("n.example [192.0.2.7]", "SMTP"), BACK },
	{ "by TLS", "", RECEIVED("n.example [192.0.2.7]", "ESMTPS"), BACK },
	{ "with SMTPUTF8", "", RECEIVED("n.example [192.0.2.7]",
	    "UTF8SMTPS"), BACK },
	{ "by IPv6", "", RECEIVED("n.example [IPv6:2001:db8::7]", "ESMTP"),
	    BACK },
	{ "without a reverse name", "", RECEIVED("unknown [192.0.2.7]",
	    "ESMTP"), BACK },
	{ "of Sendmail", "", "Received: from h.example ([192.0.2.7]) by " HOST
	    " (8.18.1/8.18.1) with ESMTP id X; Mon\r\n", BACK },
	{ "our name in capitals", "", "Received: from h (n [192.0.2.7]) by "
	    "MX.Example.COM (Postfix) with ESMTP id X; Mon\r\n", BACK },
	{ "folded", "", "Received: from h\r\n\t(n\r\n\t[192.0.2.7])\r\n\tby\r\n"
	    "\t" HOST "\r\n\twith\r\n\tESMTP; Mon\r\n", BACK },
	{ "no address of the client", "", RECEIVED("unknown [unknown]",
	    "ESMTP"), BACK },
	{ "HELO by", "", "Received: from by (n [192.0.2.7])" BY("ESMTP"),
	    BACK },
	{ "HELO of an internal address", "", "Received: from [127.0.0.1] "
	    "(n [192.0.2.7])" BY("ESMTP"), BACK },
	{ "HELO of an internal name", "", "Received: from a.in.example "
	    "(unknown [192.0.2.7])" BY("ESMTP"), BACK },
	{ "an internal name that may be forged", "",
	    RECEIVED("a.in.example [192.0.2.7] (may be forged)", "ESMTP"),
	    BACK },
	{ "a forged login below", "", OUTSIDE LOGIN, BACK },
	{ "a reverse name like a login", "",
	    RECEIVED("authenticated.example [192.0.2.7]", "ESMTP"), BACK },
	{ "an identity like a login", "",
	    RECEIVED("authenticated @n.example [192.0.2.7]", "ESMTP"), BACK },
	{ "an identity like HELO", "",
	    RECEIVED("HELO a@n.example [192.0.2.7]", "ESMTP"), BACK },
	{ "an identity like an internal name", "",
	    RECEIVED("a.in.example @n.example [192.0.2.7]", "ESMTP"), BACK },
	{ "an identity like an internal address", "",
	    RECEIVED("a [127.0.0.1]@n.example [192.0.2.7]", "ESMTP"), BACK },
	{ "no login in a second comment", "", "Received: from h.example (n "
	    "[192.0.2.7]) (authenticated.example)" BY("ESMTP"), BACK },
	{ "a forged field of an internal client below", "", OUTSIDE BACK_IN,
	    BACK },
	{ "from a relay of ours for mail from outside",
	    "TrustedRelays 10.1.2.3\n", RECEIVED("r [10.1.2.3]", "ESMTP"),
	    BACK },
	{ "wrapped by SpamAssassin", "", WRAPPED, BACK },
	{ "the same by sendmail(1)", "", PICKUP WRAPPED, BACK },
	{ "fetched by POP", "", "Received: from pop.example [192.0.2.7]\r\n\t"
	    "by localhost with POP3 (fetchmail-6.4.37)\r\n\tfor <joe@here> "
	    "(single-drop); Mon\r\n", BACK },
	{ "fetched by IMAP, in a way of its own", "", PICKUP "Received: from "
	    "pop.example by " HOST " with IMAP4-SSL; Mon\r\n", BACK },

	{ "no Received", "", "", SIGN },
	{ "from an internal host", "", BACK_IN, SIGN },
	{ "from an internal network", "", RECEIVED("a [10.1.2.3]", "ESMTP"),
	    SIGN },
	{ "from an internal name with an identity", "",
	    RECEIVED("Joe B@a.in.example [192.0.2.7]", "ESMTP"), SIGN },
	{ "from an internal name", "", RECEIVED("a.in.example [192.0.2.7]",
	    "ESMTP"), SIGN },
	{ "from a peer", "PeerList 192.0.2.7\n", OUTSIDE, SIGN },
	{ "local", "", PICKUP, SIGN },
	{ "fetched, but then resent with a login", "", LOGIN "Received: from "
	    "pop.example by " HOST " with POP3; Mon\r\n", SIGN },
	{ "with a login", "", LOGIN, SIGN },
	{ "with a login, by a filter", "", OF_A_FILTER LOGIN, SIGN },
	{ "with a login that resends what came from outside", "",
	    OF_A_FILTER LOGIN OUTSIDE, SIGN },
	{ "with a login, as Sendmail says it", "", "Received: from h.example "
	    "(n [192.0.2.7]) (authenticated bits=0) by " HOST
	    " (8.18.1/8.18.1) with ESMTP id X; Mon\r\n", SIGN },
	{ "from outside, at another host", "", "Received: from h (n "
	    "[192.0.2.7]) by other.example with ESMTP id X; Mon\r\n", SIGN },
	{ "from a web mailer", "", RECEIVED("n.example [192.0.2.7]", "HTTP"),
	    SIGN },
	{ "the same without an address", "", "Received: from 192.0.2.7 "
	    "(SquirrelMail authenticated user joe)" BY("HTTP"), SIGN },
	{ "the field of this reception", "", "Received: from h.example "
	    "(n.example [192.0.2.7]) by " HOST " (Postfix) with ESMTP id "
	    "4F1A; Mon\r\n", SIGN },
	{ "of a filter under our name, without an address", "",
	    "Received: from localhost" BY("SMTP"), SIGN },
	{ "a local socket", "", RECEIVED("joe@localhost [local]", "ESMTP"),
	    SIGN },
	{ "SpamAssassin's name alone", "", "Received: by x with "
	    "SpamAssassin\r\n", SIGN },
	{ "broken", "", "Received: from h (n [192.0.2.7] by " HOST
	    " with ESMTP\r\n", SIGN },
	{ "empty", "", "Received:\r\n", SIGN },
};

static void
play(struct fx *fx, const struct fx_mail *mail, struct str text,
    enum engine_direction *direction_r, struct buf *left)
{
	struct fx_client client;
	struct engine_msg *m = fx_run(fx, mail, &client, text);
	const struct engine_outcome *out = engine_msg_eom(m);

	*direction_r = out->direction;
	fx_apply(out, text, left);
	engine_msg_free(m);
}

/* Twice: what is written the first time is known the second. */
static void
check_row(struct fx *fx, size_t i, const struct fx_mail *mail)
{
	enum engine_direction direction;
	struct buf conf, text, once, twice;

	buf_init(&conf, TEXT_MAX);
	buf_init(&text, TEXT_MAX);
	buf_init(&once, TEXT_MAX);
	buf_init(&twice, TEXT_MAX);
	buf_printf(&conf, "%s%s", CONF, rows[i].conf);
	fx_configure(fx, conf.p);
	buf_printf(&text, "%s%s", rows[i].received, REST);
	play(fx, mail, buf_str(&text), &direction, &once);
	tap_num(direction, rows[i].want, rows[i].name);
	tap_ok(fx_count(buf_str(&once), "DKIM-Signature:") ==
	    (size_t)(direction == SIGN) &&
	    fx_count(buf_str(&once), "mx.example.net; none") ==
	    (direction == BACK ? 2 : 0), "%s: signed or marked", rows[i].name);
	play(fx, mail, buf_str(&once), &direction, &twice);
	tap_ok(direction == rows[i].want &&
	    str_eq(buf_str(&once), buf_str(&twice)), "%s: once more",
	    rows[i].name);
	buf_fini(&conf);
	buf_fini(&text);
	buf_fini(&once);
	buf_fini(&twice);
}

/* Which clients' mail it is asked of, and by which name of the MTA. */
static void
test_sources(struct fx *fx)
{
	static const struct {
		const char		*name, *conf;
		struct fx_mail		 mail;
		const char		*received;
		enum engine_direction	 want;
	} sources[] = {
		{ "a local submission", CONF, { .mta_name = HOST }, OUTSIDE,
		    BACK },
		{ "a listener in MTA", CONF "MTA x\n", { .ip = "10.1.2.3",
		    .mta_name = HOST, .daemon_name = "x" }, OUTSIDE, BACK },
		{ "a login", CONF, { .ip = "192.0.2.7", .mta_name = HOST,
		    .auth_authen = "joe" }, OUTSIDE, SIGN },
		{ "from outside again", CONF, { .ip = "192.0.2.7",
		    .mta_name = HOST }, OUTSIDE, ENGINE_VERIFY },
		{ "another name of the MTA", CONF, { .ip = "127.0.0.1",
		    .mta_name = "mx.example.net" }, OUTSIDE, SIGN },
		{ "no name of the MTA", "AuthservID " HOST "\n"
		    "Domain example.com\nSelector rsa\nKeyFile @DIR@/rsa\n",
		    { .ip = "127.0.0.1" }, OUTSIDE, SIGN },
		{ "a name without a dot", CONF, { .ip = "127.0.0.1",
		    .mta_name = "localhost" }, "Received: from h (n "
		    "[192.0.2.7]) by localhost with ESMTP\r\n", SIGN },
	};
	enum engine_direction direction;
	struct buf text, left;
	size_t i;

	buf_init(&text, TEXT_MAX);
	buf_init(&left, TEXT_MAX);
	for (i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		fx_configure(fx, sources[i].conf);
		buf_reset(&text);
		buf_reset(&left);
		buf_printf(&text, "%s%s", sources[i].received, REST);
		play(fx, &sources[i].mail, buf_str(&text), &direction, &left);
		tap_num(direction, sources[i].want, sources[i].name);
	}
	buf_fini(&text);
	buf_fini(&left);
}

#define OF(from)	"From: " from "\r\nMessage-ID: <a.1@client.example>" \
	"\r\nSubject: s\r\nTo: you@example.net\r\n\r\nbody\r\n"

/* A list's own address in From, and no mark left. */
static void
test_entered(struct fx *fx)
{
	static const struct {
		const char		*name;
		const char		*queue_id, *first, *second;
		enum engine_direction	 want;
	} lists[] = {
		{ "a foreign author", "X", OF("eve@evil.example"),
		    OF("list@example.com"), SIGN },
		{ "another ID", "Y", OF("eve@evil.example"),
		    OF("list@example.com"), BACK },
		{ "no ID", "", OF("eve@evil.example"), OF("list@example.com"),
		    BACK },
		{ "an author of ours", "X", OF("joe@example.com"),
		    OF("list@example.com"), BACK },
		{ "the same author", "X", OF("joe@example.com"),
		    OF("joe@example.com"), BACK },
		{ "the same local part", "X", OF("List@evil.example"),
		    OF("list@example.com"), BACK },
		{ "an author below our domain", "X", OF("joe@www.example.com"),
		    OF("list@example.com"), BACK },
		{ "two authors", "X", OF("a@evil.example, b@evil.example"),
		    OF("list@example.com"), BACK },
		{ "not clear", "X", OF("eve"), OF("list@example.com"), BACK },
		{ "not clear then", "X", OF("eve@evil.example"),
		    OF("list@example.com, x@y.example"), BACK },
	};
	static const struct fx_mail home = { .ip = "127.0.0.1",
		.mta_name = HOST, .mail_from = "<list-bounces@example.com>" };
	static const struct fx_mail outside = { .ip = "192.0.2.7",
		.mta_name = HOST }, filter = { .ip = "127.0.0.1",
		.mta_name = HOST };
	struct buf text, left;
	size_t i;

	buf_init(&text, TEXT_MAX);
	buf_init(&left, TEXT_MAX);
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		fx_configure(fx, CONF);
		buf_reset(&left);
		(void)fx_play_queued(fx, &outside, lists[i].queue_id,
		    str_from(lists[i].first), &left);
		buf_reset(&text);
		buf_printf(&text, "%s%s", OUTSIDE, lists[i].second);
		tap_num(fx_play_queued(fx, &home, "Z", buf_str(&text), &left),
		    lists[i].want, lists[i].name);
	}
	/* Where no milter saw it come in, the filter's listener did. */
	fx_configure(fx, CONF);
	buf_reset(&text);
	buf_printf(&text, "%s%s", OUTSIDE, OF("eve@evil.example"));
	(void)fx_play_queued(fx, &filter, "Z", buf_str(&text), &left);
	buf_reset(&text);
	buf_printf(&text, "%s%s", OUTSIDE, OF("list@example.com"));
	tap_num(fx_play_queued(fx, &home, "Q", buf_str(&text), &left), SIGN,
	    "noted at the filter's listener");
	buf_fini(&text);
	buf_fini(&left);
}

int
main(void)
{
	static const struct fx_mail home = { .ip = "127.0.0.1",
		.mta_name = HOST };
	struct fx fx;
	size_t i;

	fx_init(&fx, "");
	fx.mark_secret = "secret";
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(&fx, i, &home);
	}
	test_sources(&fx);
	test_entered(&fx);
	fx_fini(&fx);
	return (tap_done());
}
