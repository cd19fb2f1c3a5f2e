/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "guard.h"
#include "mail/field.h"
#include "oom.h"
#include "tap.h"

#define ARENA_BYTES	(16 * 1024 * 1024)
#define S(literal)	{ (literal), sizeof(literal) - 1 }
#define NONE		{ NULL, 0 }

static const struct {
	const char	*what;
	struct str	 name, value;
	struct str	 raw;		/* absent: SYNTAX */
	struct str	 name_r, value_r;
} rows[] = {
	{ "plain", S("From"), S(" a@b"), S("From: a@b\r\n"), S("From"),
	    S(" a@b") },
	{ "no space behind the colon", S("From"), S("a@b"),
	    S("From:a@b\r\n"), S("From"), S("a@b") },
	{ "case stays", S("fROM"), S(" X"), S("fROM: X\r\n"), S("fROM"),
	    S(" X") },
	{ "no value", S("X"), S(""), S("X:\r\n"), S("X"), S("") },
	{ "absent value", S("X"), NONE, S("X:\r\n"), S("X"), S("") },
	{ "folded with LF, as Postfix does", S("X"), S(" a\n\tb\n c"),
	    S("X: a\r\n\tb\r\n c\r\n"), S("X"), S(" a\r\n\tb\r\n c") },
	{ "folded with CRLF", S("X"), S(" a\r\n b"), S("X: a\r\n b\r\n"),
	    S("X"), S(" a\r\n b") },
	{ "both", S("X"), S("\na\r\n b\n"), S("X:\r\na\r\n b\r\n"), S("X"),
	    S("\r\na\r\n b") },
	{ "bare CR stays", S("X"), S(" a\rb\r"), S("X: a\rb\r\r\n"), S("X"),
	    S(" a\rb\r") },
	{ "CR CR LF", S("X"), S("a\r\r\n b"), S("X:a\r\r\n b\r\n"), S("X"),
	    S("a\r\r\n b") },
	{ "two LFs", S("X"), S("a\n\n b"), S("X:a\r\n\r\n b\r\n"), S("X"),
	    S("a\r\n\r\n b") },
	{ "final CRLF is not doubled", S("X"), S("a\r\n"), S("X:a\r\n"),
	    S("X"), S("a") },
	{ "final LF is not doubled", S("X"), S("a\n"), S("X:a\r\n"),
	    S("X"), S("a") },
	{ "white space before the colon", S("X \t"), S(" a"),
	    S("X \t: a\r\n"), S("X"), S(" a") },
	{ "NUL and 8-bit", S("X\xff"), S("\0\xff"), S("X\xff:\0\xff\r\n"),
	    S("X\xff"), S("\0\xff") },
	{ "a colon in the value", S("X"), S("a:b"), S("X:a:b\r\n"), S("X"),
	    S("a:b") },
	{ "no name", S(""), S("a"), NONE, NONE, NONE },
	{ "white space for a name", S(" \t"), S("a"), NONE, NONE, NONE },
	{ "a colon in the name", S("X:Y"), S("a"), NONE, NONE, NONE },
	{ "CR in the name", S("X\rY"), S("a"), NONE, NONE, NONE },
	{ "LF in the name", S("X\nY"), S("a"), NONE, NONE, NONE },
};

/* RFC 5322 3.6.8. */
static void
t_name(void)
{
	unsigned char c = 0;
	char text[] = "a?b";

	do {
		text[1] = (char)c;
		if (field_name_is_valid(str_mem(text, 3)) !=
		    (c > 32 && c < 127 && c != ':')) {
			tap_ok(false, "a name with octet %u", (unsigned)c);
		}
	} while (++c != 0);
	tap_ok(true, "the octets of a name");
	tap_ok(!field_name_is_valid(STR("")), "an empty name");
	tap_ok(!field_name_is_valid(STR_NONE), "an absent name");
}

