/* SPDX-License-Identifier: BSD-2-Clause */
/* The limits of the report reader, each at its last good value and beyond. */

#include "report/read_private.h"
#include "report/read_sources.h"
#include "report/read_xml_values.h"
#include "test/unit/tap.h"

#define HEAD "<feedback><report_metadata><org_name>o</org_name>" \
	"</report_metadata>"
#define RECORD "<record><row><count>1</count></row></record>"
#define TAIL "</feedback>"

static void
add_times(struct buf *out, const char *text, size_t n)
{
	while (n-- > 0) {
		buf_add_cstr(out, text);
	}
}

/* What a kind makes of head, n times middle, and tail. */
static enum read_result
read_spread(const struct read_kind *kind, const char *head,
    const char *middle, size_t n, const char *tail, struct read_unit *u)
{
	enum read_result result;
	struct buf text;
	void *state;

	buf_init(&text, SIZE_MAX / 4);
	add_times(&text, head, 1);
	add_times(&text, middle, n);
	add_times(&text, tail, 1);
	read_unit_init(u, NULL);
	u->packed_bytes = text.n;
	state = kind->open(u, READ_INPUT, NULL);
	(void)kind->bytes(state, text.p, text.n);
	result = kind->end(state, true);
	buf_fini(&text);
	return (result);
}

/* Parts before, between and behind n times something of a document. */
static const struct {
	const char	*name;
	const char	*head;
	const char	*middle;
	size_t		 last_good;
	const char	*tail;
} rows[] = {
	{ "elements in one another", HEAD RECORD, "<a>",
	    READ_XML_DEPTH_MAX - 1, "" },
	{ "bytes of a tag", HEAD RECORD "<a b=\"", "x",
	    READ_XML_TAG_MAX_BYTES - 5 - 2, "\"/>" TAIL },
	{ "records that are used", HEAD, RECORD, READ_ROWS_MAX, TAIL },
};

static void
check_rows(void)
{
	struct read_unit u;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tap_num(read_spread(&read_xml, rows[i].head, rows[i].middle,
		    rows[i].last_good, rows[i].tail, &u), READ_OK,
		    rows[i].name);
		read_unit_fini(&u);
		tap_num(read_spread(&read_xml, rows[i].head, rows[i].middle,
		    rows[i].last_good + 1, rows[i].tail, &u), READ_LIMIT,
		    rows[i].name);
		read_unit_fini(&u);
	}
}

static void
check_names(void)
{
	struct read_unit u;
	struct buf text;
	void *state;
	size_t i;

	buf_init(&text, SIZE_MAX / 4);
	buf_add_cstr(&text, HEAD RECORD);
	for (i = 0; i < READ_XML_NAMES_MAX; i++) {
		buf_printf(&text, "<n%zu/>", i);
	}
	/* The number of names is looked at before each block. */
	add_times(&text, " ", 2 * 65536);
	read_unit_init(&u, NULL);
	u.packed_bytes = text.n;
	state = read_xml.open(&u, READ_INPUT, NULL);
	(void)read_xml.bytes(state, text.p, text.n);
	tap_num(read_xml.end(state, true), READ_LIMIT, "different names");
	read_unit_fini(&u);
	buf_fini(&text);
}

static void
check_value(void)
{
	struct read_unit u;
	char tail[] = "</org_name></report_metadata>" RECORD TAIL;
	size_t n;

	for (n = READ_TEXT_MAX_BYTES; n <= READ_TEXT_MAX_BYTES + 1; n++) {
		(void)read_spread(&read_xml,
		    "<feedback><report_metadata><org_name>", "x", n, tail, &u);
		tap_num((long long)strlen(u.first->aggregate.org),
		    READ_TEXT_MAX_BYTES, "bytes of a value");
		read_unit_fini(&u);
	}
}

static enum read_result
spend(uint64_t packed, uint64_t unpacked)
{
	struct read_unit u;
	enum read_result worst;

	read_unit_init(&u, NULL);
	u.packed_bytes = packed;
	tap_ok(read_unit_spend(&u, (size_t)unpacked) == (u.worst == READ_OK),
	    "%llu of %llu bytes: says whether to go on",
	    (unsigned long long)unpacked, (unsigned long long)packed);
	worst = u.worst;
	read_unit_fini(&u);
	return (worst);
}

