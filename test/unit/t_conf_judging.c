/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of judging: their values, and rules by domain. */
#include <stdlib.h>
#include <unistd.h>

#include "conf/conf.h"
#include "test/unit/tap.h"

static struct env env;

static struct conf *
parse(const char *text, struct diag *diag)
{
	struct conf *conf;
	enum status status;

	diag_init(diag);
	status = conf_parse(str_from(text), "conf", &env, &conf, diag);
	return (status == STATUS_OK ? conf : NULL);
}

static void
test_defaults(void)
{
	struct diag diag;
	struct conf *c = parse("", &diag);
	int rule;

	if (!tap_ok(c != NULL, "nothing is set")) {
		return;
	}
	tap_num(c->on_bad_from, CONF_REJECT, "OnBadFrom");
	tap_num(c->on_arc_fail, CONF_ACCEPT, "OnArcFail");
	tap_num(c->on_dmarc_reject, CONF_QUARANTINE,
	    "OnDMARCReject, RFC 9989 7.4");
	tap_num(c->on_dmarc_quarantine, CONF_Q_TAG, "OnDMARCQuarantine");
	tap_num(c->on_dmarc_temperror, CONF_TEMPFAIL, "OnDMARCTempError");
	tap_num(c->org_domain, CONF_TREEWALK, "OrgDomain");
	tap_num(c->relay_mail, CONF_RELAY_RECEIVED, "TrustedRelayMail");
	tap_ok(!c->received_spf && !c->reject_needs_second,
	    "ReceivedSPF, RejectNeedsSecondOpinion");
	tap_ok(!names_find(c->domain_rules, STR("example.com"), &rule),
	    "DomainRules");
	tap_ok(!names_find(c->trusted_sealers, STR("example.com"), &rule),
	    "TrustedSealers");
	tap_ok(!hosts_match(c->trusted_networks, NULL, STR("example.com")) &&
	    !hosts_match(c->mailing_list_hosts, NULL, STR("example.com")) &&
	    !hosts_match(c->trusted_relays, NULL, STR("example.com")),
	    "TrustedNetworks, MailingListHosts, TrustedRelays");
	conf_release(c);
}

static void
test_all(void)
{
	struct diag diag;
	struct conf *c = parse("OnBadFrom Quarantine\nOnDMARCReject REJECT\n"
	    "OnDMARCQuarantine hold\nOnDMARCTempError accept\nOrgDomain psl\n"
	    "TrustedRelayMail exempt\nReceivedSPF yes\nSecondOpinion all\n"
	    "RejectNeedsSecondOpinion yes\nTrustedNetworks n.example\n"
	    "MailingListHosts l.example\nTrustedRelays r.example\n", &diag);

	if (!tap_ok(c != NULL, "every option at once")) {
		printf("# %s\n", diag.text);
		return;
	}
	tap_num(c->on_bad_from, CONF_QUARANTINE, "OnBadFrom");
	tap_num(c->on_dmarc_reject, CONF_REJECT, "OnDMARCReject");
	tap_num(c->on_dmarc_quarantine, CONF_Q_HOLD, "OnDMARCQuarantine");
	tap_num(c->on_dmarc_temperror, CONF_ACCEPT, "OnDMARCTempError");
	tap_num(c->org_domain, CONF_PSL, "OrgDomain");
	tap_num(c->relay_mail, CONF_RELAY_EXEMPT, "TrustedRelayMail");
	tap_ok(c->received_spf && c->reject_needs_second,
	    "ReceivedSPF, RejectNeedsSecondOpinion");
	tap_ok(hosts_match(c->trusted_networks, NULL, STR("n.example")),
	    "TrustedNetworks");
	tap_ok(hosts_match(c->mailing_list_hosts, NULL, STR("l.example")),
	    "MailingListHosts");
	tap_ok(hosts_match(c->trusted_relays, NULL, STR("r.example")),
	    "TrustedRelays");
	conf_release(c);
}