static void
t_add(void)
{
	struct field_list l;
	struct arena a;
	enum status status;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		arena_init(&a, ARENA_BYTES);
		field_list_init(&l);
		status = field_list_add(&a, &l, rows[i].name,
		    guard_put(rows[i].value));
		if (rows[i].raw.p == NULL) {
			tap_ok(status == STATUS_SYNTAX && l.n == 0,
			    "refused: %s", rows[i].what);
		} else if (tap_ok(status == STATUS_OK && l.n == 1,
		    "added: %s", rows[i].what)) {
			tap_str(l.v[0].raw, rows[i].raw, "its octets");
			tap_str(l.v[0].name, rows[i].name_r, "its name");
			tap_str(l.v[0].value, rows[i].value_r, "its value");
			tap_num((long long)l.bytes, (long long)rows[i].raw.n,
			    "its size");
		}
		arena_fini(&a);
	}
}

static const struct {
	const char	*what;
	struct str	 in;
	struct str	 raw;		/* absent: SYNTAX */
	struct str	 name_r, value_r;
} raw_rows[] = {
	{ "plain", S("A: b\r\n"), S("A: b\r\n"), S("A"), S(" b") },
	{ "folded", S("A: b\r\n c\r\n"), S("A: b\r\n c\r\n"), S("A"),
	    S(" b\r\n c") },
	{ "no CRLF", S("A: b"), S("A: b\r\n"), S("A"), S(" b") },
	{ "no value, no CRLF", S("A:"), S("A:\r\n"), S("A"), S("") },
	{ "LF stays what it is", S("A: b\n c\n"), S("A: b\n c\n\r\n"),
	    S("A"), S(" b\n c\n") },
	{ "white space before the colon", S("A : b\r\n"), S("A : b\r\n"),
	    S("A"), S(" b") },
	{ "no colon", S("A b\r\n"), NONE, NONE, NONE },
	{ "no name", S(": b\r\n"), NONE, NONE, NONE },
	{ "a continuation line", S(" A\r\n B: c\r\n"), NONE, NONE, NONE },
	{ "empty", S(""), NONE, NONE, NONE },
	{ "absent", NONE, NONE, NONE, NONE },
};

static void
t_add_raw(void)
{
	struct field_list l;
	struct arena a;
	enum status status;
	size_t i;

	for (i = 0; i < sizeof(raw_rows) / sizeof(raw_rows[0]); i++) {
		arena_init(&a, ARENA_BYTES);
		field_list_init(&l);
		status = field_list_add_raw(&a, &l,
		    guard_put(raw_rows[i].in));
		if (raw_rows[i].raw.p == NULL) {
			tap_ok(status == STATUS_SYNTAX && l.n == 0,
			    "raw, refused: %s", raw_rows[i].what);
		} else if (tap_ok(status == STATUS_OK && l.n == 1,
		    "raw, added: %s", raw_rows[i].what)) {
			tap_str(l.v[0].raw, raw_rows[i].raw, "its octets");
			tap_str(l.v[0].name, raw_rows[i].name_r, "its name");
			tap_str(l.v[0].value, raw_rows[i].value_r,
			    "its value");
		}
		arena_fini(&a);
	}
}

static void
t_find(void)
{
	static const char *const names[] = { "From", "to", "FROM", "Fro",
	    "from", "Fromm" };
	const struct field *f;
	struct field_list l;
	enum status status;
	struct arena a;
	size_t i, at = 99;

	arena_init(&a, ARENA_BYTES);
	field_list_init(&l);
	f = field_list_last(&l, STR("from"), l.n, &at);
	tap_ok(f == NULL && at == 0, "nothing in an empty list");
	for (i = 0; i < 6; i++) {
		status = field_list_add(&a, &l, str_from(names[i]), STR("x"));
		tap_num(status, STATUS_OK, "added");
	}
	tap_num((long long)field_list_count(&l, STR("frOm")), 3,
	    "counted, whatever the case");
	tap_num((long long)field_list_count(&l, STR("Subject")), 0, "none");
	f = field_list_last(&l, STR("from"), l.n, &at);
	tap_ok(f == &l.v[4] && at == 4, "the lowest first");
	f = field_list_last(&l, STR("from"), at, &at);
	tap_ok(f == &l.v[2] && at == 2, "then the one above");
	f = field_list_last(&l, STR("from"), at, &at);
	tap_ok(f == &l.v[0] && at == 0, "then the first");
	f = field_list_last(&l, STR("from"), at, &at);
	tap_ok(f == NULL, "then none");
	f = field_list_last(&l, STR("from"), 1000, &at);
	tap_ok(f == &l.v[4], "a start below the list");
	arena_fini(&a);
}

