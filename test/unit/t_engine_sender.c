/* SPDX-License-Identifier: BSD-2-Clause */
/* The client that SPF checks behind a trusted relay. */
#include "engine_fixture.h"
#include "tap.h"

#define CONF	FX_VERIFY "TrustedRelays 192.0.2.20, relay.test\n"
#define REJECT	CONF "OnDMARCReject reject\n"
#define RELAY	"192.0.2.20"
#define BY	" by mx2.test with ESMTP id 1\r\n"
#define MAIL	"From: joe@reject.test\r\n\r\nhi\r\n"

static const char zone[] =
    "reject.test TXT \"v=spf1 ip4:203.0.113.1 -all\"\n"
    "_dmarc.reject.test TXT \"v=DMARC1; p=reject\"\n"
    "2.100.51.198.in-addr.arpa PTR l.lists.test.\n"
    "l.lists.test A 198.51.100.2\n"
    "3.100.51.198.in-addr.arpa PTR l.lists.test.\n";

static const struct row {
	const char	*name;
	const char	*conf;
	const char	*ip, *host;
	const char	*text;
	const char	*sender;	/* "" unknown */
	const char	*helo;
	const char	*source;	/* NULL: the MTA */
	const char	*spf;		/* NULL: not evaluated */
	const char	*exempt;
} rows[] = {
	{ "client is no relay", CONF, "203.0.113.1", NULL,
	    "Received: from x (x [198.51.100.1])" BY MAIL, "203.0.113.1",
	    "client.example", NULL, "pass", NULL },
	{ "client is a relay", CONF, RELAY, NULL,
	    "Received: from a.test (b.test [203.0.113.1])" BY MAIL,
	    "203.0.113.1", "a.test", "Received", "pass", NULL },
	{ "a relay by its host name", CONF, "198.51.100.20", "relay.test",
	    "Received: from a.test (b.test [203.0.113.1])" BY MAIL,
	    "203.0.113.1", "a.test", "Received", "pass", NULL },
	{ "two Received fields: the topmost", CONF, RELAY, NULL,
	    "Received: from a.test (b.test [198.51.100.1])" BY
	    "Received: from a.test (b.test [203.0.113.1])" BY MAIL,
	    "198.51.100.1", "a.test", "Received", "fail", NULL },
	{ "a relay behind a relay", CONF, RELAY, NULL,
	    "Received: from r.test (r.test [192.0.2.20])" BY
	    "Subject: x\r\n"
	    "Received: from a.test (b.test [203.0.113.1])" BY MAIL,
	    "203.0.113.1", "a.test", "Received", "pass", NULL },
	{ "a relay's name in Received only", CONF, RELAY, NULL,
	    "Received: from r.test (relay.test [198.51.100.21])" BY
	    "Received: from a.test (b.test [203.0.113.1])" BY MAIL,
	    "198.51.100.21", "r.test", "Received", "fail", NULL },
	{ "no Received field", CONF, RELAY, NULL, MAIL, "", "",
	    "no Received field names the client", NULL, NULL },
	{ "Received fields name relays only", CONF, RELAY, NULL,
	    "Received: from r.test (r.test [192.0.2.20])" BY MAIL, "", "",
	    "no Received field names the client", NULL, NULL },
	{ "two addresses in Received", CONF, RELAY, NULL,
	    "Received: from a ([203.0.113.1]) (b [198.51.100.1])" BY
	    "Received: from a.test (b.test [203.0.113.1])" BY MAIL, "", "",
	    "the client in Received is not clear", NULL, NULL },
	{ "TrustedRelayMail exempt", CONF "TrustedRelayMail exempt\n", RELAY,
	    NULL,
	    "Received: from a.test (b.test [198.51.100.1])" BY MAIL, "", "",
	    NULL, NULL, "trusted relay" },
	{ "TrustedRelayMail exempt, no From", CONF "TrustedRelayMail exempt\n",
	    RELAY,
	    NULL, "\r\n", "", "", NULL, NULL, "trusted relay" },
	{ "address in MailingListHosts, behind a relay",
	    CONF "MailingListHosts 198.51.100.1\n", RELAY, NULL,
	    "Received: from a.test (b.test [198.51.100.1])" BY MAIL,
	    "198.51.100.1", "a.test", "Received", "fail",
	    "mailing list host" },
	{ "confirmed name in MailingListHosts, behind a relay", REJECT
	    "MailingListHosts .lists.test\n", RELAY, NULL,
	    "Received: from a.test (x [198.51.100.2])" BY MAIL,
	    "198.51.100.2", "a.test", "Received", "fail",
	    "mailing list host" },
	{ "unconfirmed name in MailingListHosts, behind a relay", REJECT
	    "MailingListHosts .lists.test\n", RELAY, NULL,
	    "Received: from a.test (l.lists.test [198.51.100.3])" BY MAIL,
	    "198.51.100.3", "a.test", "Received", "fail", NULL },
};

