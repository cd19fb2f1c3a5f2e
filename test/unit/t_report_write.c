/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include <zlib.h>

#include "report/write.h"
#include "report/write_mail.h"
#include "report/write_private.h"

#include "test/unit/tap.h"

#define ARENA_BYTES	(16 << 20)
#define XML_BYTES	(4 << 20)

static struct kept_signature sig_pass = { { "example.com", 11 }, { "s1", 2 },
	{ "pass", 4 } };
static struct kept_signature sig_hostile[] = {
	{ { "<a>&\"b\".example", 15 }, { "x\xff\x01y", 4 }, { "what", 4 } },
	{ { "example.com", 11 }, { "", 0 }, { "pass", 4 } },
	{ { "", 0 }, { "s", 1 }, { "pass", 4 } },
	{ { "-a-.example", 11 }, { "S.Two", 5 }, { "FAIL", 4 } },
};

static struct kept_fact
make_fact(const char *ip)
{
	return ((struct kept_fact){ .ip = str_from(ip),
		.disposition = STR("none"), .dkim = STR("fail"),
		.spf = STR("fail"), .header_from = STR("example.com"),
		.envelope_from = STR("bounce.example.com"),
		.spf_domain = STR("bounce.example.com"),
		.spf_result = STR("softfail") });
}

static struct write_head
make_head(void)
{
	return ((struct write_head){ .org = STR("Rx & Sons"),
		.email = STR("dmarc@rx.example"), .id = STR("abc123"),
		.generator = STR("test 1"), .begin_s = 1764115200,
		.end_s = 1764201599,
		.policy = { .domain = STR("example.com"),
		    .discovery = STR("treewalk"), .p = STR("reject"),
		    .sp = STR(""), .np = STR("none"), .adkim = STR("s"),
		    .aspf = STR("r"), .fo = STR("1:d"),
		    .testing = STR("n"), .rua = STR("mailto:a@example.com"),
		    .error = STR("") } });
}

/* The document, in a static buffer. */
static const char *
write_rows(const struct write_head *head, const struct write_row *rows,
    size_t n, bool legacy, enum status want, struct write_counts *counts)
{
	static char xml[XML_BYTES];
	z_stream z = { .next_out = (unsigned char *)xml,
		.avail_out = XML_BYTES - 1 };
	struct arena arena;
	struct buf gzip;

	arena_init(&arena, ARENA_BYTES);
	buf_init(&gzip, WRITE_GZIP_MAX_BYTES);
	tap_num(report_write(&arena, head, rows, n, legacy, &gzip, counts),
	    want, "written");
	xml[0] = '\0';
	if (want == STATUS_OK) {
		z.next_in = (unsigned char *)gzip.p;
		z.avail_in = (unsigned)gzip.n;
		tap_ok(inflateInit2(&z, 31) == Z_OK && inflate(&z, Z_FINISH) ==
		    Z_STREAM_END && z.avail_in == 0, "one whole gzip member");
		xml[z.total_out] = '\0';
		(void)inflateEnd(&z);
		tap_ok(gzip.n > 10 && memcmp(gzip.p + 4, "\0\0\0\0", 4) == 0 &&
		    (gzip.p[3] & 0x1c) == 0, "without a time and a name");
	}
	buf_fini(&gzip);
	arena_fini(&arena);
	return (xml);
}

static void
has(const char *xml, const char *text)
{
	tap_ok(strstr(xml, text) != NULL, "has %s", text);
}

static void
hasnt(const char *xml, const char *text)
{
	tap_ok(strstr(xml, text) == NULL, "has no %s", text);
}

static size_t
count_of(const char *xml, const char *text)
{
	size_t n = 0;

	for (; (xml = strstr(xml, text)) != NULL; xml++) {
		n++;
	}
	return (n);
}

