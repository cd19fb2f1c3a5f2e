/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fails each allocation of the report reader in turn, and of what adds reports
 * up. There is the whole report, or none and a reason, or a warning. Mail is
 * left out: GLib ends the process.
 */
#include "config.h"


#include <zlib.h>

#include "report/read_private.h"
#include "report/read_sources.h"
#include "test/unit/alloc_fail.h"
#include "test/unit/tap.h"

static const char xml[] =
    "<feedback><report_metadata><org_name>Rx</org_name><email>a@b</email>"
    "<report_id>r1</report_id><date_range><begin>1</begin><end>2</end>"
    "</date_range></report_metadata><policy_published><domain>d.example"
    "</domain><p>none</p></policy_published><record><row><source_ip>192.0.2.1"
    "</source_ip><count>4</count><policy_evaluated><disposition>none"
    "</disposition><dkim>pass</dkim><spf>fail</spf></policy_evaluated></row>"
    "<identifiers><header_from>d.example</header_from></identifiers>"
    "<auth_results><dkim><domain>d.example</domain><selector>s</selector>"
    "<result>pass</result></dkim><spf><domain>e.example</domain><result>fail"
    "</result></spf></auth_results></record></feedback>";
static const char json[] =
    "{\"organization-name\":\"Rx\",\"report-id\":\"r1\",\"date-range\":"
    "{\"start-datetime\":\"2026-01-01T00:00:00Z\",\"end-datetime\":"
    "\"2026-01-01T23:59:59Z\"},\"policies\":[{\"policy\":{\"policy-domain\":"
    "\"d.example\",\"policy-type\":\"sts\"},\"summary\":{"
    "\"total-successful-session-count\":4,\"total-failure-session-count\":0}}"
    "]}";
static const char fields[] =
    "Feedback-Type: auth-failure\nAuth-Failure: dmarc\nSource-IP: 192.0.2.1\n"
    "Reported-Domain: d.example\nIdentity-Alignment: dkim\n";

/* A tar with one member, which libarchive needs no checksum of data for. */
static size_t
make_tar(char *out)
{
	unsigned sum = 0;
	size_t i;

	memset(out, 0, 4096);
	memcpy(out, "a.xml", 5);
	memcpy(out + 100, "0000644\0000000000\0000000000", 23);
	(void)snprintf(out + 124, 12, "%011zo", sizeof(xml) - 1);
	memcpy(out + 136, "00000000000", 11);
	memset(out + 148, ' ', 8);
	out[156] = '0';
	memcpy(out + 257, "ustar\00000", 8);
	for (i = 0; i < 512; i++) {
		sum += (unsigned char)out[i];
	}
	(void)snprintf(out + 148, 8, "%06o", sum);
	memcpy(out + 512, xml, sizeof(xml) - 1);
	return (4096);
}

static size_t
make_gzip(char *out, size_t max)
{
	z_stream z = { .next_in = Z_NULL };
	union { const char *p; unsigned char *bytes; } in = { .p = xml };

	z.next_in = in.bytes;
	z.avail_in = sizeof(xml) - 1;
	z.next_out = (unsigned char *)out;
	z.avail_out = (unsigned)max;
	if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) !=
	    Z_OK || deflate(&z, Z_FINISH) != Z_STREAM_END) {
		return (0);
	}
	(void)deflateEnd(&z);
	return (max - z.avail_out);
}

static bool
is_whole(const struct report *r)
{
	switch (r->kind) {
	case REPORT_AGGREGATE:
		return (r->aggregate.messages == 4 &&
		    strcmp(r->aggregate.org, "Rx") == 0 &&
		    strcmp(r->aggregate.rows[0].dkim_selector, "s") == 0);
	case REPORT_TLS:
		return (strcmp(r->tls.org, "Rx") == 0 &&
		    r->tls.policies[0].success == 4);
	case REPORT_FAILURE:
		break;
	}
	return (strcmp(r->failure.source_ip, "192.0.2.1") == 0);
}

static bool
is_right(const struct read_unit *u)
{
	const struct report *r = u->first;

	if (r == NULL || read_unit_over(u)) {
		return (u->worst >= READ_DAMAGED && u->reason[0] != '\0');
	}
	return (is_whole(r) || r->warnings_n + r->warnings_more > 0);
}

static void
read_once(struct str bytes, struct read_unit *u)
{
	struct read_feed *feed;

	read_unit_init(u, NULL);
	if (bytes.p == fields) {
		(void)read_feedback(u, bytes);
		return;
	}
	feed = read_feed_new(u, READ_INPUT, NULL);
	if (feed != NULL) {
		(void)read_feed_bytes(feed, bytes.p, bytes.n);
		(void)read_feed_end(feed, true);
	}
}

static void
check_input(struct str bytes, const char *name)
{
	struct read_unit u;
	bool right = true, failed = true;
	unsigned at;

	for (at = 0; failed && at < ALLOC_FAIL_MAX; at++) {
		alloc_fail_at(at);
		read_once(bytes, &u);
		failed = alloc_failed();
		right = right && is_right(&u);
		if (!failed) {
			tap_ok(u.first != NULL && is_whole(u.first),
			    "%s: whole when no allocation fails", name);
		}
		read_unit_fini(&u);
	}
	tap_ok(right && at > 3, "%s: right in each of %u runs", name, at);
}

static enum status
add_up(const struct report *r)
{
	struct sources *s = sources_new();
	enum status status = STATUS_NOMEM;

	if (s != NULL) {
		(void)sources_seen(s, r);
		status = sources_add(s, &r->aggregate);
		if (status == STATUS_OK) {
			status = sources_judge(s, NULL);
		}
	}
	if (status == STATUS_OK && (sources_count(s) != 1 ||
	    sources_get(s, 0)->verdict != SOURCE_MINE)) {
		status = STATUS_SYNTAX;
	}
	sources_free(s);
	return (status);
}

static void
check_sources(void)
{
	enum status status;
	struct read_unit u;
	bool right = true, failed = true;
	unsigned at;

	read_once(str_from(xml), &u);
	for (at = 0; failed && at < ALLOC_FAIL_MAX; at++) {
		alloc_fail_at(at);
		status = add_up(u.first);
		failed = alloc_failed();
		right = right && (status == STATUS_OK || (failed &&
		    status == STATUS_NOMEM));
	}
	tap_ok(right && at > 3, "sources: right in each of %u runs", at);
	read_unit_fini(&u);
}

int
main(void)
{
	char packed[4096];

	check_input(str_from(xml), "XML");
	check_input(str_from(json), "JSON");
	check_input(str_from(fields), "fields of a failure report");
	check_input(str_mem(packed, make_gzip(packed, sizeof(packed))),
	    "gzip");
	check_input(str_mem(packed, make_tar(packed)), "tar");
	check_sources();
	return (tap_done());
}