static void
check_row(struct fx *fx, const struct row *row)
{
	struct fx_mail mail = { .ip = row->ip, .host = row->host,
		.mail_from = "<joe@reject.test>" };
	const struct engine_outcome *out;
	char text[IP_TEXT_BYTES] = "";
	struct fx_client client;
	struct engine_msg *m;

	fx_configure(fx, row->conf);
	m = fx_run(fx, &mail, &client, str_from(row->text));
	out = engine_msg_eom(m);
	if (out->sender->known) {
		ip_text(&out->sender->ip, text);
	}
	tap_str(str_from(text), str_from(row->sender), row->name);
	tap_str(out->sender->helo, str_from(row->helo), "HELO");
	tap_str(str_from(out->sender->source), str_from(row->source),
	    "source");
	tap_str(str_from(out->spf != NULL ?
	    spf_result_name(out->spf->result) : NULL), str_from(row->spf),
	    "SPF");
	tap_ok(fx_contains(out->authres, "spf=none reason=\"") ==
	    (out->spf == NULL && row->exempt == NULL), "a result: %.*s",
	    STR_FMT(out->authres));
	tap_str(fx_exempt(out), str_from(row->exempt),
	    "exemption");
	tap_ok(row->exempt == NULL || out->verdict == ENGINE_ACCEPT,
	    "accepted if exempt");
	tap_ok((out->dmarc == NULL) == (row->source == NULL &&
	    row->exempt != NULL), "DMARC, unless exempt");
	engine_msg_free(m);
}

/* Beyond RELAYS_MAX no field is read. */
static void
check_many(struct fx *fx)
{
	struct fx_mail mail = { .ip = RELAY };
	struct fx_client client;
	struct engine_msg *m;
	struct buf text;
	int i;

	buf_init(&text, FX_MAX_BYTES);
	for (i = 0; i < 100; i++) {
		buf_add_cstr(&text, "Received: from r ([" RELAY "])" BY);
	}
	buf_add_cstr(&text, "Received: from a ([203.0.113.1])" BY MAIL);
	fx_configure(fx, CONF);
	m = fx_run(fx, &mail, &client, buf_str(&text));
	tap_ok(!engine_msg_eom(m)->sender->known, "a hundred relays");
	engine_msg_free(m);
	buf_fini(&text);
}

/* Received-SPF goes below our results. */
static void
check_received_spf(struct fx *fx)
{
	struct fx_mail mail = { .ip = "203.0.113.1",
		.mail_from = "<joe@reject.test>" };
	const struct engine_outcome *out;
	struct fx_client client;
	struct engine_msg *m;

	fx_configure(fx, CONF "ReceivedSPF yes\n");
	m = fx_run(fx, &mail, &client, STR(MAIL));
	out = engine_msg_eom(m);
	tap_num((long long)out->actions_n, 2, "two insertions");
	tap_str(out->actions[0].name, STR("Received-SPF"),
	    "Received-SPF is inserted first");
	tap_ok(str_starts(out->actions[0].value, STR(" pass (")) &&
	    fx_contains(out->actions[0].value, "client-ip=203.0.113.1"),
	    "Received-SPF has the client");
	engine_msg_free(m);
}

int
main(void)
{
	struct fx fx;
	size_t i;

	fx_init(&fx, zone);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(&fx, &rows[i]);
	}
	check_many(&fx);
	check_received_spf(&fx);
	fx_fini(&fx);
	return (tap_done());
}
