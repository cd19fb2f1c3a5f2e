/* SPDX-License-Identifier: BSD-2-Clause */
/* What a message becomes by a milter's changes, as Postfix does it. */
#include <sys/types.h>

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>

#include "test/unit/tap.h"
#include "tools/edit.h"

#define MAX_CHANGES	4
#define MESSAGE		"A: 1\r\nB: 2\r\na: 3\r\n\r\nbody\r\n"

static const struct row {
	const char		*name;
	bool			 leadspc;
	struct player_change	 changes[MAX_CHANGES];	/* type '\0' ends */
	const char		*want;
	size_t			 notes;
} rows[] = {
	{ "no change", true, { { 0 } }, MESSAGE, 0 },
	{ "insert at the top", true, { { SMFIR_INSHEADER, 0, STR("X"),
	    STR(" y") } }, "X: y\r\n" MESSAGE, 1 },
	{ "LEADSPC: no space of ours", true, { { SMFIR_INSHEADER, 0, STR("X"),
	    STR("y") } }, "X:y\r\n" MESSAGE, 1 },
	{ "without it: one space", false, { { SMFIR_INSHEADER, 0, STR("X"),
	    STR("y") } }, "X: y\r\n" MESSAGE, 1 },
	{ "insert in the middle", false, { { SMFIR_INSHEADER, 2, STR("X"),
	    STR("y") } }, "A: 1\r\nB: 2\r\nX: y\r\na: 3\r\n\r\nbody\r\n", 1 },
	{ "insert beyond the end", false, { { SMFIR_INSHEADER, 99, STR("X"),
	    STR("y") } }, "A: 1\r\nB: 2\r\na: 3\r\nX: y\r\n\r\nbody\r\n", 1 },
	{ "the last insert at the top is on top", false, {
	    { SMFIR_INSHEADER, 0, STR("X"), STR("1") },
	    { SMFIR_INSHEADER, 0, STR("Y"), STR("2") } },
	    "Y: 2\r\nX: 1\r\n" MESSAGE, 2 },
	{ "add", false, { { SMFIR_ADDHEADER, 0, STR("X"), STR("y") } },
	    "A: 1\r\nB: 2\r\na: 3\r\nX: y\r\n\r\nbody\r\n", 1 },
	{ "LF folding becomes CRLF", false, { { SMFIR_INSHEADER, 0, STR("X"),
	    STR("y\n\tz") } }, "X: y\r\n\tz\r\n" MESSAGE, 1 },
	{ "change the second of a name, any case", false, {
	    { SMFIR_CHGHEADER, 2, STR("A"), STR("new") } },
	    "A: 1\r\nB: 2\r\na: new\r\n\r\nbody\r\n", 1 },
	{ "delete the first", false, { { SMFIR_CHGHEADER, 1, STR("a"),
	    STR("") } }, "B: 2\r\na: 3\r\n\r\nbody\r\n", 1 },
	{ "delete both, the highest first", false, {
	    { SMFIR_CHGHEADER, 2, STR("a"), STR("") },
	    { SMFIR_CHGHEADER, 1, STR("a"), STR("") } },
	    "B: 2\r\n\r\nbody\r\n", 2 },
	{ "delete what is not there", false, { { SMFIR_CHGHEADER, 3, STR("a"),
	    STR("") } }, MESSAGE, 0 },
	{ "change what is not there: added", false, {
	    { SMFIR_CHGHEADER, 3, STR("A"), STR("4") } },
	    "A: 1\r\nB: 2\r\na: 3\r\nA: 4\r\n\r\nbody\r\n", 1 },
	{ "an index counts what was inserted before", false, {
	    { SMFIR_INSHEADER, 0, STR("A"), STR("0") },
	    { SMFIR_CHGHEADER, 2, STR("A"), STR("") } },
	    "A: 0\r\nB: 2\r\na: 3\r\n\r\nbody\r\n", 2 },
	{ "a new body, in pieces", false, {
	    { SMFIR_REPLBODY, 0, STR_NONE, STR("new ") },
	    { SMFIR_REPLBODY, 0, STR_NONE, STR("text\r\n") } },
	    "A: 1\r\nB: 2\r\na: 3\r\n\r\nnew text\r\n", 0 },
	{ "a recipient is noted", false, { { SMFIR_ADDRCPT, 0, STR("<a@b>"),
	    STR_NONE } }, MESSAGE, 1 },
};

static void
test_row(const struct row *row)
{
	struct message message;
	struct arena arena;
	struct edit edit;
	struct buf out;
	size_t i;

	arena_init(&arena, 1024 * 1024);
	buf_init(&out, 1024 * 1024);
	if (message_parse(&arena, STR(MESSAGE), &message) != STATUS_OK ||
	    edit_init(&edit, &arena, &message, row->leadspc) != STATUS_OK) {
		tap_ok(false, "%s: the message", row->name);
		return;
	}
	for (i = 0; i < MAX_CHANGES && row->changes[i].type != '\0'; i++) {
		edit_change(&edit, &row->changes[i]);
	}
	edit_write(&edit, &out);
	tap_num(edit.status, STATUS_OK, row->name);
	tap_str(buf_str(&out), str_from(row->want), "the message");
	tap_num((long long)edit.n, (long long)row->notes, "its notes");
	buf_fini(&out);
	edit_fini(&edit);
	arena_fini(&arena);
}

/* What a milter adds is held to the limits of any header. */
static void
test_limit(void)
{
	static char large[FIELD_MAX_TOTAL_BYTES];
	struct player_change change = { .type = SMFIR_ADDHEADER,
		.name = STR("X"), .value = STR("") };
	struct message message;
	struct arena arena;
	struct edit edit;

	memset(large, 'x', sizeof(large));
	change.value = str_mem(large, sizeof(large));
	arena_init(&arena, 16 * 1024 * 1024);
	if (message_parse(&arena, STR(MESSAGE), &message) == STATUS_OK &&
	    edit_init(&edit, &arena, &message, true) == STATUS_OK) {
		edit_change(&edit, &change);
		tap_num(edit.status, STATUS_LIMIT, "a field that is too large");
		change.value = STR("y");
		edit_change(&edit, &change);
		tap_num(edit.status, STATUS_LIMIT, "the failure sticks");
		edit_fini(&edit);
	}
	arena_fini(&arena);
}

static void
test_quarantine(void)
{
	const struct player_change change = { .type = SMFIR_QUARANTINE,
		.value = STR("why") };
	struct message message;
	struct arena arena;
	struct edit edit;

	arena_init(&arena, 1024 * 1024);
	if (message_parse(&arena, STR(MESSAGE), &message) == STATUS_OK &&
	    edit_init(&edit, &arena, &message, true) == STATUS_OK) {
		tap_ok(edit.quarantine.p == NULL, "no quarantine by itself");
		edit_change(&edit, &change);
		tap_str(edit.quarantine, STR("why"), "the reason is kept");
		edit_fini(&edit);
	}
	arena_fini(&arena);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		test_row(&rows[i]);
	}
	test_limit();
	test_quarantine();
	return (tap_done());
}
