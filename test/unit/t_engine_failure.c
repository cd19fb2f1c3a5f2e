/* SPDX-License-Identifier: BSD-2-Clause */
/* Failure reports of judged messages: lib/engine/failure.c. */
#include "engine_reports.h"
#include "tap.h"
#include "test/unit/alloc_fail.h"

#define REPORTS		"ReportFrom r@AT@mx.here.test\nReportStore sqlite:/x\n"
#define CONF		FX_VERIFY "OnDMARCReject reject\n" REPORTS \
	"FailureReports yes\n"
#define RUF		"; ruf=mailto:f@reports.test"
#define BROKEN(domain)	"DKIM-Signature: v=1; a=rsa-sha256; " \
	"c=simple/simple; d=" domain "; s=rsa; i=tom@" domain "; h=from; " \
	"bh=YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=; b=YQ==\r\n"

static const char zone[] =
    DOMAIN("zero.test", "p=none" RUF)
    DOMAIN("one.test", "p=reject; fo=1" RUF)
    DOMAIN("d.test", "p=none; fo=d" RUF)
    DOMAIN("s.test", "p=none; fo=s" RUF)
    DOMAIN("ds.test", "p=none; fo=d:s" RUF)
    DOMAIN("all.test", "p=none; fo=0:1:d:s" RUF)
    DOMAIN("no-ruf.test", "p=reject; rua=mailto:a@reports.test")
    DOMAIN("web-ruf.test", "p=none; ruf=https://reports.test/")
    DOMAIN("psd.test", "p=none; psd=y" RUF)
    DOMAIN("soft.test", "p=none; fo=s" RUF)
    "_dmarc.down.test SERVFAIL\n"
    "spfdown.test SERVFAIL TXT\n"
    "_dmarc.spfdown.test TXT \"v=DMARC1; p=none; fo=1:s" RUF "\"\n"
    "gone._domainkey.all.test TXT \"v=DKIM1; p=\"\n"
    "slow._domainkey.one.test SERVFAIL\n"
    DOMAIN("here.test", "p=none" RUF)
    "_dmarc.example.com TXT \"v=DMARC1; p=none; fo=d" RUF "\"\n";

