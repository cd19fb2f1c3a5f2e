/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"
#include "guard.h"
#include "mail/taglist.h"
#include "tap.h"

#define S(literal)	{ (literal), sizeof(literal) - 1 }

/* RFC 6376 3.2, and 2.8 for folding white space */
static const struct {
	struct str	 in;
	const char	*want;	/* <name|value|raw value>..., or the reason */
} rows[] = {
	{ S("a=b"), "<a|b|b>" },
	{ S("a=b;"), "<a|b|b>" },
	{ S("a=b; "), "<a|b|b>" },
	{ S("a=b;\r\n\t"), "<a|b|b>" },
	{ S("a=b;c=d"), "<a|b|b><c|d|d>" },
	{ S(" a = b ; c\t=\td "), "<a|b| b ><c|d|\td >" },
	{ S("\r\n a\r\n =\r\n b\r\n ;c=d"),
	    "<a|b|\r\n b\r\n ><c|d|d>" },
	{ S("a=b c\td\r\n e"), "<a|b c\td\r\n e|b c\td\r\n e>" },
	{ S("a=b\r\n \r\n c"), "<a|b\r\n \r\n c|b\r\n \r\n c>" },
	{ S("a=b \r\n \t\r\n\t;"), "<a|b|b \r\n \t\r\n\t>" },
	{ S("p="), "<p||>" },
	{ S("p=;q="), "<p||><q||>" },
	{ S("p= ; q= \t"), "<p|| ><q|| \t>" },
	{ S("a==b="), "<a|=b=|=b=>" },
	{ S("A=1;a=2"), "<A|1|1><a|2|2>" },
	{ S("a_1=x;bh=y;z9_=z"), "<a_1|x|x><bh|y|y><z9_|z|z>" },
	{ S("a=!:<~"), "<a|!:<~|!:<~>" },
	{ S(""), "no tags" },
	{ S(" \r\n "), "no tags" },
	{ S(";"), "empty tag" },
	{ S(";a=b"), "empty tag" },
	{ S(" ; a=b"), "empty tag" },
	{ S("a=b;;"), "empty tag" },
	{ S("a=b;;c=d"), "empty tag" },
	{ S("a=b; ;c=d"), "empty tag" },
	{ S("a=b; ; "), "empty tag" },
	{ S("a"), "tag without '='" },
	{ S("a=b;c"), "tag without '='" },
	{ S("=b"), "bad tag name" },
	{ S(" =b"), "bad tag name" },
	{ S("1a=b"), "bad tag name" },
	{ S("_a=b"), "bad tag name" },
	{ S("a-b=c"), "bad tag name" },
	{ S("a b=c"), "bad tag name" },
	{ S("a\r\n b=c"), "bad tag name" },
	{ S("\xc3\xa4=c"), "bad tag name" },
	{ S("a\0=c"), "bad tag name" },
	{ S("\ra=c"), "bad tag name" },
	{ S("a=b\x01"), "bad character in tag value" },
	{ S("a=b\0c"), "bad character in tag value" },
	{ S("a=\x7f"), "bad character in tag value" },
	{ S("a=b\rc"), "bad character in tag value" },
	{ S("a=b\nc"), "bad character in tag value" },
	{ S("a=b\n c"), "bad character in tag value" },
	{ S("a=b\r\nc"), "bad character in tag value" },
	{ S("a=b\r\n"), "bad character in tag value" },
	{ S("a=b\r\n\r\n "), "bad character in tag value" },
	{ S("a=b\r\n\r\n ;"), "bad character in tag value" },
	{ S("a=b\n "), "bad character in tag value" },
	{ S("a=\r\n;c=d"), "bad character in tag value" },
	{ S("a=b\r\r\n c"), "bad character in tag value" },
	{ S("a=caf\xc3\xa9"), "bad character in tag value" },
	{ S("a=1;a=2"), "duplicate tag" },
	{ S("a=1;b=2;a=1;"), "duplicate tag" },
	{ S("x=;x="), "duplicate tag" },
};

static void
describe(const struct taglist *l, struct buf *out)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		buf_add_char(out, '<');
		buf_add_str(out, l->v[i].name);
		buf_add_char(out, '|');
		buf_add_str(out, l->v[i].value);
		buf_add_char(out, '|');
		buf_add_str(out, l->v[i].raw_value);
		buf_add_char(out, '>');
	}
}

static void
t_rows(void)
{
	const char *reason;
	enum status status;
	struct taglist l;
	struct buf got;
	size_t i;
	bool ok;

	buf_init(&got, 1024);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ok = rows[i].want[0] == '<';
		buf_reset(&got);
		status = taglist_parse(&l, guard_put(rows[i].in), false,
		    &reason);
		if (status == STATUS_OK) {
			describe(&l, &got);
		} else {
			buf_add_cstr(&got, reason);
		}
		tap_ok(status == (ok ? STATUS_OK : STATUS_SYNTAX),
		    "row %zu is %s", i, ok ? "a list" : "no list");
		tap_ok(str_eq(buf_str(&got), str_from(rows[i].want)),
		    "row %zu, in full", i);
	}
	buf_fini(&got);
}

static void
t_utf8(void)
{
	const char *reason;
	enum status status;
	struct taglist l;

	status = taglist_parse(&l, STR("d=b\xc3\xbc" "cher.example"), true,
	    &reason);
	tap_ok(status == STATUS_OK && reason == NULL,
	    "RFC 8616: UTF-8 in a value");
	status = taglist_parse(&l, STR("n=\xff"), true, &reason);
	tap_num(status, STATUS_OK, "any octet above 127");
	status = taglist_parse(&l, STR("\xc3\xbc=d"), true, &reason);
	tap_num(status, STATUS_SYNTAX, "but not in a name");
	status = taglist_parse(&l, STR("a=\x7f"), true, &reason);
	tap_num(status, STATUS_SYNTAX, "and no DEL");
}

static void
t_get(void)
{
	const struct tag *tag;
	const char *reason;
	enum status status;
	struct taglist l;

	status = taglist_parse(&l, STR("v=1; V=2; p="), false, &reason);
	tap_num(status, STATUS_OK, "three tags");
	tag = taglist_get(&l, STR("V"));
	tap_ok(tag != NULL && str_eq(tag->value, STR("2")),
	    "names are case-sensitive");
	tag = taglist_get(&l, STR("p"));
	tap_ok(tag != NULL && tag->value.p != NULL && tag->value.n == 0,
	    "an empty value is not absent");
	tag = taglist_get(&l, STR("P"));
	tap_ok(tag == NULL, "an absent one is");
}

static void
t_limit(void)
{
	const char *reason;
	enum status status;
	struct taglist l;
	struct buf in;
	int i;

	buf_init(&in, 4096);
	for (i = 0; i < TAGLIST_MAX_TAGS; i++) {
		buf_printf(&in, "a%d=%d;", i, i);
	}
	status = taglist_parse(&l, buf_str(&in), false, &reason);
	tap_ok(status == STATUS_OK && l.n == TAGLIST_MAX_TAGS,
	    "TAGLIST_MAX_TAGS tags");
	buf_add_cstr(&in, "x=y");
	status = taglist_parse(&l, buf_str(&in), false, &reason);
	tap_num(status, STATUS_LIMIT, "one more is LIMIT");
	tap_str(str_from(reason), STR("too many tags"), "the reason");
	buf_fini(&in);
}

int
main(void)
{
	t_rows();
	t_utf8();
	t_get();
	t_limit();
	return (tap_done());
}
