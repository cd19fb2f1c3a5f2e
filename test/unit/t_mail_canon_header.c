/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <time.h>

#include "canon_ref.h"
#include "guard.h"
#include "tap.h"

#define OUT_MAX_BYTES	(2 * 1024 * 1024)
#define S(literal)	{ (literal), sizeof(literal) - 1 }

/* RFC 6376 3.4.2; simple (3.4.1) changes nothing. */
static const struct {
	const char	*name;
	struct str	 in, relaxed;
} rows[] = {
	{ "3.4.5, A", S("A: X\r\n"), S("a:X\r\n") },
	{ "3.4.5, B", S("B : Y\t\r\n\tZ  \r\n"), S("b:Y Z\r\n") },
	{ "3.4.2, Subject", S("SUBJect : AbC \r\n"), S("subject:AbC\r\n") },
	{ "no value", S("X:\r\n"), S("x:\r\n") },
	{ "white space for a value", S("X: \t \r\n"), S("x:\r\n") },
	{ "a fold for a value", S("X:\r\n \r\n"), S("x:\r\n") },
	{ "no space behind the colon", S("X:y\r\n"), S("x:y\r\n") },
	{ "fold behind the colon", S("X:\r\n y\r\n"), S("x:y\r\n") },
	{ "fold between words", S("X: a\r\n b\r\n\tc\r\n"),
	    S("x:a b c\r\n") },
	{ "fold with white space around", S("X: a \t\r\n\t b\r\n"),
	    S("x:a b\r\n") },
	{ "folded empty lines", S("X: a\r\n \r\n \r\n b\r\n"),
	    S("x:a b\r\n") },
	{ "fold at the end", S("X: a\r\n \r\n"), S("x:a\r\n") },
	{ "single spaces", S("X: a b c d\r\n"), S("x:a b c d\r\n") },
	{ "tabs and runs", S("X: a\tb  c \t d\r\n"), S("x:a b c d\r\n") },
	{ "a colon in the value", S("X: a : b\r\n"), S("x:a : b\r\n") },
	{ "white space around the name's end", S("X \t :y\r\n"),
	    S("x:y\r\n") },
	{ "case of the value stays", S("X: ABC\r\n"), S("x:ABC\r\n") },
	{ "8-bit name: ASCII is lowered", S("\xc3\x84Y: z\r\n"),
	    S("\xc3\x84y:z\r\n") },
	{ "NUL, VT, 8-bit", S("X: \0\v \xff\r\n"), S("x:\0\v \xff\r\n") },
	{ "bare CR and LF", S("X: a\rb\nc\r\r\n"), S("x:a\rb\nc\r\r\n") },
	{ "bare LF before a space is no fold", S("X: a\n b\r\n"),
	    S("x:a\n b\r\n") },
	{ "CRLF before no space is no fold", S("X: a\r\nb\r\n"),
	    S("x:a\r\nb\r\n") },
	{ "CR CRLF SP", S("X: a\r\r\n b\r\n"), S("x:a\r b\r\n") },
	{ "a long name",
	    S("X-ABCDEFGHIJKLMNOPQRSTUVWXYZ-ABCDEFGHIJKLMNOPQRSTUVWXYZ-"
	      "ABCDEFGHIJKLMNOPQRSTUVWXYZ: v\r\n"),
	    S("x-abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-"
	      "abcdefghijklmnopqrstuvwxyz:v\r\n") },
	{ "no final CRLF", S("X: a "), S("x:a\r\n") },
};

static void
sink(void *ctx, const void *p, size_t n)
{
	buf_add(ctx, p, n);
}

static void
count(void *ctx, const void *p ATTR_UNUSED, size_t n ATTR_UNUSED)
{
	++*(size_t *)ctx;
}

static struct str
without_crlf(struct str s)
{
	return (s.n >= 2 && s.p[s.n - 1] == '\n' && s.p[s.n - 2] == '\r' ?
	    str_first(s, s.n - 2) : s);
}

