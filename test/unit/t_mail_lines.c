/* SPDX-License-Identifier: BSD-2-Clause */
/* lines: against the rules of Postfix and Sendmail, octet by octet. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "mail/lines.h"
#include "test/unit/tap.h"

#define TEXT_MAX	(1 << 20)

static struct arena arena;

static void
to_buf(void *ctx, const void *p, size_t n)
{
	buf_add(ctx, p, n);
}

/* Postfix: state->space_left in smtp_text_out(), for records of a line. */
static void
postfix_line(struct buf *out, struct str line, size_t limit)
{
	size_t i, space = limit;

	for (i = 0; i < line.n; i++) {
		bool last = i + 1 == line.n;

		buf_add(out, line.p + i, 1);
		if (--space == 0 && (!last ||
		    line.n % LINES_POSTFIX_RECORD == 0)) {
			buf_add_cstr(out, "\r\n ");
			space = limit - 1;
		}
	}
	buf_add_cstr(out, "\r\n");
}

/* Sendmail: putxline() for each piece of a line. */
static void
sendmail_line(struct buf *out, struct str line, size_t limit)
{
	struct str piece;
	size_t slop;

	do {
		piece = str_first(line, LINES_SENDMAIL_PIECE);
		line = str_from_offset(line, piece.n);
		for (slop = 0; piece.n + slop > limit; slop = 1) {
			buf_add_str(out, str_first(piece, limit - slop - 1));
			buf_add_cstr(out, "!\r\n ");
			piece = str_from_offset(piece, limit - slop - 1);
		}
		buf_add_str(out, piece);
	} while (line.n > 0);
	buf_add_cstr(out, "\r\n");
}

/* Body: lines that end in CRLF. */
static void
reference(struct buf *out, struct lines_rule rule, struct str body)
{
	size_t i, from = 0;

	for (i = 0; i + 1 < body.n; i++) {
		struct str line = str_mem(body.p + from, i - from);

		if (memcmp(body.p + i, "\r\n", 2) != 0) {
			continue;
		}
		if (rule.style == LINES_POSTFIX) {
			postfix_line(out, line, rule.limit);
		} else {
			sendmail_line(out, line, rule.limit);
		}
		from = i + 2;
		i++;
	}
}

/* In parts of these sizes; those that are skipped are written as they are. */
static uint64_t
stream(struct buf *out, struct lines_rule rule, struct str body, size_t step)
{
	struct lines l;
	size_t i, n;
	bool forked = false;

	lines_init(&l, rule);
	l.sink = to_buf;
	l.ctx = out;
	for (i = 0; i < body.n; i += n) {
		n = body.n - i < step ? body.n - i : step;
		if (!forked && lines_skip(&l, body.p + i, n)) {
			buf_add(out, body.p + i, n);
			continue;
		}
		if (!forked && l.cr) {
			out->n--;
		}
		forked = true;
		lines_update(&l, body.p + i, n);
	}
	if (forked) {
		lines_finish(&l);
	}
	return (l.long_lines);
}

/* Lines of that many octets, some with CR, LF or NUL in them. */
static struct str
make_body(struct buf *body, const size_t *lengths, size_t n, unsigned odd)
{
	static const char odds[] = { '\r', '\n', '\0', ' ' };
	size_t i, k;

	buf_reset(body);
	for (i = 0; i < n; i++) {
		for (k = 0; k < lengths[i]; k++) {
			char c = odd > 0 && random() % odd == 0 ?
			    odds[random() % 4] : 'a';

			/* No CRLF by chance. */
			if (k > 0 && body->p[body->n - 1] == '\r') {
				c = 'b';
			}
			buf_add_char(body, k + 1 == lengths[i] && c == '\r' ?
			    'c' : c);
		}
		buf_add_cstr(body, "\r\n");
	}
	return (buf_str(body));
}