static const struct row {
	const char	*name;
	const char	*conf;		/* NULL: CONF */
	const char	*ip;		/* NULL: BAD_IP; "": none */
	const char	*mail_from;	/* NULL: <joe@elsewhere.test> */
	const char	*text;
	bool		 watch;		/* test mode */
	const char	*cause;		/* Auth-Failure, Identity-Alignment,
					   Delivery-Result; "": no report */
} rows[] = {
	/* RFC 9989 4.7: fo */
	{ "fo=0, fails", NULL, NULL, NULL, FROM("zero.test"), false,
	    "dmarc/dkim, spf/delivered" },
	{ "fo=0, SPF passes", NULL, GOOD_IP, "<a@zero.test>",
	    FROM("zero.test"), false, "" },
	{ "fo=1, SPF passes, no signature", NULL, GOOD_IP, "<a@one.test>",
	    FROM("one.test"), false, "dmarc/dkim/delivered" },
	{ "fo=1, fails, refused", NULL, NULL, "<a@one.test>",
	    FROM("one.test"), false, "dmarc/dkim, spf/reject" },
	{ "fo=d, no signature", NULL, NULL, NULL, FROM("d.test"), false, "" },
	{ "fo=d, a broken signature, SPF passes", NULL, GOOD_IP,
	    "<a@d.test>", BROKEN("example.com") FROM("d.test"), false,
	    "bodyhash/dkim/delivered" },
	{ "fo=d, SPF fails", NULL, NULL, "<a@d.test>", FROM("d.test"), false,
	    "" },
	{ "fo=s, SPF fails", NULL, NULL, "<a@s.test>", FROM("s.test"), false,
	    "spf/dkim, spf/delivered" },
	{ "fo=s, SPF passes", NULL, GOOD_IP, "<a@s.test>", FROM("s.test"),
	    false, "" },
	{ "fo=s, no SPF record", NULL, NULL, NULL, FROM("s.test"), false,
	    "" },
	{ "fo=d:s, SPF fails", NULL, NULL, "<a@ds.test>", FROM("ds.test"),
	    false, "spf/dkim, spf/delivered" },
	{ "fo=d:s, both fail: the signature", NULL, NULL, "<a@ds.test>",
	    BROKEN("example.com") FROM("ds.test"), false,
	    "bodyhash/dkim, spf/delivered" },
	{ "fo=0:1:d:s: one report", NULL, NULL, "<a@all.test>",
	    BROKEN("example.com") FROM("all.test"), false,
	    "dmarc/dkim, spf/delivered" },
	{ "a revoked key", NULL, GOOD_IP, "<a@d.test>",
	    "DKIM-Signature: v=1; a=rsa-sha256; d=all.test; s=gone; h=from; "
	    "bh=YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=; b=YQ==\r\n"
	    FROM("d.test"), false, "revoked/dkim/delivered" },
	{ "a signature without a key", NULL, GOOD_IP, "<a@d.test>",
	    "DKIM-Signature: v=1; a=rsa-sha256; d=all.test; s=no; h=from; "
	    "bh=YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=; b=YQ==\r\n"
	    FROM("d.test"), false, "signature/dkim/delivered" },
	/* what is not known is no failure */
	{ "fo=1, the key cannot be looked up", NULL, GOOD_IP, "<a@one.test>",
	    "DKIM-Signature: v=1; a=rsa-sha256; d=one.test; s=slow; h=from; "
	    "bh=YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=; b=YQ==\r\n"
	    FROM("one.test"), false, "" },
	{ "fo=1:s, SPF cannot be looked up", FX_VERIFY REPORTS
	    "FailureReports yes\nOnDNSError accept\n", NULL,
	    "<a@spfdown.test>", FROM("spfdown.test"), false, "" },
	{ "the policy cannot be looked up", NULL, NULL, NULL,
	    FROM("down.test"), false, "" },
	/* who gets none */
	{ "off by default", FX_VERIFY "OnDMARCReject reject\n" REPORTS, NULL,
	    NULL, FROM("zero.test"), false, "" },
	{ "no ruf", NULL, NULL, NULL, FROM("no-ruf.test"), false, "" },
	{ "no mailto in ruf", NULL, NULL, NULL, FROM("web-ruf.test"), false,
	    "" },
	{ "psd=y", NULL, NULL, NULL, FROM("psd.test"), false, "" },
	{ "psd=y, a domain below it", NULL, NULL, NULL, FROM("a.psd.test"),
	    false, "" },
	{ "a domain above that of ReportFrom", NULL, NULL, NULL,
	    FROM("here.test"), false, "" },
	{ "ReportDeny", CONF "ReportDeny zero.test\n", NULL, NULL,
	    FROM("zero.test"), false, "" },
	{ "ReportAllow", CONF "ReportAllow one.test\n", NULL, NULL,
	    FROM("zero.test"), false, "" },
	/* what causes none */
	{ "an empty sender", NULL, NULL, "<>", FROM("zero.test"), false, "" },
	{ "a failure report", NULL, NULL, NULL, "Content-Type: "
	    "Multipart/Report; report-type=feedback-report\r\n"
	    FROM("zero.test"), false, "" },
	{ "a receipt", NULL, NULL, NULL, "Content-Type: multipart/report; "
	    "report-type=disposition-notification\r\n" FROM("zero.test"),
	    false, "" },
	{ "an aggregate report", NULL, NULL, NULL, "Subject: Report Domain: "
	    "x.test Submitter: zero.test Report-ID: 1\r\n" FROM("zero.test"),
	    false, "" },
	{ "mail of a program", NULL, NULL, NULL,
	    "Auto-Submitted: auto-generated\r\n" FROM("zero.test"), false,
	    "" },
	{ "mail of a program, and another field", NULL, NULL, NULL,
	    "Auto-Submitted: auto-replied\r\nAuto-Submitted: no\r\n"
	    FROM("zero.test"), false, "" },
	{ "mail of a program, a word that begins with no", NULL, NULL, NULL,
	    "Auto-Submitted: notification\r\n" FROM("zero.test"), false, "" },
	{ "Auto-Submitted: no, with a comment", NULL, NULL, NULL,
	    "Auto-Submitted: No(body) ; x=y\r\n" FROM("zero.test"), false,
	    "dmarc/dkim, spf/delivered" },
	{ "Auto-Submitted: no", NULL, NULL, NULL,
	    "Auto-Submitted: no\r\n" FROM("zero.test"), false,
	    "dmarc/dkim, spf/delivered" },
	{ "a trusted network", CONF "TrustedNetworks " BAD_IP "\n", NULL,
	    NULL, FROM("one.test"), false, "" },
	{ "a mailing list", CONF "MailingListHosts " BAD_IP "\n", NULL, NULL,
	    FROM("one.test"), false, "" },
	{ "an internal host", CONF "InternalHosts " BAD_IP "\n", NULL, NULL,
	    FROM("zero.test"), false, "" },
	{ "no address of the client", NULL, "", NULL, FROM("zero.test"),
	    false, "" },
	/* what was done */
	{ "test mode: delivered", NULL, NULL, NULL, FROM("one.test"), true,
	    "dmarc/dkim, spf/delivered" },
	{ "quarantined: policy", FX_VERIFY REPORTS "FailureReports yes\n",
	    NULL, NULL, FROM("one.test"), false,
	    "dmarc/dkim, spf/policy" },
};