static void
t_rows(void)
{
	struct str simple;
	struct buf out;
	size_t i;

	buf_init(&out, OUT_MAX_BYTES);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		canon_header(CANON_RELAXED, guard_put(rows[i].in), true, sink,
		    &out);
		tap_str(buf_str(&out), rows[i].relaxed, rows[i].name);
		buf_reset(&out);
		canon_header(CANON_RELAXED, rows[i].in, false, sink, &out);
		tap_ok(str_eq(buf_str(&out), without_crlf(rows[i].relaxed)),
		    "%s, without CRLF", rows[i].name);
		buf_reset(&out);
		simple = without_crlf(rows[i].in);
		canon_header(CANON_SIMPLE, rows[i].in, false, sink, &out);
		tap_ok(str_eq(buf_str(&out), simple),
		    "%s, simple, without CRLF", rows[i].name);
		buf_reset(&out);
		canon_header(CANON_SIMPLE, rows[i].in, true, sink, &out);
		tap_ok(str_eq(without_crlf(buf_str(&out)), simple) &&
		    out.n == simple.n + 2, "%s, simple", rows[i].name);
		buf_reset(&out);
	}
	buf_fini(&out);
}

static void
t_random(void)
{
	static const char octets[] = "aB:\r\n\t  \r\n \r\n\t";
	const char *seed = getenv("TEST_SEED");
	struct buf in, out, want;
	unsigned i, k, n, rounds = 20000;
	bool crlf;

	k = seed != NULL ? (unsigned)strtoul(seed, NULL, 10) :
	    (unsigned)time(NULL);
	printf("# TEST_SEED=%u\n", k);
	srandom(k);
	buf_init(&in, 4096);
	buf_init(&out, 4096);
	buf_init(&want, 4096);
	for (i = 0; i < rounds; i++) {
		buf_reset(&in);
		buf_reset(&out);
		buf_reset(&want);
		buf_add_cstr(&in, "X:");
		for (n = (unsigned)random() % 24; n > 0; n--) {
			buf_add_char(&in, octets[(size_t)random() %
			    (sizeof(octets) - 1)]);
		}
		crlf = random() % 2;
		canon_header(CANON_RELAXED, guard_put(buf_str(&in)), crlf,
		    sink, &out);
		canon_ref_relaxed_header(buf_str(&in), crlf, &want);
		if (!str_eq(buf_str(&out), buf_str(&want))) {
			tap_str(buf_str(&out), buf_str(&want), "as below");
			break;
		}
	}
	tap_num(i, rounds, "random fields as the RFC's steps");
	buf_fini(&in);
	buf_fini(&out);
	buf_fini(&want);
}

/* 1 MiB of words must not be a call each. */
static void
t_runs(void)
{
	struct buf in;
	size_t calls = 0;

	buf_init(&in, OUT_MAX_BYTES);
	buf_add_cstr(&in, "X: ");
	while (in.n < 1024 * 1024) {
		buf_add_cstr(&in, "word ");
	}
	buf_add_cstr(&in, "end\r\n");
	canon_header(CANON_RELAXED, buf_str(&in), true, count, &calls);
	tap_ok(calls <= 4, "a field of 1 MiB in %zu calls", calls);
	buf_fini(&in);
}

/* RFC 6376 3.5 c=: the body is simple if only one word is there. */
static void
t_pair(void)
{
	static const struct {
		const char	*text;
		const char	*want;	/* NULL: none */
	} pairs[] = {
		{ "simple", "simple/simple" }, { "relaxed", "relaxed/simple" },
		{ "simple/relaxed", "simple/relaxed" },
		{ "Relaxed/RELAXED", "relaxed/relaxed" },
		{ "relaxed/simple", "relaxed/simple" }, { "", NULL },
		{ "/", NULL }, { "simple/", NULL }, { "/simple", NULL },
		{ "simple/nofws", NULL }, { "simple/simple/simple", NULL },
		{ "simple ", NULL }
	};
	enum canon header, body;
	char got[64];
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		got[0] = '\0';
		if (canon_parse_pair(str_from(pairs[i].text), &header,
		    &body)) {
			snprintf(got, sizeof(got), "%s/%s", canon_name(header),
			    canon_name(body));
		}
		tap_str(str_from(got), str_from(pairs[i].want != NULL ?
		    pairs[i].want : ""), pairs[i].text);
	}
}

int
main(void)
{
	t_rows();
	t_random();
	t_runs();
	t_pair();
	tap_str(str_from(canon_name(CANON_SIMPLE)), STR("simple"), "name");
	tap_str(str_from(canon_name(CANON_RELAXED)), STR("relaxed"), "name");
	return (tap_done());
}
