/* SPDX-License-Identifier: BSD-2-Clause */
/* What reports will say of a judged message: lib/engine/report.c. */
#include "engine_reports.h"
#include "tap.h"

#define CONF		FX_VERIFY "OnDMARCReject reject\n"
#define RUA		"; rua=mailto:r@reports.test"
static const char zone[] =
    DOMAIN("none.test", "p=none" RUA)
    DOMAIN("quarantine.test", "p=quarantine" RUA)
    DOMAIN("reject.test", "p=Reject; SP=quarantine; np=none; adkim=S; fo=1:d"
	RUA "!10m")
    DOMAIN("sub.reject.test", "p=none" RUA)
    "other.reject.test TXT \"v=spf1 -all\"\n"
    DOMAIN("testing.test", "p=reject; t=y" RUA)
    DOMAIN("testing-q.test", "p=quarantine; t=y" RUA)
    DOMAIN("broken.test", "p=bogus; sp=reject" RUA)
    DOMAIN("no-p.test", "rua=mailto:r@reports.test")
    DOMAIN("no-rua.test", "p=reject")
    DOMAIN("web-rua.test", "p=reject; rua=https://reports.test/")
    DOMAIN("odd-rua.test", "p=reject; rua=mailto:0,mailto:a@reports.test!1k,"
	"https://reports.test/x")
    DOMAIN("errors.test", "p=bogus; rua=mailto:0,mailto:r@reports.test; sp=x;"
	" p=none")
    "_dmarc.psd.test TXT \"v=DMARC1; p=none; psd=y" RUA "\"\n"
    DOMAIN("bare.psd.test", "p=reject")
    DOMAIN("own.psd.test", "p=none" RUA)
    "plain.psd.test A 192.0.2.1\n"
    DOMAIN("xn--bcher-kva.test", "p=none" RUA)
    "_dmarc.down.test SERVFAIL\n"
    "spfdown.test SERVFAIL TXT\n"
    "_dmarc.spfdown.test TXT \"v=DMARC1; p=reject" RUA "\"\n"
    DOMAIN("mail.here.test", "p=none" RUA)
    DOMAIN("here.test", "p=none" RUA)
    "_dmarc.example.com TXT \"v=DMARC1; p=none" RUA "\"\n";

#define NONE_POLICY	"none.test treewalk none -/- r r 0 n " \
	"mailto:r@reports.test []"

#define OURS	CONF "ReportFrom r@AT@mail.here.test\nReportStore none\n"