/* OnDNSError is for DMARC, too, unless OnDMARCTempError is set. */
static void
test_temperror(void)
{
	static const struct {
		const char		*text;
		enum conf_action	 action;
	} rows[] = {
		{ "OnDNSError accept\n", CONF_ACCEPT },
		{ "OnDNSError reject\n", CONF_TEMPFAIL },
		{ "OnDNSError quarantine\n", CONF_TEMPFAIL },
		{ "OnDNSError accept\nOnDMARCTempError tempfail\n",
		    CONF_TEMPFAIL },
		{ "OnDMARCTempError accept\n", CONF_ACCEPT },
	};
	struct diag diag;
	struct conf *c;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		c = parse(rows[i].text, &diag);
		tap_num(c != NULL ? (long long)c->on_dmarc_temperror : -1,
		    rows[i].action, rows[i].text);
		conf_release(c);
	}
}

static void
check_rules(const struct conf *c)
{
	static const struct {
		struct str	name;
		int		rule;	/* -1: none */
	} rows[] = {
		{ STR("a.example"), CONF_RULE_ACCEPT },
		{ STR("x.a.example"), -1 },
		{ STR("b.example"), -1 },
		{ STR("x.b.example"), CONF_RULE_QUARANTINE },
		{ STR("y.x.b.example"), CONF_RULE_QUARANTINE },
		{ STR("c.b.example"), CONF_RULE_REJECT },
		{ STR("x.c.b.example"), CONF_RULE_QUARANTINE },
		{ STR("xn--bcher-kva.example"), CONF_RULE_IGNORE },
		{ STR("example"), -1 },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int rule = -1;

		(void)names_find(c->domain_rules, rows[i].name, &rule);
		tap_num(rule, rows[i].rule, rows[i].name.p);
	}
}

static void
test_rules(void)
{
	static const char text[] = "# rules\nA.example. accept\n"
	    ".b.example\tQuarantine\n\nc.b.example reject # why\n"
	    "b\xc3\xbc" "cher.example ignore\n";
	char path[] = "/tmp/t_conf_judging.XXXXXX";
	int fd = mkstemp(path);
	char line[64];
	struct diag diag;
	struct conf *c;

	tap_ok(fd >= 0 && write(fd, text, sizeof(text) - 1) ==
	    (ssize_t)sizeof(text) - 1 && close(fd) == 0, "a file");
	snprintf(line, sizeof(line), "DomainRules %s\n", path);
	c = parse(line, &diag);
	if (tap_ok(c != NULL, "rules from a file")) {
		check_rules(c);
	}
	conf_release(c);
	unlink(path);
	c = parse("DomainRules a.example accept, .b.example quarantine "
	    "c.b.example reject,b\xc3\xbc" "cher.example,ignore\n", &diag);
	if (tap_ok(c != NULL, "and in the line itself")) {
		check_rules(c);
	}
	conf_release(c);
}

static void
test_sealers(void)
{
	struct diag diag;
	struct conf *c = parse("TrustedSealers A.example, .b.example a.example"
	    "\nOnArcFail reject\n", &diag);
	int value;

	if (tap_ok(c != NULL, "sealers, one of them twice")) {
		tap_ok(names_find(c->trusted_sealers, STR("a.example"),
		    &value) && names_find(c->trusted_sealers,
		    STR("x.b.example"), &value) &&
		    !names_find(c->trusted_sealers, STR("b.example"), &value),
		    "a domain, and all below one");
		tap_num(c->on_arc_fail, CONF_REJECT, "OnArcFail");
	}
	conf_release(c);
}

static void
test_seal(void)
{
	struct diag diag;
	struct conf *c = parse("ArcSeal Forwarded\nDomain b.example,a.example\n"
	    "Selector s\nKeyFile /dev/null\nArcSealKey A.example.:S\n",
	    &diag);

	tap_ok(c == NULL, "a key is needed all the same");
	c = parse("ArcSeal all\nArcSealKey A.example.:S\n", &diag);
	if (tap_ok(c != NULL, "ArcSealKey: %s", diag.text)) {
		tap_num(c->arc_seal, CONF_ARC_SEAL_ALL, "ArcSeal");
		tap_str(c->arc_seal_key.domain, STR("a.example"), "domain");
		tap_str(c->arc_seal_key.selector, STR("s"), "selector");
	}
	conf_release(c);
	c = parse("ArcSealKey a.example\n", &diag);
	if (tap_ok(c != NULL, "without a selector")) {
		tap_num(c->arc_seal, CONF_ARC_SEAL_OFF, "off by default");
		tap_ok(c->arc_seal_key.selector.p == NULL, "any selector");
	}
	conf_release(c);
}