static bool
agrees(struct lines_rule rule, struct str body, size_t step)
{
	struct buf want, got;
	bool same;

	buf_init(&want, TEXT_MAX);
	buf_init(&got, TEXT_MAX);
	reference(&want, rule, body);
	(void)stream(&got, rule, body, step);
	same = str_eq(buf_str(&want), buf_str(&got));
	buf_fini(&want);
	buf_fini(&got);
	return (same);
}

static const struct lines_rule rules[] = {
	{ LINES_POSTFIX, 998 }, { LINES_POSTFIX, 100 }, { LINES_POSTFIX, 2048 },
	{ LINES_POSTFIX, 4096 }, { LINES_SENDMAIL, 990 },
	{ LINES_SENDMAIL, 100 }, { LINES_SENDMAIL, 2047 },
};
#define RULES	(sizeof(rules) / sizeof(rules[0]))

/* Every length around the limits, whole and split at each offset near it. */
static void
check_edges(void)
{
	static const size_t around[] = { 0, 99, 198, 297, 990, 998, 1979, 1995,
		2047, 4094, 4096, 6144 };
	size_t i, k, r, bad = 0, lengths[3] = { 3, 0, 1 };
	struct buf body;
	struct str text;

	buf_init(&body, TEXT_MAX);
	for (i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
		for (k = 0; k < 6; k++) {
			lengths[1] = around[i] + k;
			text = make_body(&body, lengths, 3, 0);
			for (r = 0; r < RULES; r++) {
				bad += !agrees(rules[r], text, text.n);
				bad += !agrees(rules[r], text, 1);
				bad += !agrees(rules[r], text, lengths[1] + 5);
				bad += !agrees(rules[r], text, lengths[1] + 6);
			}
		}
	}
	tap_num((long long)bad, 0, "lines of all lengths near a limit");
	buf_fini(&body);
}

static void
check_random(void)
{
	size_t i, k, bad = 0, lengths[12];
	struct buf body;
	struct str text;

	buf_init(&body, TEXT_MAX);
	for (i = 0; i < 3000; i++) {
		for (k = 0; k < 12; k++) {
			lengths[k] = (size_t)(random() %
			    (random() % 3 == 0 ? 4200 : 120));
		}
		text = make_body(&body, lengths, (size_t)(random() % 13),
		    i % 2 == 0 ? 40 : 0);
		bad += !agrees(rules[(size_t)random() % RULES], text,
		    1 + (size_t)random() % (i % 3 == 0 ? 50 : 5000));
	}
	tap_num((long long)bad, 0, "random bodies, split anywhere");
	buf_fini(&body);
}

static void
check_body(const char *name, struct str body, const char *want, size_t step)
{
	struct lines_rule rule = { LINES_POSTFIX, 100 };
	struct buf got;

	buf_init(&got, TEXT_MAX);
	(void)stream(&got, rule, body, step);
	tap_ok(str_eq(buf_str(&got), str_from(want)), "%s, by %zu", name, step);
	buf_fini(&got);
}

#define A10	"aaaaaaaaaa"
#define A100	A10 A10 A10 A10 A10 A10 A10 A10 A10 A10

static void
check_ends(void)
{
	size_t step;

	for (step = 1; step < 300; step += 49) {
		check_body("no end, full", STR(A100), A100, step);
		check_body("no end, broken", STR(A100 "b"), A100 "\r\n b",
		    step);
		check_body("a CR at the end", STR(A100 "\r"),
		    A100 "\r\n \r", step);
		check_body("a CR at the edge", STR(A100 "\rb\r\n"),
		    A100 "\r\n \rb\r\n", step);
		check_body("two CRs", STR(A100 "\r\r\n"),
		    A100 "\r\n \r\r\n", step);
		check_body("a LF alone ends no line", STR(A10 "\n" A100 "\r\n"),
		    A10 "\n" A10 A10 A10 A10 A10 A10 A10 A10 "aaaaaaaaa\r\n "
		    "a" A10 "\r\n", step);
	}
}

