/* SPDX-License-Identifier: BSD-2-Clause */
/* Replies of SMTP servers, and what is none. */
#include <stdlib.h>

#include "probe/reply.h"
#include "test/unit/tap.h"

static const struct {
	const char		*name;
	const char		*octets;
	enum reply_state	 state;
	unsigned		 code;
	size_t			 n;	/* lines */
	const char		*text;
} rows[] = {
	{ "one line", "220 a.example ESMTP\r\n", REPLY_DONE, 220, 1,
	    "a.example ESMTP" },
	{ "a code alone", "250\r\n", REPLY_DONE, 250, 1, "" },
	{ "LF alone", "250 ok\n", REPLY_DONE, 250, 1, "ok" },
	{ "three lines", "250-a\r\n250-STARTTLS\r\n250 8BITMIME\r\n",
	    REPLY_DONE, 250, 3, "a" },
	{ "more behind it", "250 ok\r\n554 no\r\n", REPLY_DONE, 250, 1,
	    "ok" },
	{ "nothing", "", REPLY_MORE, 0, 0, NULL },
	{ "half a line", "250 o", REPLY_MORE, 0, 0, NULL },
	{ "without the last line", "250-a\r\n250-b\r\n", REPLY_MORE, 0, 0,
	    NULL },
	{ "two codes", "250-a\r\n251 b\r\n", REPLY_GARBAGE, 0, 0, NULL },
	{ "no code", "hello\r\n", REPLY_GARBAGE, 0, 0, NULL },
	{ "no code, not ended", "SSH-2.0", REPLY_GARBAGE, 0, 0, NULL },
	{ "a code of HTTP", "HTTP/1.1 400 Bad\r\n", REPLY_GARBAGE, 0, 0,
	    NULL },
	{ "two digits", "25 a\r\n", REPLY_GARBAGE, 0, 0, NULL },
	{ "four digits", "2500 a\r\n", REPLY_GARBAGE, 0, 0, NULL },
	{ "a code out of range", "150 a\r\n", REPLY_GARBAGE, 0, 0, NULL },
	{ "a code of 600", "600 a\r\n", REPLY_GARBAGE, 0, 0, NULL },
	{ "an empty line", "\r\n", REPLY_GARBAGE, 0, 0, NULL },
	{ "a letter after the code", "250x\r\n", REPLY_GARBAGE, 0, 0, NULL },
	{ "octets of 8 bits", "\xff\xff\r\n", REPLY_GARBAGE, 0, 0, NULL },
};

static void
check_rows(void)
{
	struct reply r;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tap_num(reply_read(str_from(rows[i].octets), &r),
		    rows[i].state, rows[i].name);
		if (rows[i].state == REPLY_DONE) {
			tap_ok(r.code == rows[i].code && r.n == rows[i].n &&
			    str_eq(r.text, str_from(rows[i].text)),
			    "%s: what it says", rows[i].name);
		}
	}
}

/* Every first part of a reply is one whose end is to come. */
static void
check_parts(void)
{
	static const char whole[] = "250-a.example\r\n250-STARTTLS\r\n"
	    "250 x\r\n";
	struct reply r;
	size_t i;
	bool more = true;

	for (i = 0; i < sizeof(whole) - 1; i++) {
		more &= reply_read(str_mem(whole, i), &r) == REPLY_MORE;
	}
	tap_ok(more, "each part of a reply");
	tap_num(reply_read(str_mem(whole, i), &r), REPLY_DONE, "the whole");
	tap_num((long long)r.lines.n, (long long)i, "all of it");
}

static void
fill_line(char *p, size_t n)
{
	memset(p, 'x', n);
	memcpy(p, "220 ", 4);
}

static void
check_limits(void)
{
	size_t n = PROBE_LINE_MAX_BYTES, i, at = 0;
	char *p = malloc(PROBE_LINE_MAX_BYTES + 16);
	char lines[(PROBE_REPLY_MAX_LINES + 1) * 8];
	struct reply r;

	if (p == NULL) {
		printf("Bail out! memory\n");
		exit(99);
	}
	fill_line(p, n);
	p[n - 1] = '\n';
	tap_num(reply_read(str_mem(p, n), &r), REPLY_DONE,
	    "the longest line");
	fill_line(p, n + 1);
	p[n] = '\n';
	tap_num(reply_read(str_mem(p, n + 1), &r), REPLY_ENDLESS,
	    "a line of one octet more");
	fill_line(p, n);
	tap_num(reply_read(str_mem(p, n - 1), &r), REPLY_MORE,
	    "a line that may end yet");
	tap_num(reply_read(str_mem(p, n), &r), REPLY_ENDLESS,
	    "a line that cannot end in time");
	for (i = 0; i < PROBE_REPLY_MAX_LINES + 1; i++) {
		memcpy(lines + at, i == PROBE_REPLY_MAX_LINES - 1 ?
		    "220 a\r\n" : "220-a\r\n", 7);
		at += 7;
	}
	tap_num(reply_read(str_mem(lines, at), &r), REPLY_DONE,
	    "as many lines as may be");
	lines[(PROBE_REPLY_MAX_LINES - 1) * 7 + 3] = '-';
	tap_num(reply_read(str_mem(lines, at), &r), REPLY_ENDLESS,
	    "one line more");
	free(p);
}

static void
check_keywords(void)
{
	struct reply r;

	(void)reply_read(STR("250-STARTTLS.example\r\n250-starttls\r\n"
	    "250 SIZE 100\r\n"), &r);
	tap_ok(reply_has_keyword(&r, STR("STARTTLS")), "letter case aside");
	tap_ok(reply_has_keyword(&r, STR("SIZE")), "with a parameter");
	tap_ok(!reply_has_keyword(&r, STR("100")), "a parameter is none");
	(void)reply_read(STR("250-STARTTLS\r\n250 X-STARTTLS\r\n"), &r);
	tap_ok(!reply_has_keyword(&r, STR("STARTTLS")),
	    "not the host's name, nor a part of a word");
}

int
main(void)
{
	check_rows();
	check_parts();
	check_limits();
	check_keywords();
	return (tap_done());
}
