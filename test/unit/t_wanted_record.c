/* SPDX-License-Identifier: BSD-2-Clause */
/* Records in the forms that people and programs take them. */
#include "test/unit/dns_lab.h"
#include "wanted/record.h"

#define OUT_MAX_BYTES	(64 * 1024)
#define LONG_BYTES	1024

/* Whatever the text is, a zone file with it gives it back. */
static void
check_round_trip(struct str text, const char *name)
{
	const struct dns_answer *answer;
	struct dns_query *query;
	struct buf line;
	struct lab lab;

	buf_init(&line, OUT_MAX_BYTES);
	record_zone_line(&line, STR("t.example"), "TXT", text);
	lab_must(line.status == STATUS_OK, "memory");
	lab_init(&lab, buf_str(&line));
	query = dns_batch_add(lab.batch, STR("t.example"), DNS_TXT);
	lab_must(query != NULL, "memory");
	dns_batch_wait(lab.batch, UINT64_MAX);
	answer = dns_query_answer(query);
	tap_ok(answer->n == 1 && str_eq(answer->v[0].data, text), "%s", name);
	lab_fini(&lab);
	buf_fini(&line);
}

static void
check_round_trips(void)
{
	static const size_t lengths[] = { 254, 255, 256, 510, 511, 1024 };
	char text[LONG_BYTES], name[64];
	size_t i;

	for (i = 0; i < 256; i++) {
		text[i] = (char)i;
	}
	check_round_trip(str_mem(text, 256), "every octet");
	check_round_trip(STR("v=DKIM1; p=a\\;b\"c"), "quote and backslash");
	check_round_trip(STR("(x) ; y @ $"), "what means something unquoted");
	check_round_trip(STR("\\010\\\\"), "what looks like an escape");
	memset(text, 'k', sizeof(text));
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		(void)snprintf(name, sizeof(name), "%zu octets", lengths[i]);
		check_round_trip(str_mem(text, lengths[i]), name);
		text[254] = text[255] = '"';
		check_round_trip(str_mem(text, lengths[i]),
		    "a quote where strings are split");
		text[254] = text[255] = 'k';
	}
}

/* No string of a line is longer than 255 octets, escapes counted as one. */
static size_t
longest_string(struct str line)
{
	size_t i, n = 0, longest = 0;
	bool inside = false;

	for (i = 0; i < line.n; i++) {
		if (line.p[i] == '"') {
			longest = n > longest ? n : longest;
			inside = !inside;
			n = 0;
			continue;
		}
		if (line.p[i] == '\\') {
			i += i + 1 < line.n && char_is_digit(line.p[i + 1]) ?
			    3 : 1;
		}
		n += inside;
	}
	return (longest);
}

static void
check_strings(void)
{
	char text[LONG_BYTES];
	struct buf line;

	memset(text, '"', sizeof(text));
	text[0] = '\0';
	buf_init(&line, OUT_MAX_BYTES);
	record_strings(&line, str_mem(text, sizeof(text)));
	tap_num((long long)longest_string(buf_str(&line)),
	    RECORD_STRING_MAX_BYTES, "the longest string");
	buf_reset(&line);
	record_strings(&line, STR(""));
	tap_str(buf_str(&line), STR("\"\""), "TXT has one string at least");
	buf_fini(&line);
}

static void
check_lines(void)
{
	struct buf line;

	buf_init(&line, OUT_MAX_BYTES);
	record_zone_line(&line, STR("d.example"), "MX", STR("10 a.example."));
	record_update_add(&line, STR("d.example"), 60, "TXT", STR("x"));
	record_short_line(&line, STR("a;b.example"), "PTR", STR("c\nd."));
	tap_str(buf_str(&line), STR("d.example. IN MX 10 a.example.\n"
	    "update add d.example. 60 IN TXT \"x\"\n"
	    "a\\;b.example. PTR c\\010d."), "lines");
	buf_fini(&line);
}

static void
check_relative(void)
{
	static const struct {
		const char	*owner;
		const char	*zone;
		const char	*want;
	} names[] = {
		{ "s._domainkey.d.example", "d.example", "s._domainkey" },
		{ "s._domainkey.d.example", "example",
		    "s._domainkey.d" },
		{ "d.example", "d.example", "" },
		{ "D.Example", "d.example", "" },
		{ "_dmarc.D.Example", "d.example", "_dmarc" },
		{ "xd.example", "d.example", "xd.example" },
		{ "example", "d.example", "example" },
		{ ".d.example", "d.example", ".d.example" },
		{ "d.example", "", "d.example" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		tap_str(record_relative(str_from(names[i].owner),
		    str_from(names[i].zone)), str_from(names[i].want),
		    names[i].owner);
	}
}

int
main(void)
{
	check_round_trips();
	check_strings();
	check_lines();
	check_relative();
	return (tap_done());
}