/* The unfolded value of a field; "": there is none. */
static struct str
get_field(struct arena *arena, const char *text, const char *name)
{
	struct message message;
	const struct field *field;
	size_t index, i, n = 0;
	struct str value;
	char *out;

	if (text[0] == '\0' || message_parse(arena, str_from(text),
	    &message) != STATUS_OK) {
		return (STR(""));
	}
	field = field_list_last(&message.fields, str_from(name),
	    message.fields.n, &index);
	if (field == NULL) {
		return (STR(""));
	}
	value = str_trim_fws(field->value);
	out = arena_alloc(arena, value.n + 1);
	for (i = 0; i < value.n; i++) {
		if (value.p[i] != '\r' && value.p[i] != '\n') {
			out[n++] = value.p[i];
		}
	}
	return (str_mem(out, n));
}

static void
check_row(const struct row *row)
{
	static char text[TEXT_BYTES];
	struct arena arena;
	struct str got = STR("");

	arena_init(&arena, FX_MAX_BYTES);
	run_message(row->conf != NULL ? row->conf : CONF, row->ip,
	    row->mail_from, row->text, row->watch);
	query("SELECT CASE count(*) WHEN 1 THEN feedback ELSE "
	    "'Auth-Failure: many' END FROM mailseal_report_failure "
	    "HAVING count(*) > 0", text);
	if (text[0] != '\0') {
		got = arena_printf(&arena, "%.*s/%.*s/%.*s",
		    STR_FMT(get_field(&arena, text, "Auth-Failure")),
		    STR_FMT(get_field(&arena, text, "Identity-Alignment")),
		    STR_FMT(get_field(&arena, text, "Delivery-Result")));
	}
	tap_str(got, str_from(row->cause), row->name);
	arena_fini(&arena);
}

#define CHECK_FIELD(text, name, want) \
	tap_str(get_field(&arena, text, name), STR(want), name)

static bool
is_redacted(struct str got, const char *domain)
{
	size_t at = str_find(got, '@');

	return (at == REDACT_TOKEN_CHARS && str_eq(str_from_offset(got,
	    at + 1), str_from(domain)));
}