static void
t_count_limit(void)
{
	enum status status = STATUS_OK;
	struct field_list l;
	struct arena a;
	size_t i;

	arena_init(&a, ARENA_BYTES);
	field_list_init(&l);
	for (i = 0; i < 100000; i++) {
		status = field_list_add(&a, &l, STR("X"), STR(" y"));
		if (status != STATUS_OK) {
			break;
		}
	}
	tap_num((long long)i, FIELD_MAX_COUNT, "FIELD_MAX_COUNT fields");
	tap_num(status, STATUS_LIMIT, "one more is LIMIT");
	status = field_list_add_raw(&a, &l, STR("X: y\r\n"));
	tap_num(status, STATUS_LIMIT, "raw as well");
	tap_num((long long)l.n, FIELD_MAX_COUNT, "the list is as it was");
	arena_fini(&a);
}

/* name_n + value_n octets make a field of three more. */
static enum status
add_sized(struct arena *a, struct field_list *l, size_t total, bool raw)
{
	static char text[FIELD_MAX_TOTAL_BYTES + 10];

	memset(text, 'x', sizeof(text));
	if (!raw) {
		return (field_list_add(a, l, STR("A"),
		    str_mem(text, total - 4)));
	}
	memcpy(text, "A:", 2);
	memcpy(text + total - 2, "\r\n", 2);
	return (field_list_add_raw(a, l, str_mem(text, total)));
}

static void
t_bytes_limit(bool raw)
{
	const char *how = raw ? "raw" : "added";
	struct field_list l;
	enum status status;
	struct arena a;

	arena_init(&a, ARENA_BYTES);
	field_list_init(&l);
	status = add_sized(&a, &l, FIELD_MAX_TOTAL_BYTES + 1, raw);
	tap_ok(status == STATUS_LIMIT && l.n == 0, "%s: too large at once",
	    how);
	status = add_sized(&a, &l, 1024 * 1024, raw);
	tap_num(status, STATUS_OK, "a field of 1 MiB");
	status = add_sized(&a, &l, 1024 * 1024 + 1, raw);
	tap_num(status, STATUS_LIMIT, "one octet too much");
	status = add_sized(&a, &l, 1024 * 1024, raw);
	tap_num(status, STATUS_OK, "as much as there may be");
	tap_num((long long)l.bytes, FIELD_MAX_TOTAL_BYTES, "all counted");
	status = add_sized(&a, &l, 4, raw);
	tap_num(status, STATUS_LIMIT, "nothing more");
	arena_fini(&a);
}

/* Folds grow by their CRs: the limit is on what is kept. */
static void
t_fold_limit(void)
{
	size_t n = FIELD_MAX_TOTAL_BYTES / 2;
	char *lfs = malloc(n);
	struct field_list l;
	enum status status;
	struct arena a;

	arena_init(&a, ARENA_BYTES);
	field_list_init(&l);
	memset(lfs, '\n', n);
	status = field_list_add(&a, &l, STR("A"), str_mem(lfs, n));
	tap_num(status, STATUS_LIMIT, "a million LFs are two million octets");
	free(lfs);
	arena_fini(&a);
}

static enum status
run_add(struct arena *a)
{
	enum status status = STATUS_OK;
	struct field_list l;
	int i;

	field_list_init(&l);
	for (i = 0; i < 20 && status == STATUS_OK; i++) {
		status = i % 2 ? field_list_add(a, &l, STR("A"), STR("b")) :
		    field_list_add_raw(a, &l, STR("A: b"));
	}
	return (status);
}

int
main(void)
{
	t_name();
	t_add();
	t_add_raw();
	t_find();
	t_count_limit();
	t_bytes_limit(false);
	t_bytes_limit(true);
	t_fold_limit();
	oom_check(run_add, "twenty fields");
	return (tap_done());
}
