/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signatures and seals of messages with lines that the MTA will break: each
 * message is signed, changed as the actions say, broken, and verified.
 */
#include "dkim/signature.h"
#include "engine_fixture.h"
#include "tap.h"

#define LIMIT	100
#define MANY	(DKIM_MAX_SIGNED_FIELDS - 10)	/* and From, oversigned ones */
#define CONF	FX_SIGN_BOTH "LineLengthLimit 100\nSelfCheck all\n"
#define A10	"aaaaaaaaaa"
#define A100	A10 A10 A10 A10 A10 A10 A10 A10 A10 A10
#define W10	"aaaaaaaaa "
#define W120	W10 W10 W10 W10 W10 W10 W10 W10 W10 W10 W10 W10
#define HEAD	"From: joe@example.com\r\nSubject: a\r\n"
#define FORGED	"Authentication-Results: mx.example.net; dkim=pass\r\n"

static struct fx fx;
static const struct fx_mail inside = { .ip = "192.0.2.1",
	.auth_authen = "joe", .chunk = 7 };
static const struct fx_mail outside = { .ip = "192.0.2.7",
	.mail_from = "<joe@example.net>" };

static const struct row {
	const char	*name;
	const char	*conf;
	struct str	 text;
	unsigned	 changes;
	unsigned	 long_lines;
} rows[] = {
	{ "short lines", "", STR(HEAD "\r\nbody\r\n"), 0, 0 },
	{ "a long body line", "", STR(HEAD "\r\n" A100 "b\r\nbody\r\n"), 0,
	    1 },
	{ "two, c=simple", "Canonicalization simple/simple\n",
	    STR(HEAD "\r\n" A100 "b\r\nbody\r\n" W120 W120 "\r\n\r\n"), 0, 2 },
	{ "two canonicalizations", "Canonicalization relaxed/simple\n",
	    STR(HEAD "\r\n" W120 "\r\n" A100 "\r\n"), 0, 1 },
	{ "a field is refolded", "",
	    STR(HEAD "References: " W120 "b\r\n\r\nbody\r\n"), 1, 1 },
	{ "a field is refolded, c=simple", "Canonicalization simple/simple\n",
	    STR(HEAD "References: " W120 "b\r\n\r\nbody\r\n"), 1, 1 },
	{ "a field is broken", "",
	    STR(HEAD "References: " A100 A100 "\r\n\r\nbody\r\n"), 0, 1 },
	{ "a field is refolded and broken", "",
	    STR(HEAD "References: a " A100 A100 " " W120 "b\r\n\r\nbody\r\n"),
	    1, 1 },
	{ "an unsigned field is left alone", "",
	    STR(HEAD "X-Foo: " W120 "b\r\n\r\nbody\r\n"), 0, 0 },
	{ "instances by their index", "",
	    STR("List-Id: " W120 "1\r\n" HEAD "list-id: 2\r\nLIST-ID: " W120
	    "3\r\n\r\nbody\r\n"), 2, 2 },
	{ "and below one that is deleted",
	    "SignHeaders *,Authentication-Results\n",
	    STR(FORGED HEAD "Authentication-Results: x; " W120 "b\r\n"
	    "\r\nbody\r\n"), 1, 1 },
	{ "a field that a milter cannot change", "",
	    STR(HEAD "References: " W120 "\rb\r\n\r\nbody\r\n"), 0, 1 },
	{ "the From field", "", STR("From: \"" W120 "\" <joe@example.com>\r\n"
	    "\r\nbody\r\n"), 1, 1 },
	{ "header and body", "", STR(HEAD "References: " W120 "b\r\n\r\n" W120
	    "\r\n" W120 "\r\n"), 1, 3 },
};

static unsigned
count_changes(const struct engine_outcome *out)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < out->actions_n; i++) {
		n += out->actions[i].type == ENGINE_CHANGE_FIELD;
	}
	return (n);
}

static void
check_row(const struct row *row)
{
	const struct engine_outcome *out;
	struct buf conf, changed, sent;
	struct fx_client client;
	struct engine_msg *m;

	buf_init(&conf, FX_MAX_BYTES);
	buf_init(&changed, FX_MAX_BYTES);
	buf_init(&sent, FX_MAX_BYTES);
	buf_printf(&conf, "%s%s", CONF, row->conf);
	fx_configure(&fx, conf.p);
	m = fx_run(&fx, &inside, &client, row->text);
	out = engine_msg_eom(m);
	tap_num(count_changes(out), row->changes, row->name);
	tap_num((long long)out->long_lines, row->long_lines, row->name);
	fx_apply(out, row->text, &changed);
	engine_msg_free(m);
	fx_break_lines((struct lines_rule){ LINES_POSTFIX, LIMIT },
	    buf_str(&changed), &sent);
	tap_num((int)fx_count_passing(&fx, buf_str(&sent)), 2, row->name);
	buf_fini(&sent);
	buf_fini(&changed);
	buf_fini(&conf);
}