static void
test_feedback(void)
{
	static char text[TEXT_BYTES];
	struct arena arena;
	struct str value;

	arena_init(&arena, FX_MAX_BYTES);
	run_message(CONF, NULL, "<tim@one.test>",
	    BROKEN("one.test") FROM("One.Test"), false);
	query("SELECT feedback FROM mailseal_report_failure", text);
	CHECK_FIELD(text, "Source-IP", BAD_IP);
	CHECK_FIELD(text, "Reported-Domain", "one.test");
	CHECK_FIELD(text, "DKIM-Domain", "one.test");
	CHECK_FIELD(text, "DKIM-Selector", "rsa");
	CHECK_FIELD(text, "SPF-DNS", "txt : one.test : \"v=spf1 ip4:" GOOD_IP
	    " -all\"");
	CHECK_FIELD(text, "Arrival-Date", "Tue, 14 Nov 2023 22:13:20 +0000");
	CHECK_FIELD(text, "Authentication-Results", "mx.example.net; "
	    "dmarc=fail header.from=one.test; spf=fail "
	    "smtp.mailfrom=one.test; dkim=permerror header.d=one.test "
	    "header.s=rsa");
	tap_ok(is_redacted(get_field(&arena, text, "DKIM-Identity"),
	    "one.test"), "DKIM-Identity");
	value = get_field(&arena, text, "Original-Mail-From");
	tap_ok(value.n > 2 && value.p[0] == '<' && is_redacted(
	    str_mem(value.p + 1, value.n - 2), "one.test"),
	    "Original-Mail-From");
	query("SELECT domain || ' ' || ruf || ' ' || source || ' ' || "
	    "incidents FROM mailseal_report_failure", text);
	tap_str(str_from(text), STR("one.test mailto:f@reports.test " BAD_IP
	    " 1"), "the report");
	arena_fini(&arena);
}

/* A header that shows what it can. */
static void
test_header(void)
{
	static const char mail[] =
	    "Received: from alice-host by x for <bob@target.test>\r\n"
	    "DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple;\r\n"
	    "\td=one.test; s=rsa; i=\"tom x\"@one.test; h=from:\r\n to;\r\n"
	    " z=From:secret@one.test; k=eve; b=YQ==;\r\n"
	    " bh=YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=\r\n"
	    "X-Secret: alice\r\n"
	    "To: Bob <bob@target.test>\r\n"
	    "Cc: carol@target.test\r\n"
	    "Sender: \"Alice A.\" <alice@one.test>\r\n"
	    "Reply-To: broken alice <alice@one.test\r\n"
	    "Date: Tue, 14 Nov 2023 22:13:20 +0000 (alice)\r\n"
	    "Message-ID: <17@mail.one.test>\r\n"
	    "Subject: for bob@target.test: http://w.test/\r\n"
	    " =?utf-8?q?bob=40target.test?=\r\n"
	    "Subject: alice again\r\n"
	    "From: \"Alice A.\" <alice@one.test>\r\n"
	    "\r\nbody of alice\r\n";
	static char text[TEXT_BYTES];
	struct arena arena;
	struct str a, b;

	arena_init(&arena, FX_MAX_BYTES);
	run_message(CONF, NULL, NULL, mail, false);
	query("SELECT header || feedback FROM mailseal_report_failure", text);
	tap_ok(strstr(text, "alice") == NULL && strstr(text, "Alice") == NULL &&
	    strstr(text, "bob") == NULL && strstr(text, "carol") == NULL &&
	    strstr(text, "secret") == NULL && strstr(text, "eve") == NULL &&
	    strstr(text, "tom") == NULL && strstr(text, "body") == NULL &&
	    strstr(text, "joe") == NULL, "no name is left");
	query("SELECT header FROM mailseal_report_failure", text);
	a = get_field(&arena, text, "From");
	b = get_field(&arena, text, "Sender");
	tap_ok(is_redacted(a, "one.test") && str_eq(a, b),
	    "the same author has the same token");
	CHECK_FIELD(text, "Date", "Tue, 14 Nov 2023 22:13:20 +0000");
	CHECK_FIELD(text, "Message-ID", "<17@mail.one.test>");
	CHECK_FIELD(text, "Reply-To", "");
	CHECK_FIELD(text, "To", "");
	CHECK_FIELD(text, "Received", "");
	tap_ok(strstr(text, "@target.test: hxxp://w.test/") != NULL,
	    "the subject");
	tap_ok(strstr(text, "h=from: to;") != NULL &&
	    strstr(text, "b=YQ==;") != NULL &&
	    strstr(text, "z=") == NULL && strstr(text, "k=") == NULL,
	    "the signature");
	arena_fini(&arena);
}

