/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mail from outside whose From an MTA's tables rewrite to an address of ours
 * before it comes back, and a mailing list's with its own address there
 * (lib/engine/way.c): with a mark, with a Received field, too, and with that
 * alone.
 */
#include "engine_fixture.h"
#include "tap.h"

#define CONF		FX_SIGN "MarkField none\n"
#define HOST		"mx.example.net"
#define FIRST_FROM	"From: John Smith <jsmith@old.test>\r\n"
#define NOW_FROM	"From: John Smith <joe@example.com>\r\n"
#define REST		"Message-ID: <a.1@client.example>\r\nSubject: s\r\n" \
	"To: you@example.net\r\n\r\nbody\r\n"
#define RECEIVED	"Received: from h (n [192.0.2.7]) by " HOST \
	" (Postfix)\r\n\twith ESMTP id X; Mon\r\n"
#define LIST_ID		"List-Id: <list.example.com>\r\n"
#define X		"<x@evil.test>"
#define BOUNCES		"<list-bounces+1@example.com>"
#define SIGN		ENGINE_SIGN
#define BACK		ENGINE_RETURNED
#define TEXT_MAX	(1024 * 1024)

static const struct {
	const char		*name;
	const char		*first, *first_list;
	const char		*now, *now_list;
	enum engine_direction	 want;
} rows[] = {
	{ "the sender stays", X, "", X, "", BACK },
	{ "in capitals", X, "", "<X@EVIL.test>", "", BACK },
	{ "no sender then", X, "", "<>", "", BACK },
	{ "no sender", "<>", "", "<>", "", BACK },
	{ "the author is the sender", "<jsmith@old.test>", "",
	    "<joe@example.com>", "", BACK },
	{ "in capitals", "<jsmith@old.test>", "", "<JOE@Example.com>", "",
	    BACK },
	{ "List-Id stays", X, LIST_ID, X, LIST_ID, BACK },
	{ "List-Id stays, the author is the sender", "<jsmith@old.test>",
	    LIST_ID, "<joe@example.com>", LIST_ID, BACK },
	{ "a second List-Id", X, LIST_ID, X, LIST_ID LIST_ID, BACK },
	{ "a sender that may be a list's stays", BOUNCES, "", BOUNCES, "",
	    BACK },

	/* Forms that Postfix or Sendmail rewrite. */
	{ "in quotes", "<\"x\"@evil.test>", "", X, "", BACK },
	{ "a backslash", "<\\x@evil.test>", "", X, "", BACK },
	{ "a percent sign", "<x%evil.test>", "", X, "", BACK },
	{ "a percent sign, and a host", "<x%evil.test@example.net>", "", X, "",
	    BACK },
	{ "an exclamation mark", "<evil.test!x>", "", X, "", BACK },
	{ "the same, and a host", "<evil.test!x@example.net>", "", X, "",
	    BACK },
	{ "no domain", "<x>", "", "<x@example.com>", "", BACK },
	{ "one label", "<x@evil>", "", "<x@evil.example.com>", "", BACK },
	{ "a dot at the end", "<x@evil.test.>", "", X, "", BACK },
	{ "two dots", "<x..y@evil.test>", "", "<x.y@evil.test>", "", BACK },
	{ "a route", "<@a.test:x@evil.test>", "", X, "", BACK },
	{ "an address literal", "<x@[192.0.2.7]>", "", "<x@example.com>", "",
	    BACK },
	{ "an empty local part", "<@evil.test>", "", X, "", BACK },
	{ "a space", "< x@evil.test>", "", X, "", BACK },
	{ "UTF-8", "<\xc3\xa4@evil.test>", "", X, "", BACK },

	/* Made of the sender by a forwarder. */
	{ "SRS", X, "", "<SRS0=abcd=XY=evil.test=x@example.com>", "", BACK },
	{ "SRS in small letters", X, "",
	    "<srs0+abcd=XY=evil.test=x@example.com>", "", BACK },
	{ "SRS of SRS", X, "",
	    "<SRS1=ab=a.test==cd=XY=evil.test=x@example.com>", "", BACK },
	{ "BATV", X, "", "<prvs=0123456789=x@example.com>", "", BACK },
	{ "a list of such a name", X, "", "<srs0@example.com>", "", SIGN },

	{ "a list", X, "", BOUNCES, "", SIGN },
	{ "a list, no sender at first", "<>", "", BOUNCES, "", SIGN },
	{ "a list behind another", X, LIST_ID, BOUNCES, LIST_ID, SIGN },
	{ "a list with List-Id", X, "", BOUNCES, LIST_ID, SIGN },
	{ "List-Id alone", X, "", X, LIST_ID, SIGN },
	{ "List-Id, and no sender", X, "", "<>", LIST_ID, SIGN },
	{ "List-Id, and the author is the sender", X, "", "<joe@example.com>",
	    LIST_ID, SIGN },
	{ "List-Id, of a sender that an MTA rewrites", "<\"x\"@evil.test>", "",
	    BOUNCES, LIST_ID, SIGN },
	{ "a sender without brackets", "x@evil.test", "",
	    "list-bounces@example.com", "", SIGN },
};

static const struct {
	const char	*name;
	const char	*trace;
	bool		 marked;
} kinds[] = {
	{ "a mark", "", true },
	{ "a mark and Received", RECEIVED, true },
	{ "Received", RECEIVED, false },
};

static void
check(struct fx *fx, size_t row, size_t kind)
{
	struct fx_mail outside = { .ip = "192.0.2.7", .mta_name = HOST,
		.mail_from = rows[row].first }, home = { .ip = "127.0.0.1",
		.mta_name = HOST, .mail_from = rows[row].now };
	struct buf text, left;
	const char *top;
	enum engine_direction direction;

	buf_init(&text, TEXT_MAX);
	buf_init(&left, TEXT_MAX);
	fx_configure(fx, CONF);
	buf_printf(&text, "%s%s%s", kinds[kind].trace, rows[row].first_list,
	    FIRST_FROM REST);
	(void)fx_play_queued(fx, &outside, "X", buf_str(&text), &left);
	top = kinds[kind].trace[0] != '\0' ? "Received: " :
	    rows[row].first_list[0] != '\0' ? "List-Id: " : "From: ";
	buf_reset(&text);
	if (kinds[kind].marked) {
		buf_add_str(&text, str_mem(left.p,
		    (size_t)(strstr(left.p, top) - left.p)));
	}
	buf_printf(&text, "%s%s%s", kinds[kind].trace, rows[row].now_list,
	    NOW_FROM REST);
	buf_reset(&left);
	direction = fx_play_queued(fx, &home, "Z", buf_str(&text), &left);
	tap_ok(direction == rows[row].want &&
	    fx_count(buf_str(&left), "DKIM-Signature:") ==
	    (size_t)(direction == SIGN),
	    "%s, by %s", rows[row].name, kinds[kind].name);
	buf_fini(&text);
	buf_fini(&left);
}

int
main(void)
{
	struct fx fx;
	size_t row, kind;

	fx_init(&fx, "");
	fx.mark_secret = "secret";
	for (row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		for (kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]);
		    kind++) {
			check(&fx, row, kind);
		}
	}
	fx_fini(&fx);
	return (tap_done());
}