static const struct {
	const char	*text;
	const char	*why;
} bad[] = {
	{ "TrustedSealers a..example\n", "conf:1: TrustedSealers: "
	    "\"a..example\" is not a domain name or a .domain" },
	{ "ArcVerify no\nTrustedSealers a.example\n", "conf:2: "
	    "TrustedSealers and OnArcFail need ArcVerify yes" },
	{ "OnArcFail reject\nArcVerify no\n", "conf:1: "
	    "TrustedSealers and OnArcFail need ArcVerify yes" },
	{ "ArcSeal all\nArcVerify no\nDomain a.example\n", "conf:1: ArcSeal "
	    "needs Mode sv and ArcVerify yes" },
	{ "Mode v\nArcSeal all\nDomain a.example\n", "conf:2: ArcSeal needs "
	    "Mode sv and ArcVerify yes" },
	{ "ArcSeal forwarded\n", "conf:1: ArcSeal needs ArcSealKey or "
	    "Domain" },
	{ "ArcSeal yes\n", "conf:1: ArcSeal: \"yes\" is not "
	    "off|forwarded|all" },
	{ "ArcSealKey a b\n", "conf:1: ArcSealKey: \"a b\" is not a domain "
	    "name" },
	{ "ArcSealKey a.example:\n", "conf:1: ArcSealKey: \"\" is not a "
	    "selector" },
	{ "OnArcFail discard\n", "conf:1: OnArcFail: \"discard\" is not "
	    "accept|reject|tempfail|quarantine" },
	{ "DomainRules a.example\n", "conf:1: DomainRules: \"a.example\" "
	    "has no rule after it" },
	{ "DomainRules a.example accept b.example\n", "conf:1: DomainRules: "
	    "\"b.example\" has no rule after it" },
	{ "DomainRules a.example discard\n", "conf:1: DomainRules: "
	    "\"discard\" is not accept, quarantine, reject or ignore" },
	{ "DomainRules accept accept accept accept\n", "" },
	{ "DomainRules a.example accept A.example. reject\n", "conf:1: "
	    "DomainRules: \"A.example.\" already has another rule" },
	{ "DomainRules a..example accept\n", "conf:1: DomainRules: "
	    "\"a..example\" is not a domain name or a .domain" },
	{ "DomainRules 192.0.2.1 accept\n", "conf:1: DomainRules: "
	    "\"192.0.2.1\" is not a domain name or a .domain" },
	{ "DomainRules . accept\n", "conf:1: DomainRules: \".\" is not a "
	    "domain name or a .domain" },
	{ "OnDMARCReject tempfail\n", "conf:1: OnDMARCReject: \"tempfail\" is "
	    "not reject|quarantine|accept" },
	{ "OnDMARCQuarantine reject\n", "conf:1: OnDMARCQuarantine: "
	    "\"reject\" is not hold|tag|accept" },
	{ "OnDMARCTempError reject\n", "conf:1: OnDMARCTempError: \"reject\" "
	    "is not accept|tempfail" },
	{ "\nRejectNeedsSecondOpinion yes\n", "conf:2: "
	    "RejectNeedsSecondOpinion needs SecondOpinion all" },
	{ "SecondOpinion sample:99%\nRejectNeedsSecondOpinion yes\n",
	    "conf:2: RejectNeedsSecondOpinion needs SecondOpinion all" },
};

static void
test_bad(void)
{
	struct diag diag;
	struct conf *c;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		c = parse(bad[i].text, &diag);
		if (tap_ok((c == NULL) == (bad[i].why[0] != '\0'), "%zu: %s",
		    i, bad[i].why) && c == NULL) {
			tap_str(str_from(diag.text), str_from(bad[i].why),
			    "and says so");
		}
		conf_release(c);
	}
}

int
main(void)
{
	env_init_system(&env);
	test_defaults();
	test_all();
	test_temperror();
	test_rules();
	test_sealers();
	test_seal();
	test_bad();
	return (tap_done());
}
