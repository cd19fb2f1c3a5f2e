/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine's actions become calls of the milter API, in order, or fail. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "milter/apply.h"
#include "test/unit/tap.h"

struct mta {			/* records the calls */
	struct buf	 said;
	const char	*fails;	/* the call that fails, or NULL */
};

static bool
note(struct mta *mta, const char *call, const char *a, const char *b)
{
	buf_printf(&mta->said, "%s(%s|%s)", call, a, b);
	return (mta->fails == NULL || strcmp(mta->fails, call) != 0);
}

static bool
insert_field(void *ctx, const char *name, const char *value)
{
	return (note(ctx, "insert", name, value));
}

static bool
delete_field(void *ctx, const char *name, unsigned index)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", index);
	return (note(ctx, "delete", name, number));
}

static bool
change_field(void *ctx, const char *name, unsigned index, const char *value)
{
	struct mta *mta = ctx;

	buf_printf(&mta->said, "%u:", index);
	return (note(mta, "change", name, value));
}

static bool
quarantine(void *ctx, const char *reason)
{
	return (note(ctx, "quarantine", reason, ""));
}

static bool
reply(void *ctx, const char *code, const char *xcode, const char *text)
{
	struct mta *mta = ctx;

	buf_printf(&mta->said, "reply(%s|%s|%s)", code, xcode, text);
	return (mta->fails == NULL || strcmp(mta->fails, "reply") != 0);
}

#define INSERT(n, v)	{ ENGINE_INSERT_FIELD, STR(n), STR(v), 0 }
#define DELETE(n, i)	{ ENGINE_DELETE_FIELD, STR(n), { NULL, 0 }, (i) }
#define CHANGE(n, i, v)	{ ENGINE_CHANGE_FIELD, STR(n), STR(v), (i) }
#define QUARANTINE(v)	{ ENGINE_HOLD, { NULL, 0 }, STR(v), 0 }

