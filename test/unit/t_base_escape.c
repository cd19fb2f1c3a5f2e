/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/escape.h"
#include "guard.h"
#include "tap.h"

typedef void	writer(struct buf *, struct str, size_t max_bytes);

#define S(literal)	{ (literal), sizeof(literal) - 1 }

static const struct {
	const char	*name;
	writer		*write;
	struct str	 in;
	size_t		 max;
	const char	*want;
} rows[] = {
	{ "text: plain", escape_text, S("a b=\"c\"~"), 99, "a b=\"c\"~" },
	{ "text: empty", escape_text, S(""), 99, "" },
	{ "text: absent", escape_text, { NULL, 0 }, 99, "" },
	{ "text: backslash", escape_text, S("a\\x"), 99, "a\\\\x" },
	{ "text: newline", escape_text, S("a\r\nb"), 99, "a\\x0d\\x0ab" },
	{ "text: NUL", escape_text, S("a\0b"), 99, "a\\x00b" },
	{ "text: tab", escape_text, S("\t"), 99, "\\x09" },
	{ "text: terminal", escape_text, S("\033[2J"), 99, "\\x1b[2J" },
	{ "text: DEL", escape_text, S("\x7f"), 99, "\\x7f" },
	{ "text: UTF-8", escape_text, S("b\xc3\xbc\xe2\x82\xac"), 99,
	    "b\xc3\xbc\xe2\x82\xac" },
	{ "text: lone 8-bit", escape_text, S("\xfc."), 99, "\\xfc." },
	{ "text: cut UTF-8", escape_text, S("\xe2\x82"), 99, "\\xe2\\x82" },
	{ "text: overlong UTF-8", escape_text, S("\xc0\x8a"), 99,
	    "\\xc0\\x8a" },
	{ "text: C1 control", escape_text, S("\xc2\x9b"), 99, "\\xc2\\x9b" },
	{ "text: line separator", escape_text, S("\xe2\x80\xa8"), 99,
	    "\\xe2\\x80\\xa8" },
	{ "text: right-to-left", escape_text, S("\xe2\x80\xae" "a"), 99,
	    "\\xe2\\x80\\xaea" },
	{ "text: isolate", escape_text, S("\xe2\x81\xa6"), 99,
	    "\\xe2\\x81\\xa6" },
	{ "text: C1, the last", escape_text, S("\xc2\x9f"), 99, "\\xc2\\x9f" },
	{ "text: NBSP", escape_text, S("\xc2\xa0"), 99, "\xc2\xa0" },
	{ "text: paragraph separator", escape_text, S("\xe2\x80\xa9"), 99,
	    "\\xe2\\x80\\xa9" },
	{ "text: left-to-right mark", escape_text, S("\xe2\x80\x8e"), 99,
	    "\\xe2\\x80\\x8e" },
	{ "text: right-to-left mark", escape_text, S("\xe2\x80\x8f"), 99,
	    "\\xe2\\x80\\x8f" },
	{ "text: Arabic letter mark", escape_text, S("\xd8\x9c"), 99,
	    "\\xd8\\x9c" },
	{ "text: byte order mark", escape_text, S("\xef\xbb\xbf"), 99,
	    "\\xef\\xbb\\xbf" },
	{ "text: embedding", escape_text, S("\xe2\x80\xaa"), 99,
	    "\\xe2\\x80\\xaa" },
	{ "text: end of isolate", escape_text, S("\xe2\x81\xa9"), 99,
	    "\\xe2\\x81\\xa9" },
	{ "text: as long as the limit", escape_text, S("abc"), 3, "abc" },
	{ "text: cut", escape_text, S("abcd"), 3, "abc..." },
	{ "text: cut inside a character", escape_text, S("a\xc3\xbc"), 2,
	    "a\\xc3..." },
	{ "text: nothing may be shown", escape_text, S("a"), 0, "..." },

	{ "log: word", escape_log_value, S("a.b@c-d/e:1~"), 12,
	    "a.b@c-d/e:1~" },
	{ "log: as long as the limit", escape_log_value, S("abc"), 3,
	    "abc" },
	{ "log: DEL", escape_log_value, S("a\x7f"), 99, "\"a\\x7f\"" },
	{ "log: empty", escape_log_value, S(""), 99, "\"\"" },
	{ "log: space", escape_log_value, S("a b"), 99, "\"a b\"" },
	{ "log: equals", escape_log_value, S("a=b"), 99, "\"a=b\"" },
	{ "log: quote", escape_log_value, S("a\"b"), 99, "\"a\\\"b\"" },
	{ "log: backslash", escape_log_value, S("a\\"), 99, "\"a\\\\\"" },
	{ "log: newline", escape_log_value, S("a\nx=y"), 99,
	    "\"a\\x0ax=y\"" },
	{ "log: UTF-8", escape_log_value, S("\xc3\xbc"), 99,
	    "\"\xc3\xbc\"" },
	{ "log: cut word", escape_log_value, S("abcd"), 2, "ab..." },
	{ "log: cut before a space", escape_log_value, S("ab d"), 2,
	    "ab..." },
	{ "log: nothing may be shown", escape_log_value, S("a"), 0,
	    "\"...\"" },

	{ "reply: plain", escape_reply, S("5%: a\\b~"), 8,
	    "5%: a\\b~" },
	{ "reply: newline", escape_reply, S("a\r\n250 ok"), 99,
	    "a??250 ok" },
	{ "reply: NUL, DEL, tab", escape_reply, S("\0\x7f\t"), 99, "???" },
	{ "reply: 8-bit", escape_reply, S("\xc3\xbc"), 99, "??" },
	{ "reply: cut", escape_reply, S("abcd"), 3, "abc..." },
};

/* Whatever goes in, no control octet comes out. */
static void
t_every_octet(writer *write, const char *name)
{
	bool clean = true;
	struct buf b;
	char c[2];
	int i;
	size_t k;

	buf_init(&b, 64);
	for (i = 0; i < 65536; i++) {
		c[0] = (char)(i >> 8);
		c[1] = (char)(i & 0xff);
		buf_reset(&b);
		write(&b, str_mem(c, 2), 2);
		for (k = 0; k < b.n; k++) {
			clean &= (unsigned char)b.p[k] >= ' ' &&
			    b.p[k] != 0x7f;
		}
		clean &= b.status == STATUS_OK;
	}
	tap_ok(clean, "no control octet leaves %s", name);
	buf_fini(&b);
}

int
main(void)
{
	struct buf b;
	size_t i;

	buf_init(&b, 256);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_reset(&b);
		rows[i].write(&b, guard_put(rows[i].in), rows[i].max);
		tap_str(buf_str(&b), str_from(rows[i].want), rows[i].name);
	}
	buf_fini(&b);
	t_every_octet(escape_text, "escape_text");
	t_every_octet(escape_log_value, "escape_log_value");
	t_every_octet(escape_reply, "escape_reply");
	return (tap_done());
}