static void
check_count(void)
{
	struct lines_rule rule = { LINES_POSTFIX, 100 };
	struct buf got;

	buf_init(&got, TEXT_MAX);
	tap_num((long long)stream(&got, rule, STR(A100 A100 A100 "\r\n" A100
	    "\r\nx\r\n" A100 "b\r\n"), 7), 2, "lines, not breaks, are counted");
	rule.limit = 0;
	tap_ok(!lines_field_is_long(rule, STR("A: " A100 A100 "\r\n")),
	    "limit 0: no line is too long");
	buf_fini(&got);
}

#define W50	"ccccccccccccccccccccccccccccccccccccccccccccccccc "
#define C49	"ccccccccccccccccccccccccccccccccccccccccccccccccc"

static const struct row {
	const char	*name;
	struct str	 raw;
	const char	*refolded;	/* NULL: as raw */
	const char	*sent;		/* NULL: as refolded */
	size_t		 long_lines;
} rows[] = {
	{ "short", STR("A: b\r\n"), NULL, NULL, 0 },
	{ "exactly the limit", STR("A:a" A10 A10 A10 A10 A10 A10 A10 A10 A10
	    "aaaaaaa\r\n"), NULL, NULL, 0 },
	{ "the last space within the limit", STR("A: " W50 W50 "d\r\n"),
	    "A: " C49 "\r\n " W50 "d\r\n", NULL, 1 },
	{ "a run of spaces is kept behind the fold",
	    STR("A: " W50 "  " W50 "d\r\n"),
	    "A: ccccccccccccccccccccccccccccccccccccccccccccccccc\r\n   " W50
	    "d\r\n", NULL, 1 },
	{ "no white space", STR("A:" A100 "\r\n"), NULL,
	    "A:" A10 A10 A10 A10 A10 A10 A10 A10 A10 "aaaaaaaa\r\n aa\r\n",
	    1 },
	{ "a word that fits into a line of its own",
	    STR("Abc: " A10 A10 A10 A10 A10 A10 A10 A10 A10 "aaaaaaaaa\r\n"),
	    "Abc:\r\n " A10 A10 A10 A10 A10 A10 A10 A10 A10 "aaaaaaaaa\r\n",
	    NULL, 1 },
	{ "a word that does not", STR("A: " A100 " b\r\n"),
	    "A: " A100 "\r\n b\r\n",
	    "A: " A10 A10 A10 A10 A10 A10 A10 A10 A10 "aaaaaaa\r\n aaa\r\n "
	    "b\r\n", 1 },
	{ "no line of white space alone is made",
	    STR("A: " A10 W50 W50 "\t \r\n"),
	    "A: " A10 C49 "\r\n " W50 "\t \r\n", NULL, 1 },
	{ "only the long line", STR("A: b\r\n " W50 W50 "d\r\n c\r\n"),
	    "A: b\r\n " W50 "ccccccccccccccccccccccccccccccccccccccccccccccc"
	    "cc\r\n d\r\n c\r\n", NULL, 1 },
	{ "a tab", STR("A: " A10 W50 "dddddddddddddddd\tdddddddddddddddddddd"
	    "ddddddddd\r\n"), "A: " A10 W50 "dddddddddddddddd\r\n\t"
	    "ddddddddddddddddddddddddddddd\r\n", NULL, 1 },
	{ "a CR is not for a milter", STR("A: " W50 "\r" W50 "d\r\n"), NULL,
	    "A: " W50 "\rccccccccccccccccccccccccccccccccccccccccccccc"
	    "c\r\n ccc d\r\n", 1 },
};