static const struct row {
	const char		*name;
	struct engine_action	 actions[3];
	size_t			 n;
	bool			 strip;		/* MTA without LEADSPC */
	enum engine_verdict	 verdict;
	struct str		 reply;
	const char		*fails;
	enum engine_verdict	 want;
	const char		*said;
	const char		*failed;	/* NULL: nothing */
} rows[] = {
	{ "nothing to do", { { 0 } }, 0, false, ENGINE_ACCEPT, { 0 }, NULL,
	    ENGINE_ACCEPT, "", NULL },
	{ "an insert keeps its leading space", { INSERT("A", " b") }, 1, false,
	    ENGINE_ACCEPT, { 0 }, NULL, ENGINE_ACCEPT, "insert(A| b)", NULL },
	{ "an old MTA adds the space itself", { INSERT("A", " b") }, 1, true,
	    ENGINE_ACCEPT, { 0 }, NULL, ENGINE_ACCEPT, "insert(A|b)", NULL },
	{ "only one space is the MTA's", { INSERT("A", "  b") }, 1, true,
	    ENGINE_ACCEPT, { 0 }, NULL, ENGINE_ACCEPT, "insert(A| b)", NULL },
	{ "folding is LF", { INSERT("A", " b;\r\n\tc;\r\n d") }, 1, false,
	    ENGINE_ACCEPT, { 0 }, NULL, ENGINE_ACCEPT,
	    "insert(A| b;\n\tc;\n d)", NULL },
	{ "the order is the engine's",
	    { DELETE("X", 3), DELETE("X", 1), INSERT("A", " b") }, 3, false,
	    ENGINE_ACCEPT, { 0 }, NULL, ENGINE_ACCEPT,
	    "delete(X|3)delete(X|1)insert(A| b)", NULL },
	{ "quarantine", { QUARANTINE("bad\r\nsignature") }, 1, false,
	    ENGINE_ACCEPT, { 0 }, NULL, ENGINE_ACCEPT,
	    "quarantine(bad??signature|)", NULL },
	{ "quarantine needs a reason", { QUARANTINE("") }, 1, false,
	    ENGINE_ACCEPT, { 0 }, NULL, ENGINE_ACCEPT,
	    "quarantine(policy|)", NULL },
	{ "a change, folded with LF", { CHANGE("A", 2, " b\r\n c") }, 1,
	    false, ENGINE_ACCEPT, { 0 }, NULL, ENGINE_ACCEPT,
	    "2:change(A| b\n c)", NULL },
	{ "a change for an old MTA", { CHANGE("A", 1, " b") }, 1, true,
	    ENGINE_ACCEPT, { 0 }, NULL, ENGINE_ACCEPT, "1:change(A|b)", NULL },
	{ "a failed change stops all", { CHANGE("A", 1, " b"),
	    INSERT("B", " c") }, 2, false, ENGINE_ACCEPT, { 0 }, "change",
	    ENGINE_TEMPFAIL, "1:change(A| b)", "changing a field failed" },
	{ "a failed deletion stops all", { DELETE("X", 1), INSERT("A", " b") },
	    2, false, ENGINE_ACCEPT, { 0 }, "delete", ENGINE_TEMPFAIL,
	    "delete(X|1)", "deleting a field failed" },
	{ "a failed insertion", { INSERT("A", " b") }, 1, false, ENGINE_ACCEPT,
	    { 0 }, "insert", ENGINE_TEMPFAIL, "insert(A| b)",
	    "adding a field failed" },
	{ "a failed quarantine", { QUARANTINE("x") }, 1, false, ENGINE_ACCEPT,
	    { 0 }, "quarantine", ENGINE_TEMPFAIL, "quarantine(x|)",
	    "the quarantine was not possible" },
	{ "an empty value is none", { INSERT("A", " ") }, 1, true,
	    ENGINE_ACCEPT, { 0 }, NULL, ENGINE_TEMPFAIL, "",
	    "adding a field failed" },
	{ "NUL cannot be sent", { INSERT("A", " b\0c") }, 1, false,
	    ENGINE_ACCEPT, { 0 }, NULL, ENGINE_TEMPFAIL, "",
	    "adding a field failed" },
	{ "a line end that would begin a field",
	    { INSERT("A", " b\r\nBcc: x") }, 1, false, ENGINE_ACCEPT, { 0 },
	    NULL, ENGINE_TEMPFAIL, "", "adding a field failed" },
	{ "a line end at the end", { INSERT("A", " b\r\n") }, 1, false,
	    ENGINE_ACCEPT, { 0 }, NULL, ENGINE_TEMPFAIL, "",
	    "adding a field failed" },
	{ "a bare CR", { INSERT("A", " b\rc") }, 1, false, ENGINE_ACCEPT,
	    { 0 }, NULL, ENGINE_TEMPFAIL, "", "adding a field failed" },
	{ "a refusal with its words", { { 0 } }, 0, false, ENGINE_REJECT,
	    STR("550 5.7.20 No signature passes"), NULL, ENGINE_REJECT,
	    "reply(550|5.7.20|No signature passes)", NULL },
	{ "what is refused is not changed", { INSERT("A", " b") }, 1, false,
	    ENGINE_REJECT, STR("550 5.7.20 No"), NULL, ENGINE_REJECT,
	    "reply(550|5.7.20|No)", NULL },
	{ "no percent sign: Sendmail formats", { { 0 } }, 0, false,
	    ENGINE_TEMPFAIL, STR("451 4.7.5 100%s\r\nof it"), NULL,
	    ENGINE_TEMPFAIL, "reply(451|4.7.5|100?s??of it)", NULL },
	{ "a refusal without words stays one", { { 0 } }, 0, false,
	    ENGINE_REJECT, { 0 }, NULL, ENGINE_REJECT, "", NULL },
	{ "words that the MTA does not take", { { 0 } }, 0, false,
	    ENGINE_REJECT, STR("550 5.7.20 No"), "reply", ENGINE_REJECT,
	    "reply(550|5.7.20|No)", NULL },
};

static void
check(const struct row *row)
{
	struct mta mta = { .fails = row->fails };
	struct apply_ops ops = { insert_field, delete_field, change_field,
		quarantine, reply, &mta, !row->strip };
	struct engine_outcome outcome = { .verdict = row->verdict,
		.reply = row->reply, .actions = row->actions,
		.actions_n = row->n };
	const char *failed;

	buf_init(&mta.said, 4096);
	buf_add_cstr(&mta.said, "");
	tap_num(apply_outcome(&ops, &outcome, &failed), row->want, row->name);
	tap_str(buf_str(&mta.said), str_from(row->said), row->name);
	tap_str(str_from(failed), str_from(row->failed), row->name);
	buf_fini(&mta.said);
}

/* libmilter refuses a longer text, and with it the whole reply. */
static void
check_long_reply(void)
{
	struct mta mta = { 0 };
	struct apply_ops ops = { insert_field, delete_field, change_field,
		quarantine, reply, &mta, true };
	struct engine_outcome outcome = { .verdict = ENGINE_REJECT };
	char text[11 + 2 * APPLY_REPLY_MAX_BYTES];
	const char *failed;

	memset(text, 'x', sizeof(text));
	memcpy(text, "550 5.7.20 ", 11);
	outcome.reply = str_mem(text, sizeof(text));
	buf_init(&mta.said, 2 * sizeof(text));
	(void)apply_outcome(&ops, &outcome, &failed);
	tap_num((long long)mta.said.n,
	    (long long)strlen("reply(550|5.7.20|)") + APPLY_REPLY_MAX_BYTES,
	    "a long reply is cut to what libmilter takes");
	buf_fini(&mta.said);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check(&rows[i]);
	}
	check_long_reply();
	return (tap_done());
}