/* A local part at the end of what is shown, wherever the cut is. */
static void
test_cut(const char *field, size_t max)
{
	static char text[TEXT_BYTES];
	bool right = true;
	struct buf mail;
	size_t i, n;

	buf_init(&mail, FX_MAX_BYTES);
	for (n = 1; n <= 9; n += 4) {
		buf_reset(&mail);
		buf_printf(&mail, "%s: ", field);
		for (i = n; i < max; i++) {
			buf_add_char(&mail, i % 20 == 0 ? ' ' : 'z');
		}
		buf_add_cstr(&mail, " alicealice@one.test\r\n"
		    FROM("one.test"));
		buf_add_char(&mail, '\0');
		run_message(CONF, NULL, NULL, mail.p, false);
		query("SELECT header FROM mailseal_report_failure", text);
		right = right && strstr(text, field) != NULL &&
		    strstr(text, " a") == NULL && strstr(text, "li") == NULL;
	}
	tap_ok(right, "%s: no name is left at the cut", field);
	buf_fini(&mail);
}

/* Tags of a signature whose values have an address. */
static void
test_tags(void)
{
	static char text[TEXT_BYTES];

	run_message(CONF, NULL, NULL, "DKIM-Signature: v=1; a=alice@a;\r\n"
	    " c=x; d=alice@one.test; s=\"alice\"%40one.test; h=from;\r\n"
	    " b=YQ==\r\n" FROM("one.test"), false);
	query("SELECT header FROM mailseal_report_failure", text);
	tap_ok(strstr(text, "alice") == NULL && strstr(text,
	    "DKIM-Signature: v=1; c=x; h=from; b=YQ==;\n") != NULL,
	    "tags with addresses are left out");
}

/* Nothing ends a line, a part or the report. */
static void
test_hostile(void)
{
	static const char nul[] = "Subject: a\0b\r\nFrom: joe@one.test\r\n\r\n";
	static char text[TEXT_BYTES];
	struct buf mail;
	size_t i;

	buf_init(&mail, FX_MAX_BYTES);
	buf_add_cstr(&mail, "Subject: \x1b[31m\r\x01--report_x\xe2\x80\xae"
	    "\xff ");
	for (i = 0; i < 3000; i++) {
		buf_add_cstr(&mail, "@x");
	}
	buf_add_cstr(&mail, "\r\nDate: \r\n\t\r\n\tDelivery-Result: reject\r\n"
	    "DKIM-Signature: v=1; d=x\xff\r\n y; s=\"@\"; b=");
	for (i = 0; i < 20000; i++) {
		buf_add_char(&mail, 'A');
	}
	buf_add_cstr(&mail, "\r\nMessage-ID: <a\rb@c>\r\n");
	for (i = 0; i < 100; i++) {
		buf_add_cstr(&mail, "DKIM-Signature: v=1; d=a; i=a@b\r\n");
	}
	buf_add_cstr(&mail, FROM("one.test"));
	buf_add_char(&mail, '\0');
	run_message(CONF, NULL, "<\x01\"a b\\\"\r\nX: y\"@one.test>", mail.p,
	    false);
	query("SELECT feedback || header FROM mailseal_report_failure", text);
	tap_ok(text[0] != '\0', "there is a report");
	for (i = 0; text[i] != '\0'; i++) {
		if ((text[i] < ' ' && text[i] != '\n') || text[i] > '~' ||
		    (text[i] == '\n' && text[i + 1] != '\0' &&
		    text[i + 1] != ' ' && !char_is_alpha(text[i + 1]))) {
			break;
		}
	}
	tap_num(text[i], '\0', "fields of printable ASCII");
	tap_ok(strstr(text, "\nDelivery-Result: reject\n") != NULL &&
	    strstr(text, "\n Delivery-Result") == NULL,
	    "no field of the message's");
	run_message(CONF, NULL, NULL, nul, false);
	buf_fini(&mail);
}

