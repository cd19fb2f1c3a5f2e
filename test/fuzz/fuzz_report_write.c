/* SPDX-License-Identifier: BSD-2-Clause */
/* Each line of the input is a value of a report; what is written is XML. */
#include <stdbool.h>

#include <libxml/parser.h>
#include <zlib.h>

#include "report/write.h"
#include "test/fuzz/fuzz.h"

#define XML_BYTES	(1 << 20)

static struct str
take(struct str *rest)
{
	struct str value = STR_NONE;

	return (str_next(rest, '\n', &value) ? value : STR(""));
}

static void
check_xml(const struct buf *gzip)
{
	static char xml[XML_BYTES];
	z_stream z = { .next_in = (unsigned char *)gzip->p,
		.avail_in = (unsigned)gzip->n,
		.next_out = (unsigned char *)xml, .avail_out = XML_BYTES };
	xmlDocPtr document;

	FUZZ_CHECK(inflateInit2(&z, 31) == Z_OK);
	FUZZ_CHECK(inflate(&z, Z_FINISH) == Z_STREAM_END);
	(void)inflateEnd(&z);
	document = xmlReadMemory(xml, (int)z.total_out, "report", NULL,
	    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	FUZZ_CHECK(document != NULL);
	xmlFreeDoc(document);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str rest = str_mem(data, n);
	struct kept_signature signature;
	struct write_row row = { .count = 1 };
	struct write_head head = { .begin_s = 0, .end_s = 86399 };
	struct write_counts counts;
	struct arena arena;
	struct buf gzip;

	head.org = take(&rest);
	head.contact = take(&rest);
	head.email = STR("a@rx.example");
	head.id = STR("id");
	head.policy.domain = take(&rest);
	head.policy.p = take(&rest);
	head.policy.sp = take(&rest);
	head.policy.fo = take(&rest);
	head.policy.error = take(&rest);
	row.fact.ip = STR("192.0.2.1");
	row.fact.disposition = take(&rest);
	row.fact.header_from = take(&rest);
	row.fact.envelope_from = take(&rest);
	row.fact.spf_domain = take(&rest);
	row.fact.spf_result = take(&rest);
	signature.domain = take(&rest);
	signature.selector = take(&rest);
	signature.result = take(&rest);
	row.fact.signatures = &signature;
	row.fact.signatures_n = 1;
	row.fact.reasons[0].type = take(&rest);
	row.fact.reasons[0].comment = rest.p != NULL ? rest : STR("");
	row.fact.reasons_n = 1;
	arena_init(&arena, 1 << 22);
	buf_init(&gzip, 1 << 22);
	if (report_write(&arena, &head, &row, 1, n % 2 == 0, &gzip,
	    &counts) == STATUS_OK) {
		check_xml(&gzip);
	} else {
		FUZZ_CHECK(false);
	}
	buf_fini(&gzip);
	arena_fini(&arena);
	return (0);
}