static const struct row {
	const char	*name;
	const char	*conf;		/* NULL: CONF */
	const char	*ip;		/* NULL: BAD_IP; "": none */
	const char	*mail_from;	/* NULL: <joe@elsewhere.test> */
	const char	*text;
	bool		 watch;		/* test mode */
	const char	*facts;		/* disposition dkim spf [reasons] from
					   envelope [signatures] SPF; "": no
					   row */
	const char	*policy;	/* NULL: not compared */
	const char	*weight;	/* ordinary accepted passed; or NULL */
} rows[] = {
	/* RFC 9990 Appendix A, B */
	{ "p=none, passes: none", NULL, GOOD_IP, "<a@none.test>",
	    FROM("none.test"), false,
	    "none fail pass [] none.test none.test [] none.test pass",
	    NONE_POLICY, "1 1 1" },
	{ "p=none, fails: none, without a reason", NULL, NULL, NULL,
	    FROM("none.test"), false,
	    "none fail fail [] none.test elsewhere.test [] elsewhere.test "
	    "none", NULL, "1 1 0" },
	{ "p=reject, passes: pass", NULL, GOOD_IP, "<a@reject.test>",
	    FROM("Reject.Test"), false,
	    "pass fail pass [] reject.test reject.test [] reject.test pass",
	    "reject.test treewalk reject quarantine/none s r 1:d n "
	    "mailto:r@reports.test!10485760 []", "1 1 1" },
	{ "p=reject, fails: reject", NULL, NULL, "<a@reject.test>",
	    FROM("reject.test"), false,
	    "reject fail fail [] reject.test reject.test [] reject.test fail",
	    NULL, "1 0 0" },
	{ "p=quarantine, fails: quarantine", NULL, NULL, "<a@b.test>",
	    FROM("quarantine.test"), false,
	    "quarantine fail fail [] quarantine.test b.test [] b.test none",
	    NULL, "1 1 0" },
	{ "a subdomain: sp, at the policy domain", NULL, NULL, "<a@b.test>",
	    FROM("other.reject.test"), false, "quarantine fail fail [] "
	    "other.reject.test b.test [] b.test none",
	    "reject.test treewalk reject quarantine/none s r 1:d n "
	    "mailto:r@reports.test!10485760 []", NULL },
	{ "a name that does not exist: np", NULL, NULL, "<a@b.test>",
	    FROM("gone.reject.test"), false, "none fail fail [] "
	    "gone.reject.test b.test [] b.test none", NULL, NULL },
	{ "a subdomain with a record of its own", NULL, NULL, "<a@b.test>",
	    FROM("sub.reject.test"), false, "none fail fail [] "
	    "sub.reject.test b.test [] b.test none",
	    "sub.reject.test treewalk none -/- r r 0 n mailto:r@reports.test "
	    "[]", NULL },
	/* 3.1.6 */
	{ "t=y: one step lower, with its reason", NULL, NULL, "<a@b.test>",
	    FROM("testing.test"), false, "quarantine fail fail "
	    "[policy_test_mode] testing.test b.test [] b.test none",
	    "testing.test treewalk reject -/- r r 0 y mailto:r@reports.test "
	    "[]", NULL },
	{ "t=y, p=quarantine: none", NULL, NULL, "<a@b.test>",
	    FROM("testing-q.test"), false, "none fail fail "
	    "[policy_test_mode] testing-q.test b.test [] b.test none", NULL,
	    NULL },
	{ "t=y, passes: pass", NULL, GOOD_IP, "<a@testing-q.test>",
	    FROM("testing-q.test"), false, "pass fail pass [] testing-q.test "
	    "testing-q.test [] testing-q.test pass", NULL, NULL },
	{ "t=y and OnDMARCQuarantine accept: both reasons",
	    CONF "OnDMARCQuarantine accept\n", NULL, "<a@b.test>",
	    FROM("testing.test"), false, "none fail fail [policy_test_mode\t"
	    "local_policy OnDMARCQuarantine accept] testing.test b.test [] "
	    "b.test none", NULL, NULL },
	{ "OnDMARCReject quarantine", FX_VERIFY, NULL, "<a@b.test>",
	    FROM("reject.test"), false, "quarantine fail fail "
	    "[local_policy OnDMARCReject quarantine] reject.test b.test [] "
	    "b.test none", NULL, "1 1 0" },
	{ "OnDMARCReject accept", FX_VERIFY "OnDMARCReject accept\n", NULL,
	    "<a@b.test>", FROM("reject.test"), false, "none fail fail "
	    "[local_policy OnDMARCReject accept] reject.test b.test [] b.test "
	    "none", NULL, NULL },
	{ "TrustedNetworks", CONF "TrustedNetworks " BAD_IP "\n", NULL,
	    "<a@b.test>", FROM("reject.test"), false, "none fail fail "
	    "[trusted_forwarder] reject.test b.test [] b.test none", NULL,
	    "1 1 0" },
	{ "MailingListHosts", CONF "MailingListHosts " BAD_IP "\n", NULL,
	    "<a@b.test>", FROM("reject.test"), false, "none fail fail "
	    "[mailing_list] reject.test b.test [] b.test none", NULL, NULL },
	{ "an exemption that changes nothing is no reason",
	    CONF "TrustedNetworks " BAD_IP "\n", NULL, "<a@b.test>",
	    FROM("none.test"), false, "none fail fail [] none.test b.test [] "
	    "b.test none", NULL, NULL },
	{ "DomainRules accept", CONF "DomainRules reject.test accept\n", NULL,
	    "<a@b.test>", FROM("reject.test"), false, "none fail fail "
	    "[local_policy DomainRules accept] reject.test b.test [] b.test "
	    "none", NULL, NULL },
	{ "DomainRules ignore", CONF "DomainRules reject.test ignore\n", NULL,
	    "<a@b.test>", FROM("reject.test"), false, "", NULL, NULL },
	{ "DomainRules reject", CONF "DomainRules none.test reject\n", NULL,
	    "<a@b.test>", FROM("none.test"), false, "reject fail fail "
	    "[local_policy a rule for this domain] none.test b.test [] b.test "
	    "none", NULL, "1 0 0" },
	{ "test mode", NULL, NULL, "<a@b.test>", FROM("reject.test"), true,
	    "none fail fail [local_policy this host only watches: no message "
	    "is changed] reject.test b.test [] b.test none", NULL, "1 1 0" },
	{ "test mode and an exemption: the exemption",
	    CONF "TrustedNetworks " BAD_IP "\n", NULL, "<a@b.test>",
	    FROM("reject.test"), true, "none fail fail [trusted_forwarder] "
	    "reject.test b.test [] b.test none", NULL, NULL },
	{ "test mode, passes", NULL, GOOD_IP, "<a@reject.test>",
	    FROM("reject.test"), true, "pass fail pass [] reject.test "
	    "reject.test [] reject.test pass", NULL, NULL },
	{ "3.1.1.9 refused for a signature: what DMARC did",
	    CONF "OnBadSignature reject\n", GOOD_IP, "<a@none.test>",
	    "DKIM-Signature: v=1; a=rsa-sha256; d=x.test; s=s; h=from; "
	    "bh=YQ==; b=YQ==\r\n" FROM("none.test"), false,
	    "none fail pass [] none.test none.test [x.test s neutral] "
	    "none.test pass", NULL, "1 0 1" },
	/* identifiers */
	{ "null reverse-path: empty, SPF of HELO", NULL, GOOD_IP, "<>",
	    FROM("none.test"), false, "none fail fail [] none.test - [] "
	    "client.example none", NULL, "1 1 0" },
	{ "a reverse-path without a domain", NULL, GOOD_IP, "<joe>",
	    FROM("none.test"), false, "none fail fail [] none.test - [] joe "
	    "none", NULL, NULL },
	{ "a signature without s=", NULL, GOOD_IP, "<a@none.test>",
	    "DKIM-Signature: v=1; a=rsa-sha256; d=none.test; h=from; "
	    "bh=YQ==; b=YQ==\r\n" FROM("none.test"), false, "none fail pass "
	    "[] none.test none.test [] none.test pass", NULL, NULL },
	{ "SPF cannot be evaluated: a row, deferred", NULL, NULL,
	    "<a@spfdown.test>", FROM("spfdown.test"), false, "none fail fail "
	    "[local_policy a result was not available] spfdown.test "
	    "spfdown.test [] spfdown.test temperror", NULL, "1 0 0" },
	/* policies */
	{ "p is invalid: none, without sp, and said so", NULL, NULL,
	    "<a@b.test>", FROM("broken.test"), false, "none fail fail [] "
	    "broken.test b.test [] b.test none", "broken.test treewalk none "
	    "-/- r r 0 n mailto:r@reports.test [p, sp or np is invalid: "
	    "treated as p=none]", NULL },
	{ "no p: none, and said so", NULL, NULL, "<a@b.test>",
	    FROM("no-p.test"), false, "none fail fail [] no-p.test b.test [] "
	    "b.test none", "no-p.test treewalk none -/- r r 0 n "
	    "mailto:r@reports.test [there is no p: treated as p=none]",
	    NULL },
	{ "rua with an invalid URI", NULL, NULL, "<a@b.test>",
	    FROM("odd-rua.test"), false, "reject fail fail [] odd-rua.test "
	    "b.test [] b.test none", "odd-rua.test treewalk reject -/- r r 0 "
	    "n mailto:a@reports.test!1024,https://reports.test/x [rua has an "
	    "invalid URI]", NULL },
	{ "several errors: one text", NULL, NULL, "<a@b.test>",
	    FROM("errors.test"), false, "none fail fail [] errors.test b.test "
	    "[] b.test none", "errors.test treewalk none -/- r r 0 n "
	    "mailto:r@reports.test [p, sp or np is invalid: treated as p=none; "
	    "rua has an invalid URI; a tag is repeated]", NULL },
	{ "RFC 9990 7.3 psd=y: the public suffix gets it", NULL, NULL,
	    "<a@b.test>", FROM("plain.psd.test"), false, "none fail fail [] "
	    "plain.psd.test b.test [] b.test none", "psd.test treewalk none "
	    "-/- r r 0 n mailto:r@reports.test []", NULL },
	{ "psd=y, and a record below it: that one", NULL, NULL, "<a@b.test>",
	    FROM("own.psd.test"), false, "none fail fail [] own.psd.test "
	    "b.test [] b.test none", "own.psd.test treewalk none -/- r r 0 n "
	    "mailto:r@reports.test []", NULL },
	{ "psd=y, and a record below it without rua: nobody", NULL, NULL,
	    "<a@b.test>", FROM("bare.psd.test"), false, "", NULL, NULL },
	{ "7.2 names in capitals, with a dot, of UTF-8", NULL, NULL,
	    "<a@B\303\234cher.TEST>", FROM("B\303\234cher.Test"), false,
	    "none fail fail [] xn--bcher-kva.test xn--bcher-kva.test [] "
	    "xn--bcher-kva.test fail", NULL, NULL },
	/* no row */
	{ "no rua", NULL, NULL, NULL, FROM("no-rua.test"), false, "", NULL,
	    NULL },
	{ "no mailto in rua", NULL, NULL, NULL, FROM("web-rua.test"), false,
	    "", NULL, NULL },
	{ "no policy", NULL, NULL, NULL, FROM("plain.test"), false, "", NULL,
	    NULL },
	{ "the policy cannot be looked up", NULL, NULL, NULL,
	    FROM("down.test"), false, "", NULL, NULL },
	{ "an internal host", CONF "InternalHosts " BAD_IP "\n", NULL, NULL,
	    FROM("none.test"), false, "", NULL, NULL },
	{ "no address of the client", NULL, "", NULL, FROM("none.test"),
	    false, "", NULL, NULL },
	{ "PeerList", CONF "PeerList " BAD_IP "\n", NULL, NULL,
	    FROM("none.test"), false, "", NULL, NULL },
	{ "no author", NULL, NULL, NULL, "Subject: x\r\n\r\nhi\r\n", false,
	    "", NULL, NULL },
	{ "ReportDeny", CONF "ReportDeny none.test\n", NULL, NULL,
	    FROM("none.test"), false, "", NULL, NULL },
	{ "ReportAllow", CONF "ReportAllow reject.test\n", NULL, NULL,
	    FROM("none.test"), false, "", NULL, NULL },
	{ "our own domain",
	    CONF "ReportFrom r@AT@mail.here.test\nReportStore none\n", NULL,
	    NULL,
	    FROM("mail.here.test"), false, "", NULL, NULL },
	{ "a domain above it",
	    CONF "ReportFrom r@AT@mail.here.test\nReportStore none\n", NULL,
	    NULL,
	    FROM("here.test"), false, "", NULL, NULL },
	/* what causes no report by itself */
	{ "a report", NULL, GOOD_IP, "<a@none.test>",
	    "Subject: Report Domain: x.test\r\n Submitter: none.test "
	    "Report-ID: 1\r\n" FROM("none.test"), false, "none fail pass [] "
	    "none.test none.test [] none.test pass", NULL, "0 0 0" },
	{ "a failure report", NULL, GOOD_IP, "<a@none.test>",
	    "Content-Type: multipart/report; report-type=\"feedback-report\""
	    "\r\n"
	    FROM("none.test"), false, "none fail pass [] none.test none.test "
	    "[] none.test pass", NULL, "0 0 0" },
	{ "a TLS report", NULL, GOOD_IP, "<a@none.test>",
	    "Content-Type: multipart/report; report-type=tlsrpt\r\n"
	    FROM("none.test"), false, "none fail pass [] none.test none.test "
	    "[] none.test pass", NULL, "0 0 0" },
	{ "a bounce", NULL, GOOD_IP, "<>",
	    "Content-Type: multipart/report; report-type=delivery-status\r\n"
	    FROM("none.test"), false, "none fail fail [] none.test - [] "
	    "client.example none", NULL, "0 0 0" },
	{ "an absence note", NULL, GOOD_IP, "<a@none.test>",
	    "Auto-Submitted: auto-replied (vacation)\r\n" FROM("none.test"),
	    false, "none fail pass [] none.test none.test [] none.test pass",
	    NULL, "0 0 0" },
	{ "a report with a word before its subject", NULL, GOOD_IP,
	    "<a@none.test>", "Subject: [Preview] Report Domain: x.test\r\n"
	    " Submitter: none.test Report-ID: 1\r\n" FROM("none.test"), false,
	    "none fail pass [] none.test none.test [] none.test pass", NULL,
	    "0 0 0" },
	{ "to the address of reports", OURS, GOOD_IP, "<a@none.test>",
	    "To: Joe <joe@here.test>,\r\n \"x\" <R@MAIL.here.test>\r\n"
	    FROM("none.test"), false, "none fail pass [] none.test none.test "
	    "[] none.test pass", NULL, "0 0 0" },
	{ "to a return path of reports", OURS, GOOD_IP, "<>",
	    "To: r+abc.d@mail.here.test\r\n" FROM("none.test"), false,
	    "none fail fail [] none.test - [] client.example none", NULL,
	    "0 0 0" },
	{ "to an address that is like it", OURS, GOOD_IP, "<a@none.test>",
	    "To: x.r@mail.here.test, r@mail.here.test.x, r+@mail.here.tes\r\n"
	    FROM("none.test"), false, "none fail pass [] none.test none.test "
	    "[] none.test pass", NULL, "1 1 1" },
	{ "mail of a program", NULL, GOOD_IP, "<a@none.test>",
	    "Auto-Submitted: auto-generated\r\n" FROM("none.test"), false,
	    "none fail pass [] none.test none.test [] none.test pass", NULL,
	    "1 1 1" },
};