static void
check_document(void)
{
	struct write_head head = make_head();
	struct write_row row = { make_fact("::ffff:192.0.2.1"), 3 };
	struct write_counts counts;
	const char *xml;

	row.fact.signatures = &sig_pass;
	row.fact.signatures_n = 1;
	row.fact.dkim = STR("pass");
	row.fact.disposition = STR("pass");
	xml = write_rows(&head, &row, 1, false, STATUS_OK, &counts);
	has(xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
	has(xml, "<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\">");
	has(xml, "<org_name>Rx &amp; Sons</org_name>");
	has(xml, "<begin>1764115200</begin>");
	has(xml, "<end>1764201599</end>");
	has(xml, "<discovery_method>treewalk</discovery_method>");
	has(xml, "<p>reject</p>");
	has(xml, "<np>none</np>");
	has(xml, "<adkim>s</adkim>");
	has(xml, "<fo>1:d</fo>");
	has(xml, "<testing>n</testing>");
	has(xml, "<source_ip>192.0.2.1</source_ip>");
	has(xml, "<disposition>pass</disposition>");
	has(xml, "<scope>mfrom</scope>");
	has(xml, "<result>softfail</result>");
	has(xml, "<selector>s1</selector>");
	hasnt(xml, "<sp>");
	hasnt(xml, "<pct>");
	hasnt(xml, "rua");
	hasnt(xml, "envelope_to");
	hasnt(xml, "<error>");
	tap_num((long long)counts.messages, 3, "messages");
	xml = write_rows(&head, &row, 1, true, STATUS_OK, &counts);
	has(xml, "<feedback>");
	has(xml, "<pct>100</pct>");
	has(xml, "<sp>reject</sp>");
	has(xml, "<disposition>none</disposition>");
	hasnt(xml, "<np>");
	hasnt(xml, "<testing>");
	hasnt(xml, "<generator>");
	hasnt(xml, "discovery_method");
}

/* t=y, p that is none, SPF that did not run, "other" without a comment. */
static void
check_odd_values(void)
{
	struct write_head head = make_head();
	struct write_row row = { make_fact("2001:DB8:0::1"), 1 };
	struct write_counts counts;
	const char *xml;

	head.policy.p = STR("Quarantine");
	head.policy.sp = STR("bogus");
	head.policy.fo = STR("0:x");
	head.policy.testing = STR("y");
	head.policy.error = STR("sp is invalid; joe@example.org");
	head.org = STR("\x1b[31mRx\n");
	row.fact.spf_result = STR("");
	row.fact.spf_domain = STR("");
	row.fact.envelope_from = STR("");
	row.fact.reasons[0] = (struct kept_reason){ STR("policy_test_mode"),
		STR("") };
	row.fact.reasons[1] = (struct kept_reason){ STR("sampled_out"),
		STR("") };
	row.fact.reasons[2] = (struct kept_reason){ STR("other"),
		STR("by joe@list.example, \xe2\x80\xaetxt \xff") };
	row.fact.reasons[3] = row.fact.reasons[0];
	row.fact.reasons_n = 4;
	xml = write_rows(&head, &row, 1, false, STATUS_OK, &counts);
	has(xml, "<p>quarantine</p>");
	has(xml, "<source_ip>2001:db8::1</source_ip>");
	has(xml, "<testing>y</testing>");
	has(xml, "<error>sp is invalid; @example.org</error>");
	has(xml, "<comment>by @list.example, \xef\xbf\xbdtxt \xef\xbf\xbd<");
	has(xml, "<comment>sampled_out</comment>");
	hasnt(xml, "<spf>\n");
	hasnt(xml, "<fo>");
	hasnt(xml, "<sp>");
	hasnt(xml, "joe");
	tap_num((long long)count_of(xml, "policy_test_mode"), 1,
	    "a reason once");
	tap_num((long long)count_of(xml, "<envelope_from"), 1,
	    "the null reverse-path is an empty element");
	xml = write_rows(&head, &row, 1, true, STATUS_OK, &counts);
	has(xml, "<pct>0</pct>");
	has(xml, "<domain>example.com</domain>\n    <scope>mfrom</scope>");
	hasnt(xml, "<type>policy_test_mode");
	has(xml, "<comment>policy_test_mode</comment>");
}

static void
check_hostile(void)
{
	struct write_head head = make_head();
	struct write_row row = { make_fact("192.0.2.1"), 1 };
	struct write_counts counts;
	const char *xml;

	row.fact.signatures = sig_hostile;
	row.fact.signatures_n = sizeof(sig_hostile) / sizeof(sig_hostile[0]);
	row.fact.envelope_from = STR("a@b]]>.example");
	xml = write_rows(&head, &row, 1, false, STATUS_OK, &counts);
	tap_num((long long)count_of(xml, "<dkim>\n"), 2,
	    "signatures without domain or selector are left out");
	has(xml, "<domain>_a___b_.example</domain>");
	has(xml, "<selector>x__y</selector>");
	has(xml, "<result>permerror</result>");
	has(xml, "<domain>_a_.example</domain>");
	has(xml, "<selector>s.two</selector>");
	has(xml, "<result>fail</result>");
	has(xml, "<envelope_from>a_b___.example</envelope_from>");
}

static void
check_rows(void)
{
	struct write_head head = make_head();
	struct write_row rows[] = {
		{ make_fact("2001:db8::2"), 1 }, { make_fact("192.0.2.9"), 2 },
		{ make_fact("10.0.0.200"), 4 }, { make_fact("192.0.2.9"), 8 },
		{ make_fact("192.0.2.9"), 0 }, { make_fact("192.0.2.10"), -1 },
		{ make_fact("no address"), 16 } };
	struct write_row again[7];
	struct write_counts counts;
	char *first;
	const char *xml;
	size_t i;

	rows[3].fact.header_from = STR("EXAMPLE.COM.");	/* once written */
	xml = write_rows(&head, rows, 7, false, STATUS_OK, &counts);
	tap_num((long long)counts.rows, 3, "equal rows are one");
	tap_num((long long)counts.messages, 15, "no message is lost");
	has(xml, "<count>10</count>");
	tap_ok(strstr(xml, "10.0.0.200") < strstr(xml, "192.0.2.9") &&
	    strstr(xml, "192.0.2.9") < strstr(xml, "2001:db8::2"),
	    "by address");
	first = strdup(xml);
	for (i = 0; i < 7; i++) {
		again[i] = rows[6 - i];
	}
	xml = write_rows(&head, again, 7, false, STATUS_OK, &counts);
	tap_ok(first != NULL && strcmp(first, xml) == 0,
	    "in any order the same octets");
	free(first);
	write_rows(&head, rows + 4, 3, false, STATUS_SYNTAX, &counts);
	write_rows(&head, rows, 0, false, STATUS_SYNTAX, &counts);
}

static void
check_ceiling(void)
{
	struct write_head head = make_head();
	struct write_row row = { make_fact("192.0.2.1"), 1 };
	struct write_counts counts;
	enum status status;
	struct arena arena;
	struct buf gzip;
	size_t max;

	for (max = 0; max < 20000; max += 500) {
		arena_init(&arena, max);
		buf_init(&gzip, WRITE_GZIP_MAX_BYTES);
		status = report_write(&arena, &head, &row, 1, false, &gzip,
		    &counts);
		buf_fini(&gzip);
		arena_fini(&arena);
		if (status != STATUS_NOMEM) {
			break;
		}
	}
	tap_ok(status == STATUS_OK && max > 0, "no memory, and then enough");
	arena_init(&arena, ARENA_BYTES);
	buf_init(&gzip, 100);
	tap_num(report_write(&arena, &head, &row, 1, false, &gzip, &counts),
	    STATUS_LIMIT, "larger than the buffer");
	buf_fini(&gzip);
	arena_fini(&arena);
}

static void
check_text_length(void)
{
	static char text[2 * WRITE_TEXT_MAX_BYTES];
	const char *clean;
	struct arena arena;

	memset(text, 'x', sizeof(text));
	arena_init(&arena, ARENA_BYTES);
	clean = write_clean_text(&arena, str_mem(text, sizeof(text)));
	tap_ok(clean != NULL && strlen(clean) == WRITE_TEXT_MAX_BYTES,
	    "a text has a limit");
	memset(text, 'a', sizeof(text));
	clean = write_clean_name(&arena, str_mem(text, 300));
	tap_ok(clean != NULL && strlen(clean) == 63, "a label too");
	arena_fini(&arena);
}

static void
check_mail(void)
{
	struct write_mail m = { .from = STR("dmarc@rx.example"),
		.to = STR("rua@example.com"), .receiver = STR("rx.example"),
		.domain = STR("long.example.com"), .id = STR("0123abcd"),
		.tag = STR("tag"), .begin_s = 1764115200,
		.end_s = 1764201599, .date_s = 1764205261,
		.counts = { 1, 1 }, .gzip = STR("\x1f\x8b...") };
	struct buf out;

	buf_init(&out, WRITE_MAIL_MAX_BYTES);
	tap_num(write_mail(&out, &m), STATUS_OK, "a mail");
	has(out.p, "\nSubject: Report Domain: long.example.com Submitter: "
	    "rx.example\n Report-ID: 0123abcd\n");
	has(out.p, "Date: Thu, 27 Nov 2025 01:01:01 +0000\n");
	has(out.p, "Message-ID: <0123abcd.tag@rx.example>\n");
	has(out.p, "Auto-Submitted: auto-generated\n");
	has(out.p, "Content-Type: application/gzip\n");
	has(out.p, " filename=\"rx.example!long.example.com!1764115200!"
	    "1764201599!0123abcd.xml.gz\"\n");
	has(out.p, "\n1 message in 1 record.\n");
	buf_fini(&out);
	buf_init(&out, WRITE_MAIL_MAX_BYTES);
	m.domain = STR("_under.score.example");
	tap_num(write_mail(&out, &m), STATUS_OK, "a name with underscores");
	has(out.p, "\"rx.example!_under.score.example!1764115200!");
	buf_fini(&out);
	buf_init(&out, 100);
	tap_num(write_mail(&out, &m), STATUS_LIMIT, "larger than the buffer");
	buf_fini(&out);
}

int
main(void)
{
	check_document();
	check_odd_values();
	check_hostile();
	check_rows();
	check_ceiling();
	check_text_length();
	check_mail();
	return (tap_done());
}