static void
check_unpacked(void)
{
	uint64_t free_bytes = READ_RATIO_FREE_BYTES;

	tap_num(spend(READ_UNPACKED_MAX_BYTES, READ_UNPACKED_MAX_BYTES),
	    READ_OK, "as much as may be unpacked");
	tap_num(spend(READ_UNPACKED_MAX_BYTES, READ_UNPACKED_MAX_BYTES + 1),
	    READ_LIMIT, "one byte more");
	tap_num(spend(1, free_bytes), READ_OK, "small, whatever the ratio");
	tap_num(spend(1, free_bytes + 1), READ_LIMIT, "one byte more");
	tap_num(spend(free_bytes / READ_RATIO_MAX + 1, free_bytes + 1),
	    READ_OK, "at the ratio");
}

/* Only the first reason of the worst result is kept. */
static void
check_reason(void)
{
	struct read_unit u;

	read_unit_init(&u, NULL);
	(void)read_unit_fail(&u, READ_DAMAGED, "one");
	(void)read_unit_fail(&u, READ_FOREIGN, "two");
	(void)read_unit_fail(&u, READ_DAMAGED, "three");
	tap_str(str_from(u.reason), STR("one"), "the first reason");
	(void)read_unit_fail(&u, READ_LIMIT, "four");
	tap_str(str_from(u.reason), STR("four"), "the worst result");
	read_unit_fini(&u);
}

static void
check_warnings(void)
{
	struct report *r = report_new(REPORT_TLS, 65536);
	size_t i;

	for (i = 0; i < REPORT_WARNINGS_MAX + 5; i++) {
		report_warn(r, "%zu", i);
		report_warn(r, "%zu", i);
	}
	tap_num((long long)r->warnings_n, REPORT_WARNINGS_MAX,
	    "warnings of a report");
	tap_ok(r->warnings_more > 0, "the others are counted");
	report_free(r);
}

static void
check_domains(void)
{
	struct report_aggregate a = { .org = "o", .id = "i", .p = "none",
		.begin_s = 0, .end_s = 86399 };
	struct sources *s = sources_new();
	enum status status = STATUS_OK;
	char name[32];
	size_t i;

	a.domain = name;
	for (i = 0; i <= SOURCES_DOMAINS_MAX && status == STATUS_OK; i++) {
		(void)snprintf(name, sizeof(name), "d%zu.example", i);
		status = sources_add(s, &a);
	}
	tap_num(status, STATUS_LIMIT, "domains");
	tap_num((long long)sources_domains(s), SOURCES_DOMAINS_MAX,
	    "as many as there may be");
	(void)snprintf(name, sizeof(name), "D0.Example.");
	tap_num(sources_add(s, &a), STATUS_OK, "a known one, in any case");
	sources_free(s);
}

static void
check_days(void)
{
	struct report_aggregate a = { .org = "o", .id = "i", .p = "none",
		.domain = "d.example", .messages = 1, .dmarc_pass = 1 };
	struct sources *s = sources_new();
	const struct source_domain *d;
	bool ordered = true;
	size_t i;

	for (i = 0; i < SOURCES_DAYS_MAX + 50; i++) {
		/* In no order, some twice. */
		a.begin_s = (int64_t)(i * 7919 % 1009) * 86400;
		a.end_s = a.begin_s + 86399;
		(void)!sources_add(s, &a);
	}
	d = sources_domain(s, 0);
	tap_num((long long)d->days_n, SOURCES_DAYS_MAX, "days of a domain");
	for (i = 1; i < d->days_n; i++) {
		ordered = ordered && d->days[i - 1].day < d->days[i].day;
	}
	tap_ok(ordered, "the days are in their order");
	sources_free(s);
}

int
main(void)
{
	check_rows();
	check_names();
	check_value();
	check_unpacked();
	check_reason();
	check_warnings();
	check_domains();
	check_days();
	return (tap_done());
}