static void
check_row(const struct row *row)
{
	char got[TEXT_BYTES];

	run_message(row->conf != NULL ? row->conf : CONF, row->ip,
	    row->mail_from, row->text, row->watch);
	query("SELECT disposition || ' ' || dkim || ' ' || spf || ' [' || "
	    "reasons || '] ' || header_from || ' ' || "
	    "COALESCE(NULLIF(envelope_from, ''), '-') || ' [' || signatures "
	    "|| '] ' || spf_domain || ' ' || spf_result || "
	    "CASE messages WHEN 1 THEN '' ELSE ' twice' END "
	    "FROM mailseal_report_row", got);
	tap_str(str_from(got), str_from(row->facts), row->name);
	if (row->policy != NULL) {
		query("SELECT domain || ' ' || discovery || ' ' || p || ' ' || "
		    "COALESCE(NULLIF(sp, ''), '-') || '/' || "
		    "COALESCE(NULLIF(np, ''), '-') || ' ' || adkim || ' ' || "
		    "aspf || ' ' || fo || ' ' || testing || ' ' || rua || "
		    "' [' || error || ']' FROM mailseal_report_policy", got);
		tap_str(str_from(got), str_from(row->policy), "its policy");
	}
	if (row->weight != NULL) {
		query("SELECT ordinary || ' ' || accepted || ' ' || passed "
		    "FROM mailseal_report_period", got);
		tap_str(str_from(got), str_from(row->weight), "its weight");
	}
}