/* Nothing is changed for a signature that is not made. */
static void
check_unsigned(const char *conf, const char *name)
{
	struct str text = STR(HEAD "References: " W120 "b\r\n\r\n" W120 "\r\n");
	const struct engine_outcome *out;
	struct fx_client client;
	struct engine_msg *m;

	fx_configure(&fx, conf);
	m = fx_run(&fx, &inside, &client, text);
	out = engine_msg_eom(m);
	tap_ok(count_changes(out) == 0 && out->long_lines == 0, "%s", name);
	engine_msg_free(m);
}

/* The seal is of what is sent, its results are of what was received. */
static void
check_seal(void)
{
	struct str text = STR(HEAD "References: " W120 "b\r\n\r\n" W120 "\r\n");
	const struct engine_outcome *out;
	struct buf own, changed, sent;
	struct fx_client client;
	struct engine_msg *m;

	buf_init(&own, FX_MAX_BYTES);
	buf_init(&changed, FX_MAX_BYTES);
	buf_init(&sent, FX_MAX_BYTES);
	fx_sign(&fx, FX_SIGN "LineLengthLimit 0\n", text.p, &own);
	fx_configure(&fx, FX_SIGN "LineLengthLimit 100\nArcSeal all\n");
	m = fx_run(&fx, &outside, &client, buf_str(&own));
	out = engine_msg_eom(m);
	tap_num(out->seal.instance, 1, "sealed");
	tap_num(count_changes(out), 1, "a field is refolded for the seal");
	tap_num((long long)out->long_lines, 2, "two long lines");
	tap_ok(fx_contains(out->authres, "dkim=pass"), "passes as received");
	fx_apply(out, buf_str(&own), &changed);
	engine_msg_free(m);
	fx_break_lines((struct lines_rule){ LINES_POSTFIX, LIMIT },
	    buf_str(&changed), &sent);
	fx_configure(&fx, FX_VERIFY);
	m = fx_run(&fx, &outside, &client, buf_str(&sent));
	out = engine_msg_eom(m);
	tap_num(out->arc != NULL ? (long long)out->arc->result : -1, ARC_PASS,
	    "the seal passes as sent");
	engine_msg_free(m);
	buf_fini(&sent);
	buf_fini(&changed);
	buf_fini(&own);
}

/* With so many fields to be signed none is brought into another form. */
static void
check_many(const struct fx_mail *mail, const char *conf, size_t n,
    size_t refolded, enum engine_verdict verdict, const char *name)
{
	const struct engine_outcome *out;
	struct fx_client client;
	struct engine_msg *m;
	struct buf text;
	size_t i;

	buf_init(&text, FX_MAX_BYTES);
	for (i = 0; i < n; i++) {
		buf_add_cstr(&text, "To:a@b.example,b@c.example\r\n");
	}
	buf_add_cstr(&text, HEAD "\r\nbody\r\n");
	fx_configure(&fx, conf);
	m = fx_run(&fx, mail, &client, buf_str(&text));
	out = engine_msg_eom(m);
	tap_num((long long)m->signing.refolded_n, (long long)refolded, name);
	tap_num(count_changes(out), (long long)refolded, name);
	tap_num(out->verdict, verdict, name);
	tap_num(out->signatures_n > 0 || out->seal.instance > 0, refolded > 0,
	    name);
	engine_msg_free(m);
	buf_fini(&text);
}

int
main(void)
{
	size_t i;

	fx_init(&fx, "");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(&rows[i]);
	}
	check_unsigned(FX_SIGN "LineLengthLimit 0\n", "LineLengthLimit 0");
	check_unsigned("AuthservID mx.example.net\nDomain example.org\n"
	    "Selector rsa\nKeyFile @DIR@/rsa\nLineLengthLimit 100\n",
	    "another domain's mail");
	check_unsigned(FX_VERIFY "LineLengthLimit 100\n", "verified mail");
	check_seal();
	check_many(&inside, FX_SIGN "AddressLists sendmail\n", MANY, MANY,
	    ENGINE_ACCEPT, "as many fields as can be signed");
	check_many(&inside, FX_SIGN "AddressLists sendmail\n",
	    DKIM_MAX_SIGNED_FIELDS, 0, ENGINE_REJECT,
	    "more than can be signed");
	check_many(&outside, FX_SIGN "AddressLists sendmail\nArcSeal all\n",
	    MANY, MANY, ENGINE_ACCEPT, "as many as can be sealed");
	check_many(&outside, FX_SIGN "AddressLists sendmail\nArcSeal all\n",
	    DKIM_MAX_SIGNED_FIELDS, 0, ENGINE_ACCEPT,
	    "more than can be sealed");
	fx_fini(&fx);
	return (tap_done());
}
