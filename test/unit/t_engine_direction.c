/* SPDX-License-Identifier: BSD-2-Clause */
/* Sign, verify or pass through: the rules of lib/engine/direction.c. */
#include "engine_fixture.h"
#include "tap.h"

#define FROM(from)	from "Subject: s\r\n\r\nbody\r\n"
#define OURS		FROM("From: Joe <joe@example.com>\r\n")
#define SUB		FROM("From: joe@a.b.example.com\r\n")
#define FOREIGN		FROM("From: eve@example.net\r\n")
#define P10		"(((((((((("
#define OUTSIDE		{ .ip = "192.0.2.1", .host = "a.example.net" }
#define AUTHENTICATED	{ .ip = "192.0.2.1", .auth_authen = "joe" }

#define CONF		FX_SIGN "InternalHosts 10.0.0.0/8,2001:db8::/32," \
	"!10.9.0.0/16,.inside.example.com\nMTA submission,smtps\n"

static const struct {
	const char		*name;
	const char		*conf;
	struct fx_mail		 mail;
	const char		*text;
	enum engine_direction	 direction;
	const char		*reason;
} rules[] = {
	{ "{auth_authen}", CONF, AUTHENTICATED, OURS, ENGINE_SIGN,
	    "authenticated" },
	{ "{auth_type} alone", CONF, { .ip = "192.0.2.1",
	    .auth_type = "PLAIN" }, OURS, ENGINE_SIGN, "authenticated" },
	{ "empty {auth_authen} and {auth_type}", CONF, { .ip = "192.0.2.1",
	    .auth_authen = "", .auth_type = "" }, OURS, ENGINE_VERIFY,
	    "external host" },
	{ "{daemon_name} in MTA", CONF, { .ip = "192.0.2.1",
	    .daemon_name = "Submission" }, OURS, ENGINE_SIGN, "MTA" },
	{ "{daemon_name} not in MTA", CONF, { .ip = "192.0.2.1",
	    .daemon_name = "smtp" }, OURS, ENGINE_VERIFY, "external host" },
	{ "internal IPv4", CONF, { .ip = "10.1.2.3" }, OURS, ENGINE_SIGN,
	    "internal host" },
	{ "internal IPv6", CONF, { .ip = "2001:db8::5" }, OURS, ENGINE_SIGN,
	    "internal host" },
	{ "internal network excluded by !", CONF, { .ip = "10.9.2.3" }, OURS,
	    ENGINE_VERIFY,
	    "external host" },
	{ "internal by host name", CONF, { .ip = "192.0.2.1",
	    .host = "pc.inside.example.com" }, OURS, ENGINE_SIGN,
	    "internal host" },
	{ "no address: local submission", CONF, { .ip = NULL }, OURS,
	    ENGINE_SIGN, "local submission" },
	{ "PeerList, by address", CONF "PeerList 192.0.2.0/24\n",
	    AUTHENTICATED, OURS, ENGINE_PASS_THROUGH, "host in PeerList" },
	{ "PeerList, by name", CONF "PeerList .example.net,!10.1.2.3\n",
	    OUTSIDE, OURS, ENGINE_PASS_THROUGH, "host in PeerList" },
	{ "excluded from PeerList", CONF "PeerList 10.0.0.0/8,!10.1.2.3\n",
	    { .ip = "10.1.2.3" }, OURS, ENGINE_SIGN, "internal host" },
	{ "internal, but in TrustedRelays", CONF "TrustedRelays 10.1.2.0/24\n",
	    { .ip = "10.1.2.3" }, OURS, ENGINE_VERIFY,
	    "host in TrustedRelays" },
	{ "the same with a login", CONF "TrustedRelays 10.1.2.0/24\n",
	    { .ip = "10.1.2.3", .auth_authen = "joe" }, OURS, ENGINE_SIGN,
	    "authenticated" },
	{ "internal, beside TrustedRelays", CONF "TrustedRelays 10.1.2.0/24\n",
	    { .ip = "10.1.3.3" }, OURS, ENGINE_SIGN, "internal host" },
	{ "in TrustedRelays, not internal", CONF "TrustedRelays 192.0.2.1\n",
	    OUTSIDE, OURS, ENGINE_VERIFY, "external host" },
	{ "no address is in no PeerList", CONF "PeerList 0.0.0.0/0,::/0\n",
	    { .ip = NULL }, OURS, ENGINE_SIGN, "local submission" },
	{ "external", CONF, OUTSIDE, OURS, ENGINE_VERIFY, "external host" },
	{ "internal, From not ours", CONF, AUTHENTICATED, FOREIGN,
	    ENGINE_PASS_THROUGH, "from domain not ours" },
	{ "internal, From below ours without SubDomains", CONF,
	    AUTHENTICATED, SUB, ENGINE_PASS_THROUGH, "from domain not ours" },
	{ "internal, From below ours with SubDomains", CONF
	    "SubDomains yes\n", AUTHENTICATED, SUB, ENGINE_SIGN,
	    "authenticated" },
	{ "From in badexample.com with SubDomains", CONF "SubDomains yes\n",
	    AUTHENTICATED,
	    FROM("From: joe@badexample.com\r\n"), ENGINE_PASS_THROUGH,
	    "from domain not ours" },
	{ "From in upper case", CONF, AUTHENTICATED,
	    FROM("From: joe@EXAMPLE.Com\r\n"), ENGINE_SIGN,
	    "authenticated" },
	{ "no From", CONF, AUTHENTICATED, FROM("To: a@example.com\r\n"),
	    ENGINE_PASS_THROUGH, "no From field" },
	{ "two From fields", CONF, AUTHENTICATED,
	    FROM("From: a@example.com\r\nFrom: b@example.com\r\n"),
	    ENGINE_PASS_THROUGH, "more than one From field" },
	{ "broken From", CONF, AUTHENTICATED, FROM("From: <a@>\r\n"),
	    ENGINE_PASS_THROUGH, "syntax error in From field" },
	{ "several mailboxes, the first ours", CONF, AUTHENTICATED,
	    FROM("From: a@example.com, b@example.net\r\n"), ENGINE_SIGN,
	    "authenticated" },
	{ "several mailboxes, the first foreign", CONF, AUTHENTICATED,
	    FROM("From: b@example.net, a@example.com\r\n"),
	    ENGINE_PASS_THROUGH, "from domain not ours" },
	{ "Mode s: external", FX_SIGN "Mode s\n", OUTSIDE, OURS,
	    ENGINE_PASS_THROUGH, "external host" },
	{ "Mode v: external", FX_VERIFY, OUTSIDE, OURS, ENGINE_VERIFY,
	    "external host" },
	{ "Mode v: internal", FX_VERIFY, AUTHENTICATED, OURS,
	    ENGINE_VERIFY, "authenticated" },
	{ "external, no From", CONF "OnBadFrom accept\n", OUTSIDE,
	    FROM("To: a@example.com\r\n"),
	    ENGINE_VERIFY, "external host" },
};