/* RFC 9990 3.1.3: the order of signatures; another t=, another result. */
static void
test_signatures(void)
{
	struct buf once, text;
	char got[TEXT_BYTES];

	buf_init(&once, FX_MAX_BYTES);
	buf_init(&text, FX_MAX_BYTES);
	fx_sign(&fx, FX_SIGN, "From: joe@example.com\r\n\r\nhi\r\n", &once);
	buf_add_cstr(&text, "DKIM-Signature: v=1; a=rsa-sha256; "
	    "d=bad.example.com; s=None; h=from; bh=YQ==; b=YQ==\r\n");
	buf_add_str(&text, buf_str(&once));
	buf_add_char(&text, '\0');
	run_message(CONF, NULL, NULL, text.p, false);
	query("SELECT dkim || ' ' || signatures FROM mailseal_report_row",
	    got);
	tap_str(str_from(got), STR("pass example.com rsa pass,"
	    "bad.example.com none neutral"), "the best signature first");
	run_message(CONF "MaximumSignaturesToVerify 1\n", NULL, NULL,
	    "DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple; "
	    "d=example.com; s=rsa; h=from; bh=YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh"
	    "YWFhYWFhYWE=; b=YQ==\r\n"
	    "DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple; "
	    "d=example.com; s=ed; h=from; bh=YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh"
	    "YWFhYWFhYWE=; b=YQ==\r\nFrom: joe@example.com\r\n\r\nhi\r\n",
	    false);
	query("SELECT signatures FROM mailseal_report_row", got);
	tap_str(str_from(got), STR("example.com rsa fail"),
	    "a signature that was not verified has no result");
	buf_fini(&once);
	buf_fini(&text);
}

/* Several authors: one row for each policy domain. */
static void
test_authors(void)
{
	char got[TEXT_BYTES];

	run_message(CONF, NULL, "<a@b.test>",
	    "From: a@none.test, b@reject.test, c@other.reject.test\r\n\r\n",
	    false);
	query("SELECT group_concat(t, ' ') FROM (SELECT header_from || '=' || "
	    "disposition AS t FROM mailseal_report_row ORDER BY header_from)",
	    got);
	tap_str(str_from(got), STR("none.test=none reject.test=reject"),
	    "three authors of two policies");
}

int
main(void)
{
	size_t i;

	fx_init(&fx, zone);
	fx_path(&fx, "reports.db", path);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(&rows[i]);
	}
	test_signatures();
	test_authors();
	fx_fini(&fx);
	return (tap_done());
}
