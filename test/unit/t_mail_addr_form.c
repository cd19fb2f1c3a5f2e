/* SPDX-License-Identifier: BSD-2-Clause */
/* addr_form: what Sendmail 8.17 writes for each of these lists. */
#include "mail/addr_form.h"
#include "test/unit/tap.h"

static struct arena arena;

static const struct row {
	const char	*name;
	struct str	 raw;
	const char	*want;		/* NULL: the same */
} rows[] = {
	{ "one address", STR("To: a@b\r\n"), NULL },
	{ "no space after a comma", STR("To: a@b,c@d\r\n"),
	    "To: a@b, c@d\r\n" },
	{ "spaces around a comma", STR("Cc: a@b \t ,  c@d\r\n"),
	    "Cc: a@b, c@d\r\n" },
	{ "spaces at the end", STR("To: a@b \r\n"), "To: a@b\r\n" },
	{ "no space behind the colon", STR("To:a@b,c@d\r\n"),
	    "To:a@b, c@d\r\n" },
	{ "empty items", STR("To: ,a@b,,, c@d,\r\n"), "To: a@b, c@d\r\n" },
	{ "only empty items", STR("To: ,,\r\n"), NULL },
	{ "no value", STR("To:\r\n"), NULL },
	{ "space within angle brackets", STR("To: Bob < a@b >\r\n"),
	    "To: Bob <a@b>\r\n" },
	{ "none before them", STR("To: Bob<a@b>\r\n"), "To: Bob <a@b>\r\n" },
	{ "much before them", STR("To: Bob   Cee\t <a@b>\r\n"),
	    "To: Bob Cee <a@b>\r\n" },
	{ "no phrase", STR("To: <a@b>\r\n"), NULL },
	{ "a phrase with a dot", STR("From: Joe B. Cee <a@b>\r\n"),
	    "From: \"Joe B. Cee\" <a@b>\r\n" },
	{ "a phrase with an apostrophe", STR("To: O'Neil <a@b>\r\n"),
	    "To: \"O'Neil\" <a@b>\r\n" },
	{ "a phrase with brackets", STR("To: Bob [x] <a@b>\r\n"),
	    "To: \"Bob [x]\" <a@b>\r\n" },
	{ "a quoted phrase", STR("To: \"Joe B. Cee\" <a@b>\r\n"), NULL },
	{ "a quoted comma", STR("To: \"Cee, J.\" <a@b>,c@d\r\n"),
	    "To: \"Cee, J.\" <a@b>, c@d\r\n" },
	{ "a quoted quote", STR("To: \"a\\\"b, \" <a@b>,c@d\r\n"),
	    "To: \"a\\\"b, \" <a@b>, c@d\r\n" },
	{ "a comment with a comma", STR("To: a@b (x, y),c@d\r\n"),
	    "To: a@b (x, y), c@d\r\n" },
	{ "a domain literal", STR("To: a@[127.0.0.1],c@d\r\n"),
	    "To: a@[127.0.0.1], c@d\r\n" },
	{ "a fold", STR("To: a@b,\r\n\tc@d\r\n"), "To: a@b, c@d\r\n" },
	{ "folded at 78 columns", STR("To: "
	    "aaaaaaaaaaaaaaaaaaaaaaaaa@example.net,"
	    "bbbbbbbbbbbbbbbbbbbbbbbb@example.net,"
	    "ccccccccccccccccccccccccc@example.net\r\n"), "To: "
	    "aaaaaaaaaaaaaaaaaaaaaaaaa@example.net,\r\n        "
	    "bbbbbbbbbbbbbbbbbbbbbbbb@example.net,\r\n        "
	    "ccccccccccccccccccccccccc@example.net\r\n" },
	{ "8-bit", STR("To: J\xc3\xbcrg A. <a@b>,c@d\r\n"),
	    "To: \"J\xc3\xbcrg A.\" <a@b>, c@d\r\n" },
	/* What is not understood stays. */
	{ "a group", STR("To: x: a@b,c@d;\r\n"), NULL },
	{ "an open quote", STR("To: \"x <a@b>,c@d\r\n"), NULL },
	{ "an open angle bracket", STR("To: x <a@b,c@d\r\n"), NULL },
	{ "an open comment", STR("To: a@b (x,c@d\r\n"), NULL },
	{ "a nested comment", STR("To: a@b (x(y)),c@d\r\n"), NULL },
	{ "two angle brackets", STR("To: <a@b><c@d>,e@f\r\n"), NULL },
	{ "text behind an angle bracket", STR("To: <a@b> x,c@d\r\n"), NULL },
	{ "a list within angle brackets", STR("To: x <a@b,c@d>,e@f\r\n"),
	    NULL },
	{ "a backslash", STR("To: a\\,b@c,d@e\r\n"), NULL },
	{ "a NUL", STR("To: a@b\0,c@d\r\n"), NULL },
	{ "a CR", STR("To: a@b\r,c@d\r\n"), NULL },
	{ "a LF", STR("To: a@b,\nBcc: c@d\r\n"), NULL },
};

int
main(void)
{
	struct str got, again, want;
	struct arena small;
	size_t i;

	arena_init(&arena, 1 << 20);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		want = rows[i].want != NULL ? str_from(rows[i].want) :
		    rows[i].raw;
		tap_num(addr_form_sendmail(&arena, rows[i].raw, &got),
		    STATUS_OK, rows[i].name);
		tap_str(got, want, rows[i].name);
		(void)!addr_form_sendmail(&arena, got, &again);
		tap_ok(str_eq(again, got), "%s: twice", rows[i].name);
	}
	tap_ok(addr_form_is_list(STR("resent-TO")) &&
	    !addr_form_is_list(STR("Bcc")) && !addr_form_is_list(STR("T")),
	    "the names of such fields");
	arena_init(&small, 0);
	tap_num(addr_form_sendmail(&small, rows[1].raw, &got), STATUS_NOMEM,
	    "no memory");
	arena_fini(&small);
	arena_fini(&arena);
	return (tap_done());
}
