/* SPDX-License-Identifier: BSD-2-Clause */
/* Which received fields are deleted, by which index and in which order. */
#include "engine_fixture.h"
#include "tap.h"

#define AR		"Authentication-Results: "
#define OURS(rest)	AR "mx.example.net; " rest "\r\n"
#define FOREIGN		AR "other.example; spf=pass\r\n"
#define FROM		"From: joe@example.com\r\n"
#define X10		"xxxxxxxxxx"
#define X100		X10 X10 X10 X10 X10 X10 X10 X10 X10 X10
#define X950		X100 X100 X100 X100 X100 X100 X100 X100 X100 X10 X10 \
	X10 X10 X10
/* The name ends at column 998, where Postfix breaks the line. */
#define LONG(name)	AR "(" X950 "xxxxxxx) " name

static const struct {
	const char	*name;
	const char	*text;
	const char	*deleted;	/* indexes, a space after each */
} rows[] = {
	{ "no such field", FROM "\r\n", "" },
	{ "other authserv-id: kept", FOREIGN FROM FOREIGN "\r\n", "" },
	{ "one of ours", FROM OURS("dkim=pass") "\r\n", "1 " },
	{ "the highest index first", OURS("a=pass") FROM OURS("b=pass")
	    OURS("c=pass") "\r\n", "3 2 1 " },
	{ "indexes count other authserv-ids", FOREIGN OURS("dkim=pass") FOREIGN
	    OURS("spf=pass") FROM "\r\n", "4 2 " },
	{ "field name in mixed case", FROM
	    "AUTHENTICATION-results: mx.example.net; "
	    "none\r\n" FOREIGN "\r\n", "1 " },
	{ "authserv-id in mixed case", FROM AR "MX.Example.NET; none\r\n\r\n",
	    "1 " },
	{ "comment, quotes, folding, version", FROM
	    "Authentication-Results:\r\n\t(a (b) \\) c)\r\n \"mx.example.net\""
	    " 1;\r\n dkim=pass\r\n\r\n", "1 " },
	{ "white space before the colon", FROM
	    "Authentication-Results \t: mx.example.net; none\r\n\r\n", "1 " },
	{ "syntax error in authserv-id", FROM AR "\"mx.example\r\n\r\n", "1 " },
	{ "longer authserv-id: kept", FROM AR
	    "mx.example.net.evil.example; none\r\n\r\n", "" },
	{ "longer authserv-id, which Postfix breaks", FOREIGN FROM
	    LONG("mx.example.net") ".evil.example; none\r\n\r\n", "2 " },
	{ "the same in the second line", FROM AR "(x)\r\n"
	    "                   (" X950 "xxxxxxxxxxxx) mx.example.net"
	    ".evil.example; none\r\n\r\n", "1 " },
	{ "broken elsewhere: kept", FROM LONG("other.example; none")
	    X100 "\r\n\r\n", "" },
	{ "broken in another name, which cannot be parsed then", FROM
	    LONG("xx.example.net") ".evil.example; none\r\n\r\n", "1 " },
	{ "other field names: kept", FROM "X-" AR "mx.example.net; none\r\n"
	    "\r\n", "" },
};

static const struct {
	const char	*name;
	const char	*conf;
	struct fx_mail	 mail;
	size_t		 inserted;
} directions[] = {
	{ "sign", FX_SIGN, { .ip = "192.0.2.1", .auth_authen = "joe" }, 1 },
	{ "verify", FX_VERIFY, { .ip = "192.0.2.1" }, 1 },
	{ "pass through", "AuthservID mx.example.net\nDomain example.org\n"
	    "Selector rsa\nKeyFile @DIR@/rsa\n",
	    { .ip = "192.0.2.1", .auth_authen = "joe" }, 0 },
};

static void
check(struct fx *fx, size_t d, size_t i)
{
	struct fx_client client;
	struct engine_msg *m = fx_run(fx, &directions[d].mail, &client,
	    str_from(rows[i].text));
	const struct engine_outcome *out = engine_msg_eom(m);
	size_t deleted = 0, inserted = 0;
	struct buf indexes;
	bool ordered = true;

	buf_init(&indexes, FX_MAX_BYTES);
	for (size_t k = 0; k < out->actions_n; k++) {
		const struct engine_action *a = &out->actions[k];

		if (a->type == ENGINE_DELETE_FIELD) {
			ordered = ordered && inserted == 0 && str_eq(a->name,
			    STR("Authentication-Results"));
			buf_printf(&indexes, "%u ", a->index);
			deleted++;
		} else {
			inserted++;
		}
	}
	tap_ok(str_eq(buf_str(&indexes), str_from(rows[i].deleted)) &&
	    ordered && deleted == out->forged_deleted &&
	    inserted == directions[d].inserted, "%s: %s: %.*s",
	    directions[d].name, rows[i].name, STR_FMT(buf_str(&indexes)));
	buf_fini(&indexes);
	engine_msg_free(m);
}

