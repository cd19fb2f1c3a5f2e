/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report_csv: --csv, one line for each source (RFC 4180, with LF). A text cell
 * never begins with a character by which a spreadsheet knows a formula.
 */
#include "config.h"

#include <inttypes.h>

#include "base/utf8.h"
#include "tools/report.h"

#define CELL_BYTES	512	/* of text; the rest is "..." */

/* = + - @, also in their wide forms. */
static bool
begins_formula(const char *text)
{
	static const uint32_t codes[] = { '=', '+', '-', '@', '\t', '\r', '|',
		'%', 0xff1d, 0xff0b, 0xff0d, 0xff20, 0x2212 };
	struct str s = str_from(text);
	uint32_t code;
	size_t i;

	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\'')) {
		s = str_from_offset(s, 1);
	}
	if (utf8_decode(s, &code) == 0) {
		return (false);
	}
	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (code == codes[i]) {
			return (true);
		}
	}
	return (false);
}

static void
put_cell(struct buf *clean, const char *text, char before)
{
	const char *p = report_clean(clean, text, CELL_BYTES);

	if (before != '\0') {
		(void)putchar(before);
	}
	(void)putchar('"');
	if (begins_formula(p)) {
		(void)putchar('\'');
	}
	for (; *p != '\0'; p++) {
		if (*p == '"') {
			(void)putchar('"');
		}
		(void)putchar(*p);
	}
	(void)putchar('"');
}

static void
put_source(const struct report_read *o, const struct source *v,
    struct buf *clean)
{
	const char *name = report_name(o, v);
	char ip[IP_TEXT_BYTES];

	put_cell(clean, v->domain, '\0');
	put_cell(clean, report_ip(v, ip), ',');
	put_cell(clean, name != NULL ? name : "", ',');
	(void)printf(",%" PRId64 ",%" PRId64, v->messages, v->refused);
	(void)printf(",%s", v->dkim_aligned ? "pass" : "fail");
	put_cell(clean, v->dkim_domain, ',');
	put_cell(clean, v->dkim_selector, ',');
	(void)printf(",%s", v->spf_aligned ? "pass" : "fail");
	put_cell(clean, v->spf_domain, ',');
	(void)printf(",%s", source_verdict_name(
	    (enum source_verdict)v->verdict));
	put_cell(clean, v->why, ',');
	(void)putchar('\n');
}

bool
report_csv(struct report_read *o)
{
	struct buf clean;
	size_t i;

	buf_init(&clean, 8 * CELL_BYTES);
	(void)puts("domain,ip,name,messages,refused,dkim,dkim_domain,"
	    "dkim_selector,spf,spf_domain,verdict,why");
	for (i = 0; i < sources_count(o->sources); i++) {
		const struct source *v = sources_get(o->sources, i);

		if (report_shows(o, v)) {
			put_source(o, v, &clean);
		}
	}
	for (i = 0; i < o->notes.n && !o->quiet; i++) {
		cli_warn("%s", report_clean(&clean, o->notes.v[i],
		    CELL_BYTES));
	}
	buf_fini(&clean);
	return (cli_flush());
}