/* One report for each policy domain. */
static void
test_authors(void)
{
	static char text[TEXT_BYTES];

	run_message(CONF, NULL, "<a@b.test>",
	    "From: a@zero.test, b@one.test, c@sub.one.test\r\n\r\n", false);
	query("SELECT group_concat(domain, ' ') FROM (SELECT domain FROM "
	    "mailseal_report_failure ORDER BY domain)", text);
	tap_str(str_from(text), STR("one.test zero.test"),
	    "three authors of two policies");
}

/* The key of the tokens is the host's. */
static void
test_secret(void)
{
	static char a[TEXT_BYTES], b[TEXT_BYTES], c[TEXT_BYTES];

	fx.mark_secret = "secret";
	run_message(CONF, NULL, NULL, FROM("zero.test"), false);
	query("SELECT header FROM mailseal_report_failure", a);
	run_message(CONF, NULL, NULL, FROM("zero.test"), false);
	query("SELECT header FROM mailseal_report_failure", b);
	fx.mark_secret = "another";
	run_message(CONF, NULL, NULL, FROM("zero.test"), false);
	query("SELECT header FROM mailseal_report_failure", c);
	fx.mark_secret = NULL;
	tap_str(str_from(a), str_from(b), "the same secret, the same token");
	tap_ok(strcmp(a, c) != 0, "another secret, another token");
}

/* Without memory at any point the report is counted as lost, and all else goes
   on. The collector has no thread, so that nothing else allocates. */
static void
test_memory(void)
{
	static const char text[] = "Subject: a@b.test\r\nSender: c@d.test\r\n"
	    BROKEN("one.test") FROM("one.test");
	const struct fx_mail mail = { .ip = BAD_IP };
	struct report_collector_numbers n = { .away = true };
	bool right = true, failed = true;
	struct fx_client client;
	struct engine_msg *m;
	unsigned at;

	for (at = 0; failed && at < ALLOC_FAIL_MAX; at++) {
		fx.reports = report_collector_new(fx.crypto, &fx.env,
		    COLLECT_MAX_BYTES, REPORT_ROWS_MAX);
		if (fx.reports == NULL || report_collector_set(fx.reports,
		    "sqlite:/nowhere", 7) != STATUS_OK) {
			fx_die("report_collector", "no memory");
		}
		fx_configure(&fx, CONF);
		m = fx_run(&fx, &mail, &client, str_from(text));
		alloc_fail_at(at);
		engine_msg_report(m, true);
		failed = alloc_failed();
		report_collector_get(fx.reports, &n);
		if (n.failures_dropped != failed) {
			printf("# at %u: %d\n", at, failed);
			right = false;
		}
		engine_msg_free(m);
		report_collector_free(fx.reports);
		fx.reports = NULL;
	}
	tap_ok(right && at > 10, "out of memory in each of %u runs", at);
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
	test_feedback();
	test_header();
	test_cut("Subject", 300);
	test_cut("Date", 64);
	test_tags();
	test_hostile();
	test_authors();
	test_secret();
	test_memory();
	fx_fini(&fx);
	return (tap_done());
}