#define TAG	"X-DMARC-Quarantine: yes\r\n"

static const struct {
	const char	*name;
	const char	*conf;
	const char	*ip;
	const char	*deleted;
} tags[] = {
	{ "judged: deleted", FX_VERIFY, "192.0.2.1",
	    "X-DMARC-Quarantine 2 X-DMARC-Quarantine 1 " },
	{ "internal: kept", FX_VERIFY, "127.0.0.1", "" },
	{ "TrustedRelayMail exempt: kept", FX_VERIFY "TrustedRelays 192.0.2.1\n"
	    "TrustedRelayMail exempt\n", "192.0.2.1", "" },
	{ "TrustedRelayMail received: deleted", FX_VERIFY
	    "TrustedRelays 192.0.2.1\n", "192.0.2.1",
	    "X-DMARC-Quarantine 2 X-DMARC-Quarantine 1 " },
};

/* A received tag would be taken for ours. */
static void
test_tags(struct fx *fx)
{
	static const char text[] = TAG OURS("a=pass") FROM
	    "x-dmarc-QUARANTINE: no\r\n\r\n";
	const struct engine_outcome *out;
	struct fx_client client;
	struct engine_msg *m;
	struct buf deleted;
	size_t i, k;

	buf_init(&deleted, FX_MAX_BYTES);
	for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		struct fx_mail mail = { .ip = tags[i].ip };

		buf_reset(&deleted);
		fx_configure(fx, tags[i].conf);
		m = fx_run(fx, &mail, &client, STR(text));
		out = engine_msg_eom(m);
		for (k = 1; k < out->actions_n && out->actions[k].type ==
		    ENGINE_DELETE_FIELD; k++) {
			buf_printf(&deleted, "%.*s %u ",
			    STR_FMT(out->actions[k].name),
			    out->actions[k].index);
		}
		tap_str(buf_str(&deleted), str_from(tags[i].deleted),
		    tags[i].name);
		tap_num(out->forged_deleted, 1, "results: one");
		engine_msg_free(m);
	}
	buf_fini(&deleted);
}

/* ARC-Authentication-Results under our name, without a chain that passes. */
static void
test_arc(struct fx *fx)
{
	static const char text[] = "ARC-" OURS("i=1") FROM
	    "ARC-" AR "i=1; other.example; dmarc=pass\r\n"
	    "arc-AUTHENTICATION-results: i = 2 ; MX.example.net; none\r\n"
	    "ARC-" AR "i=3; x; mx.example.net; none\r\n\r\n";
	static const struct {
		const char	*name, *conf, *ip, *deleted;
	} v[] = {
		{ "judged: deleted", FX_VERIFY, "192.0.2.1", "3 1 " },
		{ "without ArcVerify, too", FX_VERIFY "ArcVerify no\n",
		    "192.0.2.1", "3 1 " },
		{ "internal: kept", FX_VERIFY, "127.0.0.1", "" },
	};
	const struct engine_outcome *out;
	struct fx_client client;
	struct engine_msg *m;
	struct buf deleted;
	size_t i, k;

	buf_init(&deleted, FX_MAX_BYTES);
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct fx_mail mail = { .ip = v[i].ip };

		buf_reset(&deleted);
		fx_configure(fx, v[i].conf);
		m = fx_run(fx, &mail, &client, STR(text));
		out = engine_msg_eom(m);
		for (k = 0; k < out->actions_n && out->actions[k].type ==
		    ENGINE_DELETE_FIELD; k++) {
			buf_printf(&deleted, "%u ", out->actions[k].index);
		}
		tap_str(buf_str(&deleted), str_from(v[i].deleted), v[i].name);
		tap_num(out->forged_deleted, (long long)k, "counted");
		engine_msg_free(m);
	}
	buf_fini(&deleted);
}