/* FX_SIGN has a Mode line; a row that gives another replaces it. */
static void
configure(struct fx *fx, const char *conf)
{
	static const char sign_only[] = "AuthservID mx.example.net\nMode s\n"
	    "Domain example.com\nSelector rsa\nKeyFile @DIR@/rsa\n";

	fx_configure(fx, fx_contains(str_from(conf), "Mode s\n") ?
	    sign_only : conf);
}

static void
test_rules(struct fx *fx)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct engine_outcome *out;
		struct fx_client client;
		struct engine_msg *m;

		configure(fx, rules[i].conf);
		m = fx_run(fx, &rules[i].mail, &client,
		    str_from(rules[i].text));
		out = engine_msg_eom(m);
		tap_ok(out->direction == rules[i].direction &&
		    strcmp(engine_direction_text(out), rules[i].reason) == 0 &&
		    out->verdict == ENGINE_ACCEPT, "%s: %s", rules[i].name,
		    engine_direction_text(out));
		engine_msg_free(m);
	}
}

/* Mail that is passed through and names an author of ours: said. */
static void
test_unclear(struct fx *fx)
{
	static const struct {
		const char	*name, *conf, *text;
		bool		 unclear;
	} mails[] = {
		{ "two From fields", CONF, FROM("From: a@example.com\r\n"
		    "From: b@example.com\r\n"), true },
		{ "two From fields, one ours", CONF, FROM("From: a@b.test\r\n"
		    "From: b@example.com\r\n"), true },
		{ "two, one invalid and ours", CONF, FROM("From: a@b.test\r\n"
		    "From: x; <b@example.com\r\n"), true },
		{ "readings that do not agree", CONF,
		    FROM("From: x@b.test; a@example.com\r\n"), true },
		{ "behind a foreign author", CONF,
		    FROM("From: b@example.net, a@example.com\r\n"), true },
		{ "comments nested too deep", CONF, FROM("From: a@example.com "
		    P10 P10 P10 P10 P10 P10 P10 "\r\n"), true },
		{ "a foreign one", CONF, FOREIGN, false },
		{ "two foreign ones", CONF, FROM("From: a@b.test\r\n"
		    "From: b@c.test\r\n"), false },
		{ "nobody", CONF, FROM("From: MAILER-DAEMON\r\n"), false },
		{ "no From", CONF, FROM(""), false },
		{ "a rule for any author", "AuthservID mx.example.net\n"
		    "Mode sv\nKeyTable csl:k=example.com:rsa:@DIR@/rsa\n"
		    "SigningTable csl:*=k\n", FROM("From: a@b.test\r\n"
		    "From: b@c.test\r\n"), false },
		{ "signed", CONF, OURS, false },
	};
	static const struct fx_mail mail = AUTHENTICATED;
	struct fx_client client;
	struct engine_msg *m;
	uint64_t before;
	size_t i;

	for (i = 0; i < sizeof(mails) / sizeof(mails[0]); i++) {
		fx_configure(fx, mails[i].conf);
		buf_reset(&fx->log);
		before = engine_stats_unsigned(fx->stats,
		    ENGINE_UNSIGNED_AUTHOR_UNCLEAR);
		m = fx_run(fx, &mail, &client, str_from(mails[i].text));
		tap_ok(engine_msg_eom(m)->verdict == ENGINE_ACCEPT &&
		    fx_contains(buf_str(&fx->log), "mail of ours is not signed:"
		    " domain=example.com reason=\"author unclear\" login=joe")
		    == mails[i].unclear, "%s: logged or not", mails[i].name);
		tap_num((long long)(engine_stats_unsigned(fx->stats,
		    ENGINE_UNSIGNED_AUTHOR_UNCLEAR) - before),
		    mails[i].unclear, mails[i].name);
		engine_msg_free(m);
	}
}

