/* SPDX-License-Identifier: BSD-2-Clause */
/* The second opinion on DMARC, and RejectNeedsSecondOpinion. */
#include "engine_fixture.h"
#include "tap.h"

#define ALL	FX_VERIFY "SecondOpinion all\nOnDMARCReject reject\n" \
		"OnBadSignature reject\n"
#define NEEDS	ALL "RejectNeedsSecondOpinion yes\n"
#define OTHERS	"203.0.113.7"

/* libopendmarc takes a subdomain for aligned with aspf=s; we do not. */
static const char zone[] =
    "example.com TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
    "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n"
    "a.strict.com TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
    "_dmarc.strict.com TXT \"v=DMARC1; p=reject; aspf=s\"\n"
    "macro.test TXT \"v=spf1 exists:%{i}.macro.test -all\"\n"
    "203.0.113.7.macro.test A 127.0.0.2\n"
    "_dmarc.macro.test TXT \"v=DMARC1; p=reject\"\n";

static const struct row {
	const char	*name;
	const char	*conf;
	const char	*ip, *mail_from, *from;
	const char	*action;
	const char	*comment;	/* on the override, or NULL */
	const char	*dmarc;		/* theirs */
	bool		 agrees;
} rows[] = {
	{ "both pass", NEEDS, "192.0.2.1", "<a@example.com>", "example.com",
	    "accept", NULL, "pass", true },
	{ "both fail", NEEDS, OTHERS, "<a@example.com>", "example.com",
	    "reject", NULL, "fail", true },
	{ "they pass, RejectNeedsSecondOpinion no: 550", ALL, "192.0.2.1",
	    "<a@a.strict.com>", "strict.com", "reject", NULL, "pass", false },
	{ "they pass, RejectNeedsSecondOpinion yes: tagged", NEEDS, "192.0.2.1",
	    "<a@a.strict.com>",
	    "strict.com", "quarantine", "RejectNeedsSecondOpinion", "pass",
	    false },
	{ "they pass, OnDMARCQuarantine accept",
	    NEEDS "OnDMARCQuarantine accept\n", "192.0.2.1",
	    "<a@a.strict.com>", "strict.com", "accept",
	    "OnDMARCQuarantine accept", "pass", false },
	{ "SPF with macros passes: their DMARC passes", NEEDS, OTHERS,
	    "<a@macro.test>", "macro.test", "accept", NULL, "pass", true },
	{ "no DMARC record", NEEDS, OTHERS, "<a@nowhere.test>", "nowhere.test",
	    "accept", NULL, "none", true },
	{ "they pass for one of two authors: 550", NEEDS,
	    "192.0.2.1", "<a@a.strict.com>", "strict.com, joe@example.com",
	    "reject", NULL, "pass", false },
	{ "DomainRules reject needs no second opinion", NEEDS
	    "DomainRules nowhere.test reject\n",
	    OTHERS, "<a@nowhere.test>", "nowhere.test", "reject", NULL,
	    "none", true },
};

static void
check_row(struct fx *fx, const struct row *row)
{
	struct fx_mail mail = { .ip = row->ip, .mail_from = row->mail_from };
	const struct engine_outcome *out;
	struct fx_client client;
	struct engine_msg *m;
	char text[64];

	snprintf(text, sizeof(text), "From: joe@%s\r\n\r\n", row->from);
	fx_configure(fx, row->conf);
	m = fx_run(fx, &mail, &client, str_from(text));
	out = engine_msg_eom(m);
	tap_str(fx_verdict(out), str_from(row->action), row->name);
	tap_str(str_from(out->decision.comment), str_from(row->comment),
	    "comment");
	tap_str(str_from(second_word_name(out->second_dmarc.result)),
	    str_from(row->dmarc), "their DMARC result");
	tap_ok(out->second_asked && out->second_agrees == row->agrees,
	    "agreement");
	tap_ok(fx_contains(buf_str(&fx->log), "second opinion differs: "
	    "method=dmarc domain=strict.com ours=fail theirs=pass") ==
	    !row->agrees, "a difference is logged");
	engine_msg_free(m);
}