static void
check_field(const struct row *row)
{
	struct lines_rule rule = { LINES_POSTFIX, 100 };
	struct lines_field f;
	const char *refolded = row->refolded;

	tap_num(lines_field(&arena, rule, row->raw, &f), STATUS_OK, row->name);
	if (refolded == NULL) {
		refolded = row->raw.p;
	}
	tap_ok(str_eq(f.refolded, str_from(refolded)), "%s: refolded",
	    row->name);
	tap_ok(str_eq(f.sent, str_from(row->sent != NULL ? row->sent :
	    refolded)), "%s: sent", row->name);
	tap_num((long long)f.long_lines, (long long)row->long_lines, row->name);
}

/* What the header says about refolding, for random fields. */
static bool
keeps_promises(struct lines_rule rule, struct str raw)
{
	struct lines_field f;
	struct str rest, line;
	size_t i, k = 0;

	if (lines_field(&arena, rule, raw, &f) != STATUS_OK) {
		return (false);
	}
	for (i = 0; i < f.refolded.n && k < raw.n; i++) {
		if (f.refolded.p[i] == raw.p[k]) {
			k++;
		} else if (f.refolded.p[i] == '\r') {
			i++;		/* an inserted CRLF */
		} else {
			return (false);
		}
	}
	for (rest = f.sent; rest.n > 2; rest = str_from_offset(rest, i + 1)) {
		i = str_find(rest, '\n');
		line = str_first(rest, i - 1);
		if (line.n > rule.limit) {
			return (false);
		}
	}
	return (k == raw.n);
}

static void
check_promises(void)
{
	static const char letters[] = "aaaaaaaaaaaaaaaaaaaaaaaab \t";
	size_t i, k, n, bad = 0;
	struct buf raw;

	buf_init(&raw, TEXT_MAX);
	for (i = 0; i < 3000; i++) {
		buf_reset(&raw);
		buf_add_cstr(&raw, "Name:");
		n = (size_t)random() % 1500;
		for (k = 0; k < n; k++) {
			buf_add_char(&raw, letters[(size_t)random() %
			    (sizeof(letters) - 1)]);
			if (random() % 90 == 0) {
				buf_add_cstr(&raw, "\r\n x");
			}
		}
		buf_add_cstr(&raw, "\r\n");
		bad += !keeps_promises(rules[(size_t)random() % RULES],
		    buf_str(&raw));
		arena_reset(&arena);
	}
	tap_num((long long)bad, 0, "random fields: only CRLF is inserted, "
	    "and no line is too long");
	buf_fini(&raw);
}

/* A field that is too long for a milter packet is broken, not refolded. */
static void
check_too_long(void)
{
	struct lines_rule rule = { LINES_POSTFIX, 998 };
	struct lines_field f;
	struct buf raw;
	size_t i;

	buf_init(&raw, TEXT_MAX);
	buf_add_cstr(&raw, "References:");
	for (i = 0; i < LINES_REFOLD_MAX_BYTES / 10; i++) {
		buf_add_cstr(&raw, " 123456789");
	}
	buf_add_cstr(&raw, "\r\n");
	tap_num(lines_field(&arena, rule, buf_str(&raw), &f), STATUS_OK,
	    "a field that a milter cannot send");
	tap_num((long long)f.refolded.n, (long long)raw.n, "not refolded");
	tap_ok(f.sent.n > raw.n, "but broken");
	buf_fini(&raw);
}

static void
check_nomem(void)
{
	struct lines_rule rule = { LINES_POSTFIX, 100 };
	struct lines_field f;
	struct arena small;

	arena_init(&small, 0);
	tap_num(lines_field(&small, rule, STR("A: " W50 W50 "d\r\n"), &f),
	    STATUS_NOMEM, "no memory");
	arena_fini(&small);
}

int
main(void)
{
	size_t i;

	arena_init(&arena, 64 * TEXT_MAX);
	check_edges();
	check_random();
	check_ends();
	check_count();
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_field(&rows[i]);
	}
	check_promises();
	check_too_long();
	check_nomem();
	arena_fini(&arena);
	return (tap_done());
}