/* d= is the longest configured domain that fits. */
static void
test_domains(struct fx *fx)
{
	static const struct {
		const char	*from;
		const char	*domain;
	} rows[] = {
		{ "From: a@x.sub.example.com\r\n\r\n", "sub.example.com" },
		{ "From: a@sub.example.com\r\n\r\n", "sub.example.com" },
		{ "From: a@x.example.com\r\n\r\n", "example.com" },
		{ "From: a@example.org\r\n\r\n", "example.org" },
	};
	struct fx_mail mail = AUTHENTICATED;
	struct fx_client client;

	fx_configure(fx, "Domain example.com,sub.example.com,example.org\n"
	    "SubDomains yes\nSelector rsa\nKeyFile @DIR@/rsa\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct engine_msg *m = fx_run(fx, &mail, &client,
		    str_from(rows[i].from));
		const struct engine_outcome *out = engine_msg_eom(m);

		tap_str(out->signatures_n == 1 ? out->signatures[0].domain :
		    STR_NONE, str_from(rows[i].domain), rows[i].from);
		engine_msg_free(m);
	}
}

static void
test_warning(struct fx *fx)
{
	static const struct {
		const char	*name;
		const char	*conf;
		struct fx_mail	 mail;
		const char	*text;
		const char	*client;	/* NULL: no warning */
	} rows[] = {
		{ "external, From ours: warning", CONF, OUTSIDE, OURS,
		    "client=192.0.2.1 client_name=a.example.net" },
		{ "external without a host name: warning", CONF, { .ip =
		    "192.0.2.1" }, OURS,
		    "client=192.0.2.1" },
		{ "external IPv6: warning", CONF, { .ip = "2001:db9::1" }, OURS,
		    "client=2001:db9::1" },
		{ "address in ExternalIgnoreList", CONF
		    "ExternalIgnoreList 192.0.2.0/24\n",
		    OUTSIDE, OURS, NULL },
		{ "host name in ExternalIgnoreList", CONF
		    "ExternalIgnoreList a.example.net\n",
		    OUTSIDE, OURS, NULL },
		{ "external, From not ours", CONF, OUTSIDE, FOREIGN, NULL },
		{ "internal, From ours", CONF, AUTHENTICATED, OURS, NULL },
		{ "Mode v", FX_VERIFY, OUTSIDE, OURS, NULL },
		{ "external, From ours, Mode s: warning", FX_SIGN "Mode s\n",
		    { .ip = "192.0.2.1" }, OURS, "client=192.0.2.1" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fx_client client;
		struct engine_msg *m;
		char want[256] = "";

		configure(fx, rows[i].conf);
		m = fx_run(fx, &rows[i].mail, &client, str_from(rows[i].text));
		if (rows[i].client != NULL) {
			(void)snprintf(want, sizeof(want),
			    "queue_id=4F1A external host sends as our domain:"
			    " %s from_domain=example.com\n", rows[i].client);
		}
		tap_str(buf_str(&fx->log), str_from(want), rows[i].name);
		engine_msg_free(m);
	}
}

#define DOMAIN_CONF	"AuthservID mx.example.net\nDomain %s\n" \
	"SubDomains yes\nSelector rsa\nKeyFile @DIR@/rsa\n"

/* No warning if a signature of ours passes. */
static void
test_warning_signed(struct fx *fx)
{
	static const struct {
		const char	*name;
		const char	*signer;	/* its Domain */
		const char	*verifier;
		const char	*text;
		bool		 tampered;
		bool		 warned;
	} rows[] = {
		{ "d= is ours", "example.com", "example.com", OURS, false,
		    false },
		{ "d= is ours, but fails", "example.com", "example.com", OURS,
		    true, true },
		{ "d= is below ours", "a.b.example.com", "example.com", SUB,
		    false, false },
		{ "d= is above ours", "example.com", "b.example.com", SUB,
		    false, true },
	};
	struct fx_mail mail = OUTSIDE;
	struct fx_client client;
	struct engine_msg *m;
	struct buf text;
	char conf[256];

	buf_init(&text, FX_MAX_BYTES);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_reset(&text);
		(void)snprintf(conf, sizeof(conf), DOMAIN_CONF,
		    rows[i].signer);
		fx_sign(fx, conf, rows[i].text, &text);
		if (rows[i].tampered) {
			buf_add_char(&text, '!');
		}
		(void)snprintf(conf, sizeof(conf), DOMAIN_CONF,
		    rows[i].verifier);
		fx_configure(fx, conf);
		m = fx_run(fx, &mail, &client, buf_str(&text));
		tap_ok(fx_contains(buf_str(&fx->log), "sends as our domain") ==
		    rows[i].warned, "warning: %s", rows[i].name);
		engine_msg_free(m);
	}
	buf_fini(&text);
}

int
main(void)
{
	struct fx fx;

	fx_init(&fx, "rsa._domainkey.a.b.example.com. CNAME "
	    "rsa._domainkey.example.com.\n");
	test_rules(&fx);
	test_unclear(&fx);
	test_domains(&fx);
	test_warning(&fx);
	test_warning_signed(&fx);
	fx_fini(&fx);
	return (tap_done());
}