/* DMARC by a signature only: SPF fails, or is not aligned. */
static void
check_signed(struct fx *fx)
{
	static const char *const senders[] = { "<a@nowhere.test>",
		"<a@example.com>" };
	const struct engine_outcome *out;
	struct fx_client client;
	struct engine_msg *m;
	struct buf text;
	size_t i;

	buf_init(&text, FX_MAX_BYTES);
	fx_sign(fx, FX_SIGN_BOTH, "From: joe@example.com\r\n\r\nhi\r\n",
	    &text);
	for (i = 0; i < sizeof(senders) / sizeof(senders[0]); i++) {
		struct fx_mail mail = { .ip = OTHERS,
			.mail_from = senders[i] };

		fx_configure(fx, ALL);
		m = fx_run(fx, &mail, &client, buf_str(&text));
		out = engine_msg_eom(m);
		tap_num(out->second_dmarc.result, SECOND_PASS,
		    "DKIM alone passes their DMARC, too");
		tap_ok(out->second_agrees, "both pass");
		engine_msg_free(m);
	}
	buf_fini(&text);
}

/* A sender cannot avoid a refusal by adding fields or signatures. */
static void
check_beyond(struct fx *fx, const char *conf, unsigned fields)
{
	struct fx_mail mail = { .ip = OTHERS, .mail_from = "<a@nowhere.test>" };
	const struct engine_outcome *out;
	struct fx_client client;
	struct engine_msg *m;
	struct buf text;

	buf_init(&text, FX_MAX_BYTES);
	for (; fields > 0; fields--) {
		buf_add_cstr(&text, "X: y\r\n");
	}
	fx_sign(fx, FX_SIGN_BOTH, "From: joe@example.com\r\n\r\nhi\r\n",
	    &text);
	buf_add_cstr(&text, "changed\r\n");
	fx_configure(fx, conf);
	m = fx_run(fx, &mail, &client, buf_str(&text));
	out = engine_msg_eom(m);
	tap_ok(out->verdict == ENGINE_REJECT && out->second_asked &&
	    out->second == NULL && out->second_agrees,
	    "more than libopendkim is shown, refused: %.*s",
	    STR_FMT(out->reply));
	engine_msg_free(m);
	buf_fini(&text);
}

/* Their DMARC is not compared if libopendkim was not asked. */
static void
check_not_compared(struct fx *fx)
{
	struct fx_mail mail = { .ip = OTHERS, .mail_from = "<a@nowhere.test>" };
	const struct engine_outcome *out;
	struct fx_client client;
	struct engine_msg *m;
	struct buf text;

	buf_init(&text, FX_MAX_BYTES);
	fx_sign(fx, FX_SIGN_BOTH, "From: joe@example.com\r\n\r\nhi\r\n",
	    &text);
	fx_configure(fx, NEEDS "MaximumSignaturesToVerify 1\n");
	m = fx_run(fx, &mail, &client, buf_str(&text));
	out = engine_msg_eom(m);
	tap_ok(out->verdict == ENGINE_ACCEPT && out->second_agrees &&
	    fx->log.n == 0, "not compared");
	engine_msg_free(m);
	buf_fini(&text);
}

/* A signature by a key that is too short for us only. */
static void
check_signature(struct fx *fx, const char *conf, const char *action)
{
	struct fx_mail mail = { .ip = OTHERS, .mail_from = "<a@nowhere.test>" };
	struct fx_client client;
	struct engine_msg *m;
	struct buf text;

	buf_init(&text, FX_MAX_BYTES);
	fx_sign(fx, FX_SIGN, "From: joe@example.com\r\n\r\nhi\r\n", &text);
	fx_configure(fx, conf);
	m = fx_run(fx, &mail, &client, buf_str(&text));
	tap_str(fx_verdict(engine_msg_eom(m)), str_from(action),
	    "a signature that passes for them only");
	tap_ok(engine_msg_eom(m)->decision.override == ENGINE_NO_OVERRIDE,
	    "no override");
	engine_msg_free(m);
	buf_fini(&text);
}

static void
check_counters(const struct fx *fx)
{
	tap_num((long long)engine_stats_get(fx->stats, ENGINE_SECOND_DMARC),
	    4, "differences about DMARC: counted");
	tap_num((long long)engine_stats_get(fx->stats, ENGINE_SECOND_ASKED),
	    9, "messages: counted");
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
	check_counters(&fx);
	check_beyond(&fx, NEEDS "MaximumSignaturesToVerify 1\n", 0);
	check_beyond(&fx, NEEDS, ENGINE_SECOND_MAX_FIELDS);
	check_signed(&fx);
	check_not_compared(&fx);
	fx_fini(&fx);
	fx_init(&fx, "");
	check_signature(&fx, ALL "MinimumKeyBits 4096\n", "reject");
	check_signature(&fx, NEEDS "MinimumKeyBits 4096\n", "quarantine");
	check_beyond(&fx, NEEDS "MaximumSignaturesToVerify 1\n", 0);
	fx_fini(&fx);
	return (tap_done());
}