/* A list of names, {j} among them, and PeerList, whose mail stays as it is. */
static void
test_names(struct fx *fx)
{
	static const struct {
		const char	*name, *conf, *mta_name;
		size_t		 deleted;
		const char	*ours;		/* NULL: nothing is added */
	} v[] = {
		{ "two names", "AuthservID mx.example.net, other.example\n",
		    "a.example", 2, "mx.example.net; " },
		{ "{j}", "AuthservID {j}\n", "MX.example.net", 1,
		    "MX.example.net; " },
		{ "{j} and another", "AuthservID {j}, other.example\n",
		    "mx.example.net", 2, "mx.example.net; " },
		{ "{j} is the second", "AuthservID b.example,{j}\n",
		    "other.example", 1, "b.example; " },
		{ "no {j}", "AuthservID mx.example.net,{j}\n", NULL, 1,
		    "mx.example.net; " },
		{ "PeerList", "AuthservID {j}\nPeerList 192.0.2.1\n",
		    "mx.example.net", 0, NULL },
	};
	struct fx_client client;
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct fx_mail mail = { .ip = "192.0.2.1",
			.mta_name = v[i].mta_name };
		const struct engine_outcome *out;
		struct engine_msg *m;

		fx_configure(fx, v[i].conf);
		m = fx_run(fx, &mail, &client, STR(OURS("dkim=pass") FOREIGN
		    FROM "\r\nbody\r\n"));
		out = engine_msg_eom(m);
		tap_ok(out->forged_deleted == v[i].deleted, "%s: deleted: %u",
		    v[i].name, out->forged_deleted);
		tap_ok(v[i].ours == NULL ? out->actions_n == 0 :
		    str_starts(out->authres, str_from(v[i].ours)), "%s: "
		    "written: %.*s", v[i].name, STR_FMT(out->authres));
		engine_msg_free(m);
	}
}

/* For a reader that takes a bare CR for a line end there is one more field,
   which no index reaches. */
static void
test_hidden(struct fx *fx)
{
	struct fx_client client;
	struct engine_msg *m;
	size_t d;

	for (d = 0; d < sizeof(directions) / sizeof(directions[0]); d++) {
		const struct engine_outcome *out;

		fx_configure(fx, directions[d].conf);
		m = fx_run(fx, &directions[d].mail, &client, STR(FROM
		    "Subject: x\r" OURS("dkim=pass") "\r\n"));
		out = engine_msg_eom(m);
		tap_ok(out->verdict == ENGINE_REJECT && out->actions_n == 0 &&
		    str_eq(out->reply, STR("550 5.6.0 Malformed message "
		    "header")), "hidden behind a bare CR, %s: %.*s",
		    directions[d].name, STR_FMT(out->reply));
		engine_msg_free(m);
	}
}

/* SignHeaders may name Authentication-Results: deleted ones are not signed. */
static void
test_signed_without_forged(struct fx *fx)
{
	struct fx_mail mail = { .ip = "192.0.2.1" };
	struct fx_client client;
	struct engine_msg *m;
	struct buf text;

	buf_init(&text, FX_MAX_BYTES);
	fx_sign(fx, FX_SIGN "SignHeaders From,Authentication-Results\n",
	    FROM FOREIGN OURS("dkim=pass") "\r\nbody\r\n", &text);
	fx_configure(fx, FX_VERIFY);
	m = fx_run(fx, &mail, &client, buf_str(&text));
	tap_num(dkim_verifier_get(engine_msg_eom(m)->dkim, 0)->result,
	    DKIM_PASS, "a deleted field is not signed");
	engine_msg_free(m);
	buf_fini(&text);
}

/* Our results are inserted on top, folded, after the deletions. */
static void
test_insertion(struct fx *fx)
{
	struct fx_mail mail = { .ip = "127.0.0.1" };
	struct fx_client client;
	struct engine_msg *m;
	struct buf text;

	fx_configure(fx, FX_VERIFY);
	m = fx_run(fx, &mail, &client, STR(FROM OURS("dkim=pass") "\r\nb"));
	buf_init(&text, FX_MAX_BYTES);
	fx_apply(engine_msg_eom(m), STR(FROM OURS("dkim=pass") "\r\nb"),
	    &text);
	tap_str(buf_str(&text), STR("Authentication-Results: mx.example.net;"
	    "\r\n\tdkim=none\r\n" FROM "\r\nb"), "deleted, then inserted");
	tap_str(engine_msg_eom(m)->authres, STR("mx.example.net; dkim=none"),
	    "the outcome has it unfolded");
	buf_fini(&text);
	engine_msg_free(m);
}

int
main(void)
{
	struct fx fx;

	fx_init(&fx, "");
	for (size_t d = 0; d < 3; d++) {
		fx_configure(&fx, directions[d].conf);
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			check(&fx, d, i);
		}
	}
	test_tags(&fx);
	test_arc(&fx);
	test_names(&fx);
	test_hidden(&fx);
	test_signed_without_forged(&fx);
	test_insertion(&fx);
	fx_fini(&fx);
	return (tap_done());
}
