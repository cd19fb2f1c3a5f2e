/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mail from outside that comes back: the invariant of lib/engine/direction.c.
 * A message arrives from outside, something is done to it on its way, and it
 * arrives again from an internal source.
 */
#include <stdlib.h>

#include "engine_fixture.h"
#include "tap.h"

/* One mark; test_mark_field is about the copy. */
#define ONE		"MarkField none\n"
#define COPIED		FX_SIGN "SubDomains yes\n"
#define CONF		COPIED ONE
#define COPIED_S	"AuthservID mx.example.net\nMode s\nDomain " \
	"example.com\nSelector rsa\nKeyFile @DIR@/rsa\n"
#define MODE_S		COPIED_S ONE
#define REGISTRY	"AuthservID mx.example.net\nMode sv\nDomain " \
	"here.com.au\nSubDomains yes\nSelector rsa\nKeyFile @DIR@/rsa\n" ONE
#define HOME		{ .ip = "127.0.0.1" }
#define ID		"Message-ID: <a.1@client.example>\r\n"
#define REST		"Subject: s\r\nTo: you@example.net\r\n\r\nbody\r\n"
#define FORGED(from)	from ID REST
#define TRACED(from)	"Received: from h (n [192.0.2.1]) by mx.example.net " \
	"with ESMTP id X; Mon\r\n" FORGED(from)
#define EVE		"From: Eve <eve@example.net>\r\n"
#define OURS		"From: Joe <joe@example.com>\r\n"
#define CODED_FROM	"=?utf-8?q?=3Cjoe=40example.com=3E_=28?= " \
	"<x@evil.test> (=?utf-8?b?KQ==?=)"
#define DECODED_FROM	"<joe@example.com> ( <x@evil.test> ())"
#define QUOTED_FROM	"\"=?utf-8?q?x=22_<joe@example.com>_(?=\" " \
	"<x@evil.test> (=?utf-8?q?=29?=)"
#define DECODED_QUOTED_FROM "\"x\" <joe@example.com> (\" <x@evil.test> ())"
#define A10		"aaaaaaaaaa"
#define A100		A10 A10 A10 A10 A10 A10 A10 A10 A10 A10
#define A1000		A100 A100 A100 A100 A100 A100 A100 A100 A100 A100
#define W10		"          "
#define W100		W10 W10 W10 W10 W10 W10 W10 W10 W10 W10
#define W900		W100 W100 W100 W100 W100 W100 W100 W100 W100
#define TEXT_MAX	(1024 * 1024)

static char	*long_from;	/* 996 octets before "<joe@..." */

static void
tag_subject(struct str text, struct buf *r)
{
	fx_replace(text, "Subject: ", "Subject: ***SPAM*** ", r);
}

static void
add_fields(struct str text, struct buf *r)
{
	buf_add_cstr(r, "Received: from localhost by localhost (filter)\r\n"
	    "X-Virus-Scanned: clean\r\n");
	buf_add_str(r, text);
}

/* Results of another program, under our name, on top of ours. */
static void
add_results(struct str text, struct buf *r)
{
	buf_add_cstr(r, "Authentication-Results: mx.example.net; "
	    "dkim=neutral\r\n");
	buf_add_str(r, text);
}

static void
unfold(struct str text, struct buf *r)
{
	size_t i;
	bool header = true;

	for (i = 0; i < text.n; i++) {
		header = header && !(i + 3 < text.n &&
		    memcmp(text.p + i, "\r\n\r\n", 4) == 0);
		if (header && i + 2 < text.n && text.p[i] == '\r' &&
		    char_is_wsp(text.p[i + 2])) {
			i += 2;
			buf_add_char(r, ' ');
		} else {
			buf_add_char(r, text.p[i]);
		}
	}
}

/* At every space of the header, as a program with short lines would. */
static void
fold_more(struct str text, struct buf *r)
{
	size_t i;
	bool header = true, name = true;

	for (i = 0; i < text.n; i++) {
		header = header && !(i + 3 < text.n &&
		    memcmp(text.p + i, "\r\n\r\n", 4) == 0);
		name = text.p[i] == '\n' || (name && text.p[i] != ':');
		if (header && !name && text.p[i] == ' ' &&
		    text.p[i - 1] != ':') {
			buf_add_cstr(r, "\r\n\t");
		}
		buf_add_char(r, text.p[i]);
	}
}

/* As Postfix does with lines of more than 998 octets (SMTP client). */
static void
break_lines(struct str text, struct buf *r)
{
	fx_break_lines((struct lines_rule){ LINES_POSTFIX, 998 }, text, r);
}

/* As Sendmail does with lines of more than 990 octets (SMTP mailers). */
static void
break_sendmail(struct str text, struct buf *r)
{
	fx_break_lines((struct lines_rule){ LINES_SENDMAIL, 990 }, text, r);
}

static void
add_message_id(struct str text, struct buf *r)
{
	buf_add_cstr(r, "Message-Id: <20231114@mx.example.net>\r\n");
	buf_add_str(r, text);
}

static void
drop_message_id(struct str text, struct buf *r)
{
	fx_replace(text, ID, "", r);
}

/* Postfix completes mail of local clients by the envelope sender. */
static void
add_from(struct str text, struct buf *r)
{
	buf_add_cstr(r, OURS);
	buf_add_str(r, text);
}

static void
complete_from(struct str text, struct buf *r)
{
	fx_replace(text, "From: joe\r\n", "From: joe@example.com\r\n", r);
}

static void
complete_domain(struct str text, struct buf *r)
{
	fx_replace(text, "joe@www\r\n", "joe@www.example.com\r\n", r);
}

static void
masquerade(struct str text, struct buf *r)
{
	fx_replace(text, "joe@old.example\r\n", "joe@example.com\r\n", r);
}

static void
canonical(struct str text, struct buf *r)
{
	fx_replace(text, "Joe <joe@", "Joe <joe.user@", r);
}

static void
repair_from(struct str text, struct buf *r)
{
	fx_replace(text, "From: eve@example.net\r\n", "", r);
}

static void
replace_line(struct str text, const char *name, const char *line,
    struct buf *r)
{
	const char *start = strstr(text.p, name);

	buf_add_str(r, str_mem(text.p, (size_t)(start - text.p)));
	buf_add_cstr(r, line);
	buf_add_cstr(r, strstr(start, "\r\n"));
}

static void
mailing_list(struct str text, struct buf *r)
{
	fx_replace(text, "From: Eve <eve@example.net>",
	    "From: Eve by way of a list <list@example.com>", r);
}

static void
list_encoded(struct str text, struct buf *r)
{
	fx_replace(text, "=?utf-8?q?=C3=88ve=2C_x?= <eve@example.net>",
	    "=?utf-8?q?=C3=88ve=2C_x?= by way of a list <list@example.com>", r);
}

static void
list_below_registry(struct str text, struct buf *r)
{
	replace_line(text, "From: ", "From: A list <list@here.com.au>", r);
}

static void
list_of_ours(struct str text, struct buf *r)
{
	fx_replace(text, "Joe <joe@example.com>",
	    "Joe by way of a list <list@example.com>", r);
}

static void
other_message(struct str text, struct buf *r)
{
	fx_replace(text, "a.1@client", "another@client", r);
}

/* Programs that write a From field again as its words decode. */
static void
decode_from(struct str text, struct buf *r)
{
	fx_replace(text, CODED_FROM, DECODED_FROM, r);
}

static void
decode_quoted(struct str text, struct buf *r)
{
	fx_replace(text, QUOTED_FROM, DECODED_QUOTED_FROM, r);
}

/* What is no msg-id by RFC 5322 3.6.4 may get another one. */
static void
repair_message_id(struct str text, struct buf *r)
{
	replace_line(text, "Message-ID: ",
	    "Message-ID: <20231114@mx.example.net>", r);
}

/* What an MTA writes where a list has deleted it; "4F1A" as the fixture. */
static void
id_of_mta(struct str text, struct buf *r)
{
	fx_replace(text, ID, "Message-ID: <20231114221320.4F1A@mx.example.net>"
	    "\r\n", r);
}

static void
id_of_another(struct str text, struct buf *r)
{
	fx_replace(text, ID, "Message-ID: <20231114221320.4F1B@mx.example.net>"
	    "\r\n", r);
}

static void
id_without_time(struct str text, struct buf *r)
{
	fx_replace(text, ID, "Message-ID: <x.4F1A@mx.example.net>\r\n", r);
}

static void
id_of_time(struct str text, struct buf *r)
{
	fx_replace(text, ID, "Message-ID: <20231114221320.@mx.example.net>\r\n",
	    r);
}

static void
hide_host(struct str text, struct buf *r)
{
	fx_replace(text, ID, "Message-Id: <a.1@example.com>\r\n", r);
}

static void
two_other_ids(struct str text, struct buf *r)
{
	fx_replace(text, ID, "Message-ID: <b@client.example>\r\n"
	    "Message-ID: <c@client.example>\r\n", r);
}

static void
id_with_other_local(struct str text, struct buf *r)
{
	fx_replace(text, ID, "Message-ID: <a.12@client.example>\r\n", r);
}

static void
id_of_filter(struct str text, struct buf *r)
{
	buf_add_cstr(r, "Received: from localhost (localhost [127.0.0.1]) by "
	    "mx.example.net (Postfix) with ESMTP id 4F1B; Mon\r\n");
	id_of_another(text, r);
}

static void
id_of_other_host(struct str text, struct buf *r)
{
	buf_add_cstr(r, "Received: from localhost (localhost [127.0.0.1]) by "
	    "mx.example.com (Postfix) with ESMTP id 4F1B; Mon\r\n");
	id_of_another(text, r);
}

static void
anonymous_list(struct str text, struct buf *r)
{
	buf_add_cstr(r, "List-Id: <list.example.com>\r\n");
	other_message(text, r);
}

static void
forge_result(struct str text, struct buf *r)
{
	fx_replace(text, "dkim=none", "dkim=pass", r);
}

/* As Python's email writes a word that is too long for a line. */
static void
encode_word(struct str text, struct buf *r)
{
	fx_replace(text, " smtp.mailfrom=client", "\r\n =?utf-8?q?smtp=2Email?="
	    "\r\n =?utf-8?q?from=3Dclient?=", r);
}

static void
encode_mark(struct str text, struct buf *r)
{
	fx_replace(text, "| p=0|", "|\r\n =?utf-8?b?cD0wfA==?=", r);
}

static void
encode_forged(struct str text, struct buf *r)
{
	fx_replace(text, "dkim=none", "=?utf-8?q?dkim=3Dpass?=", r);
}

static void
forge_time(struct str text, struct buf *r)
{
	fx_replace(text, "t=17000", "t=17001", r);
}

static void
forge_pass(struct str text, struct buf *r)
{
	fx_replace(text, "p=0", "p=1", r);
}

#define SIGN		ENGINE_SIGN
#define BACK		ENGINE_RETURNED

static const struct {
	const char		*name;
	const char		*conf;
	const char		*text;	/* NULL: long_from */
	fx_change		*change;
	struct fx_mail		 second;
	enum engine_direction	 want;
} rows[] = {
	{ "unchanged", CONF, FORGED(OURS), fx_keep, HOME, BACK },
	{ "by sendmail(1), without an address", CONF, FORGED(OURS), fx_keep,
	    { .ip = NULL }, BACK },
	{ "from another relay of ours", CONF "InternalHosts 10.0.0.0/8\n",
	    FORGED(OURS), fx_keep, { .ip = "10.1.2.3" }, BACK },
	{ "on a listener named in MTA", CONF "MTA ORIGINATING\n", FORGED(OURS),
	    fx_keep, { .ip = "127.0.0.1", .daemon_name = "ORIGINATING" },
	    BACK },
	{ "on one named in FilterMTA", CONF "FilterMTA back\n", FORGED(OURS),
	    fx_keep, { .ip = "127.0.0.1", .daemon_name = "back" }, BACK },
	{ "from a relay of ours that is internal, too", CONF
	    "InternalHosts 10.0.0.0/8\nTrustedRelays 10.1.2.3\n",
	    FORGED(OURS), fx_keep, { .ip = "10.1.2.3" }, BACK },
	{ "with the null reverse-path", CONF, FORGED(OURS), fx_keep,
	    { .ip = "127.0.0.1", .mail_from = "<>" }, BACK },
	{ "Subject tagged", CONF, FORGED(OURS), tag_subject, HOME, BACK },
	{ "footer", CONF, FORGED(OURS), fx_add_footer, HOME, BACK },
	{ "fields added", CONF, FORGED(OURS), add_fields, HOME, BACK },
	{ "results under our name on top", CONF, FORGED(OURS), add_results,
	    HOME, BACK },
	{ "unfolded", CONF, FORGED(OURS), unfold, HOME, BACK },
	{ "folded more", CONF, FORGED(OURS), fold_more, HOME, BACK },
	{ "From folded by the sender", CONF,
	    FORGED("From: Joe\r\n <joe@example.com>\r\n"), unfold, HOME, BACK },
	{ "From in mixed case", CONF,
	    FORGED("From: JOE@Example.COM\r\n"), fx_keep, HOME, BACK },
	{ "From broken by the MTA", CONF, NULL, break_lines, HOME, BACK },
	{ "no Message-ID, the MTA adds one", CONF, OURS REST, add_message_id,
	    HOME, BACK },
	{ "no Message-ID at all", CONF, OURS REST, fx_keep, HOME, BACK },
	{ "Message-ID dropped", CONF, FORGED(OURS), drop_message_id, HOME,
	    BACK },
	{ "a second Message-ID added", CONF, FORGED(OURS), add_message_id,
	    HOME, BACK },
	{ "two Message-IDs, one dropped", CONF, "Message-ID: <b@c.example>\r\n"
	    FORGED(OURS), drop_message_id, HOME, BACK },
	{ "two Message-IDs", CONF, "Message-ID: <b@c.example>\r\n"
	    FORGED(OURS), fx_keep, HOME, BACK },
	{ "a Message-ID that may be repaired", CONF, OURS "Message-ID: x\r\n"
	    REST, add_message_id, HOME, BACK },
	{ "a Message-ID without an @", CONF, OURS "Message-ID: <x>\r\n" REST,
	    repair_message_id, HOME, BACK },
	{ "a Message-ID with two", CONF, OURS "Message-ID: <a@b@c.test>\r\n"
	    REST, repair_message_id, HOME, BACK },
	{ "a Message-ID with an empty label", CONF, OURS
	    "Message-ID: <a@b..test>\r\n" REST, repair_message_id, HOME,
	    BACK },
	{ "a Message-ID without a domain", CONF, OURS "Message-ID: <a@>\r\n"
	    REST, repair_message_id, HOME, BACK },
	{ "a Message-ID with white space", CONF, OURS
	    "Message-ID: <a b@c.test>\r\n" REST, repair_message_id, HOME,
	    BACK },
	{ "a Message-ID with a fold", CONF, OURS
	    "Message-ID: <a@\r\n c.test>\r\n" REST, repair_message_id, HOME,
	    BACK },
	{ "a Message-ID with a comma", CONF, OURS
	    "Message-ID: <a,b@c.test>\r\n" REST, repair_message_id, HOME,
	    BACK },
	{ "an address literal in the Message-ID", CONF, OURS
	    "Message-ID: <a@[192.0.2.1]>\r\n" REST, repair_message_id, HOME,
	    BACK },
	{ "another host name in the Message-ID", CONF, FORGED(OURS), hide_host,
	    HOME, BACK },
	{ "two others in its place", CONF, FORGED(OURS), two_other_ids, HOME,
	    BACK },
	{ "Message-ID deleted, the MTA adds one", CONF, FORGED(OURS),
	    id_of_mta, HOME, BACK },
	{ "the same in front of a filter", CONF, FORGED(OURS), id_of_filter,
	    { .ip = "127.0.0.1", .mta_name = "mx.example.net" }, BACK },
	{ "another Message-ID by a list", CONF, FORGED(OURS), anonymous_list,
	    HOME, BACK },
	{ "From with our author in encoded words", CONF,
	    FORGED("From: " CODED_FROM "\r\n"), decode_from, HOME, BACK },
	{ "the same in a quoted string", CONF,
	    FORGED("From: " QUOTED_FROM "\r\n"), decode_quoted, HOME, BACK },
	{ "a Message-ID that Sendmail breaks", CONF, OURS "Message-ID: <" A1000
	    A100 "@c.example>\r\n" REST, break_sendmail, HOME, BACK },
	{ "a Message-ID that Sendmail breaks behind white space", CONF, OURS
	    "Message-ID:" W900 W10 W10 W10 W10 W10 W10 "<" A100 "@c.example>"
	    "\r\n" REST, break_sendmail, HOME, BACK },
	{ "a Message-ID that Sendmail breaks in front of it", CONF, OURS
	    "Message-ID:" W900 W100 "<" A10 "@c.example>\r\n" REST,
	    break_sendmail, HOME, BACK },
	{ "From broken by Sendmail", CONF, NULL, break_sendmail, HOME, BACK },
	{ "From whose address Sendmail breaks", CONF, FORGED("From:" W900 W10
	    W10 W10 W10 W10 W10 W10 W10 "<joe@example.com>\r\n"),
	    break_sendmail, HOME, BACK },
	{ "no From, the MTA adds one", CONF "OnBadFrom accept\n", ID REST,
	    add_from, HOME, BACK },
	{ "From without a domain, the MTA adds one", CONF,
	    FORGED("From: joe\r\n"), complete_from, HOME, BACK },
	{ "From of one label, the MTA completes it", CONF,
	    FORGED("From: joe@www\r\n"), complete_domain, HOME, BACK },
	{ "a former domain, rewritten by the MTA", CONF,
	    FORGED("From: joe@old.example\r\n"), masquerade, HOME, BACK },
	{ "another address of the domain, rewritten", CONF, FORGED(OURS),
	    canonical, HOME, BACK },
	{ "two From fields, one dropped", CONF "OnBadFrom accept\n",
	    "From: eve@example.net\r\n" FORGED(OURS), repair_from, HOME, BACK },
	{ "several authors", CONF,
	    FORGED("From: a@example.com, b@example.net\r\n"), fx_keep, HOME,
	    BACK },
	{ "more authors than a mark holds", CONF,
	    FORGED("From: a@example.com, b@example.com, c@example.com,\r\n"
	    " d@example.com, e@example.com\r\n"), fx_keep, HOME, BACK },
	{ "author below our domain", CONF,
	    FORGED("From: joe@host.example.com\r\n"), fx_keep, HOME, BACK },
	{ "Mode s", MODE_S, FORGED(OURS), fx_keep, HOME, BACK },
	{ "Mode s, no From", MODE_S, ID REST, add_from, HOME, BACK },
	{ "Mode s, From completed", MODE_S, FORGED("From: joe\r\n"),
	    complete_from, HOME, BACK },
	{ "Mode s, a former domain, rewritten", MODE_S,
	    FORGED("From: joe@old.example\r\n"), masquerade, HOME, BACK },
	{ "Mode v", FX_VERIFY ONE, FORGED(OURS), fx_keep, HOME, BACK },
	{ "foreign mail", CONF, FORGED("From: eve@example.net\r\n"), fx_keep,
	    HOME, BACK },
	{ "a mark under another authserv-id", CONF,
	    "Authentication-Results: evil.example; "
	    "none (mailseal-outside|t=1|p=0|a=*|m=*|s=x)\r\n"
	    "Authentication-Results: mx.example.net; none (mailseal-outside| "
	    "t=1700000000| p=0| a=*| m=*| s=AAAAAAAAAAAAAAAAAAAAAA)\r\n"
	    FORGED(OURS), fx_keep, HOME, BACK },
	{ "a forged result from outside", CONF,
	    "Authentication-Results: mx.example.net; dmarc=pass\r\n"
	    FORGED(OURS), fx_keep, HOME, BACK },

	/* What is ours is signed. */
	{ "with a login", CONF, FORGED(OURS), fx_keep, { .ip = "127.0.0.1",
	    .auth_authen = "joe" }, SIGN },
	{ "a list's own address in From", CONF,
	    FORGED("From: Eve <eve@example.net>\r\n"), mailing_list, HOME,
	    SIGN },
	{ "a list below com.au, of an author there", REGISTRY,
	    FORGED("From: Eve <eve@there.com.au>\r\n"), list_below_registry,
	    HOME, SIGN },
	{ "a list below com.au, of our own organization", REGISTRY,
	    FORGED("From: Eve <eve@www.here.com.au>\r\n"),
	    list_below_registry, HOME, BACK },
	{ "the same, with a name in encoded words", CONF,
	    FORGED("From: =?utf-8?q?=C3=88ve=2C_x?= <eve@example.net>\r\n"),
	    list_encoded, HOME, SIGN },
	{ "the results of a message in another one", CONF, FORGED(OURS),
	    other_message, HOME, SIGN },
	{ "the same, with an ID of that host", CONF, FORGED(OURS),
	    id_with_other_local, HOME, SIGN },
	{ "the same, with an ID of another reception", CONF, FORGED(OURS),
	    id_of_another, HOME, SIGN },
	{ "the same, with an ID of another MTA", CONF, FORGED(OURS),
	    id_of_other_host, { .ip = "127.0.0.1",
	    .mta_name = "mx.example.net" }, SIGN },
	{ "the same, with an ID without a time", CONF, FORGED(OURS),
	    id_without_time, HOME, SIGN },
	{ "the same, with a time alone", CONF, FORGED(OURS), id_of_time, HOME,
	    SIGN },
	{ "a word of the results encoded", CONF, FORGED(OURS), encode_word,
	    HOME, BACK },
	{ "a word of the mark encoded", CONF, FORGED(OURS), encode_mark, HOME,
	    BACK },
	{ "the result was changed", CONF, FORGED(OURS), forge_result, HOME,
	    SIGN },
	{ "the result was changed and encoded", CONF, FORGED(OURS),
	    encode_forged, HOME, SIGN },
	{ "the time was changed", CONF, FORGED(OURS), forge_time, HOME, SIGN },
	{ "the pass was changed", CONF, FORGED(OURS), forge_pass, HOME, SIGN },
	/* Only a verdict of pass distinguishes that author from an own one. */
	{ "a list, for a forgery of the same domain", CONF, FORGED(OURS),
	    list_of_ours, HOME, BACK },
	/* From outside every field of ours is deleted. */
	{ "from outside once more", CONF, FORGED(OURS), fx_keep,
	    { .ip = "192.0.2.9" }, ENGINE_VERIFY },
	{ "FilterMTA, but the client is not ours", CONF "FilterMTA back\n",
	    FORGED(OURS), fx_keep, { .ip = "192.0.2.9", .daemon_name = "back" },
	    ENGINE_VERIFY },
};

/* The message as it leaves. */
static void
pass(struct fx *fx, const struct fx_mail *mail, struct str text,
    enum engine_direction *direction_r, struct buf *r)
{
	struct fx_client client;
	struct engine_msg *m = fx_run(fx, mail, &client, text);
	const struct engine_outcome *out = engine_msg_eom(m);

	*direction_r = out->direction;
	if (!engine_verdict_accepts(out->verdict)) {
		fx_die("refused", out->reply.p);
	}
	fx_apply(out, text, r);
	engine_msg_free(m);
}

static const struct fx_mail outside = { .ip = "192.0.2.1",
	.mail_from = "<x@client.example>" };

static void
check_row(struct fx *fx, size_t i)
{
	enum engine_direction first, second, third;
	struct buf a, b, c, d;

	buf_init(&a, TEXT_MAX);
	buf_init(&b, TEXT_MAX);
	buf_init(&c, TEXT_MAX);
	buf_init(&d, TEXT_MAX);
	fx_configure(fx, rows[i].conf);
	pass(fx, &outside, str_from(rows[i].text != NULL ? rows[i].text :
	    long_from), &first, &a);
	rows[i].change(buf_str(&a), &b);
	pass(fx, &rows[i].second, buf_str(&b), &second, &c);
	tap_num(second, rows[i].want, rows[i].name);
	if (second != ENGINE_RETURNED) {
		tap_ok(fx_count(buf_str(&c), "mailseal-outside") ==
		    (size_t)(second == ENGINE_VERIFY) &&
		    fx_count(buf_str(&c), "DKIM-Signature:") ==
		    (size_t)(second == ENGINE_SIGN),
		    "%s: the former verdict is gone", rows[i].name);
		goto out;
	}
	tap_ok(fx_count(buf_str(&c), "DKIM-Signature:") == 0 &&
	    fx_count(buf_str(&c), "mx.example.net;") == 1 &&
	    fx_count(buf_str(&c), "(mailseal-outside|") ==
	    fx_count(buf_str(&b), "evil.example") + 1,
	    "%s: unsigned, one verdict", rows[i].name);
	pass(fx, &rows[i].second, buf_str(&c), &third, &d);
	tap_ok(third == ENGINE_RETURNED && str_eq(buf_str(&c), buf_str(&d)),
	    "%s: and so once more", rows[i].name);
out:
	buf_fini(&a);
	buf_fini(&b);
	buf_fini(&c);
	buf_fini(&d);
}

/* The verdict as it was made, and what goes with it. */
static void
test_verdict(struct fx *fx)
{
	static const char text[] = FORGED("From: eve@strict.example\r\n");
	enum engine_direction direction;
	struct buf first, second;

	buf_init(&first, TEXT_MAX);
	buf_init(&second, TEXT_MAX);
	fx_configure(fx, CONF);
	pass(fx, &outside, STR(text), &direction, &first);
	tap_ok(fx_count(buf_str(&first), "dmarc=fail") == 1 &&
	    fx_count(buf_str(&first), "X-DMARC-Quarantine:") == 1,
	    "p=reject: tagged");
	pass(fx, &(struct fx_mail)HOME, buf_str(&first), &direction, &second);
	tap_str(buf_str(&second), buf_str(&first),
	    "the message comes back as it left");
	tap_num((int)engine_stats_get(fx->stats, ENGINE_RETURNS) > 0, 1,
	    "it is counted");
	buf_fini(&first);
	buf_fini(&second);
}

/* Both are accepted; a configuration without either recognises none. */
static void
test_keys(struct fx *fx)
{
	static const struct {
		const char	*name;
		const char	*conf;		/* of the second host */
		const char	*secret;
		bool		 known;
	} hosts[] = {
		{ "the same secret, other keys", "AuthservID b.example\n"
		    "Domain example.com\nSelector ed\nKeyFile @DIR@/ed\n",
		    "secret", true },
		{ "another secret, the same KeyFile", FX_SIGN, "other", true },
		{ "another secret, the KeyFile is the second",
		    "AuthservID b.example\nDomain example.com\nSelector ed\n"
		    "KeyFile @DIR@/ed\nSelector rsa\nKeyFile @DIR@/rsa\n",
		    "other", true },
		{ "nothing in common", "AuthservID b.example\n"
		    "Domain example.com\nSelector ed\nKeyFile @DIR@/ed\n",
		    "other", false },
		{ "Mode v: the secret alone", FX_VERIFY, "secret", true },
	};
	enum engine_direction direction;
	struct buf first, second;
	size_t i;

	buf_init(&first, TEXT_MAX);
	buf_init(&second, TEXT_MAX);
	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		buf_reset(&first);
		buf_reset(&second);
		fx->mark_secret = "secret";
		fx_configure(fx, FX_SIGN);
		pass(fx, &outside, STR(FORGED(OURS)), &direction, &first);
		fx->mark_secret = hosts[i].secret;
		fx_configure(fx, hosts[i].conf);
		pass(fx, &(struct fx_mail)HOME, buf_str(&first), &direction,
		    &second);
		tap_ok((direction == ENGINE_RETURNED) == hosts[i].known,
		    "two hosts: %s", hosts[i].name);
	}
	fx->mark_secret = "secret";
	buf_fini(&first);
	buf_fini(&second);
}

/* The time of a mark: as long as a queue may keep mail. */
static void
test_age(struct fx *fx)
{
	static const struct {
		int64_t			 age_s;
		enum engine_direction	 want;
	} ages[] = {
		{ -86400, BACK }, { 0, BACK }, { ENGINE_MARK_MAX_AGE_S, BACK },
		{ ENGINE_MARK_MAX_AGE_S + 1, SIGN },
	};
	enum engine_direction direction;
	struct buf first, second;
	size_t i;

	buf_init(&first, TEXT_MAX);
	buf_init(&second, TEXT_MAX);
	fx_configure(fx, CONF);
	pass(fx, &outside, STR(FORGED(OURS)), &direction, &first);
	for (i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
		buf_reset(&second);
		fx->now_s = FX_NOW_S + ages[i].age_s;
		pass(fx, &(struct fx_mail)HOME, buf_str(&first), &direction,
		    &second);
		tap_num(direction, ages[i].want, "age of a mark");
	}
	fx->now_s = FX_NOW_S;
	buf_fini(&first);
	buf_fini(&second);
}

/* Only mail from outside has a mark. */
static void
test_unmarked(struct fx *fx)
{
	static const struct {
		const char	*name;
		const char	*conf;
		struct fx_mail	 mail;
		const char	*text;
	} plain[] = {
		{ "own, signed", CONF, HOME, FORGED(OURS) },
		{ "own, not signed", CONF, HOME,
		    FORGED("From: eve@example.net\r\n") },
		{ "own, Mode v", FX_VERIFY, HOME, FORGED(OURS) },
	};
	enum engine_direction direction;
	struct buf out;
	size_t i;

	buf_init(&out, TEXT_MAX);
	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		buf_reset(&out);
		fx_configure(fx, plain[i].conf);
		pass(fx, &plain[i].mail, str_from(plain[i].text), &direction,
		    &out);
		tap_num((int)fx_count(buf_str(&out), "mailseal-outside"), 0,
		    plain[i].name);
	}
	buf_fini(&out);
}

/* smtpd_proxy_filter: the first time a milter sees it, it comes from there. */
static void
test_filter(struct fx *fx)
{
	static const char text[] = "Received: from localhost (localhost "
	    "[127.0.0.1])\r\n by filter.example.com\r\n"
	    "Received: from c.example (c.example [192.0.2.7])\r\n"
	    " by mx.example.com\r\n" FORGED(OURS);
	struct fx_mail mail = { .ip = "127.0.0.1", .daemon_name = "back" };
	const struct engine_outcome *out;
	struct fx_client client;
	struct engine_msg *m;
	char ip[IP_TEXT_BYTES] = "";

	fx_configure(fx, CONF "FilterMTA back\n");
	m = fx_run(fx, &mail, &client, STR(text));
	out = engine_msg_eom(m);
	if (out->sender != NULL && out->sender->known) {
		ip_text(&out->sender->ip, ip);
	}
	tap_ok(out->direction == ENGINE_VERIFY && out->signatures_n == 0,
	    "FilterMTA: not signed without a login");
	tap_str(str_from(ip), STR("192.0.2.7"),
	    "the client is the one before the filter");
	engine_msg_free(m);
	mail.auth_authen = "joe";
	m = fx_run(fx, &mail, &client, STR(text));
	tap_num(engine_msg_eom(m)->direction, ENGINE_SIGN,
	    "FilterMTA: signed with a login");
	engine_msg_free(m);
	mail.auth_authen = NULL;
	fx_configure(fx, MODE_S "FilterMTA back\n");
	m = fx_run(fx, &mail, &client, STR(text));
	tap_num(engine_msg_eom(m)->direction, ENGINE_PASS_THROUGH,
	    "FilterMTA, Mode s: passed through");
	engine_msg_free(m);
}

/* A verdict of pass: the author is known, so another one is a new message. */
static void
test_passed(struct fx *fx)
{
	struct fx_mail good = { .ip = "198.51.100.7",
		.mail_from = "<joe@example.com>" };
	struct fx_mail bounces = { .ip = "127.0.0.1",
		.mail_from = "<list-bounces@example.com>" };
	enum engine_direction direction;
	struct buf first, list, second;

	buf_init(&first, TEXT_MAX);
	buf_init(&list, TEXT_MAX);
	buf_init(&second, TEXT_MAX);
	fx_configure(fx, CONF);
	pass(fx, &good, STR(FORGED(OURS)), &direction, &first);
	tap_ok(fx_count(buf_str(&first), "dmarc=pass") == 1, "dmarc=pass");
	list_of_ours(buf_str(&first), &list);
	pass(fx, &bounces, buf_str(&list), &direction, &second);
	tap_num(direction, ENGINE_SIGN, "a list of ours, for a member");
	buf_reset(&second);
	pass(fx, &(struct fx_mail)HOME, buf_str(&first), &direction, &second);
	tap_num(direction, ENGINE_RETURNED, "the same unchanged");
	buf_fini(&first);
	buf_fini(&list);
	buf_fini(&second);
}

/* Each octet of a mark counts, and none of its neighbours crashes. */
static void
test_each_octet(struct fx *fx)
{
	enum engine_direction direction;
	struct buf first, broken, second;
	size_t i, start, n, kept = 0, folds = 0;

	buf_init(&first, TEXT_MAX);
	buf_init(&broken, TEXT_MAX);
	buf_init(&second, TEXT_MAX);
	fx_configure(fx, CONF);
	pass(fx, &outside, STR(FORGED(OURS)), &direction, &first);
	start = strlen("Authentication-Results: ");
	n = (size_t)(strstr(first.p, "\r\nFrom:") - first.p);
	for (i = start; i < n; i++) {
		if (char_is_fws(first.p[i])) {
			folds++;
			continue;
		}
		buf_reset(&broken);
		buf_reset(&second);
		buf_add_str(&broken, buf_str(&first));
		broken.p[i] = broken.p[i] == 'x' ? 'y' : 'x';
		pass(fx, &(struct fx_mail)HOME, buf_str(&broken), &direction,
		    &second);
		kept += direction == ENGINE_RETURNED;
	}
	/* One of two tags is enough. */
	tap_num((int)kept, 2 * 22, "octets that do not matter: of the tags");
	tap_ok(folds > 5, "white space was left out");
	buf_fini(&first);
	buf_fini(&broken);
	buf_fini(&second);
}

/* An internal error that lets mail from outside pass: it comes back, too. */
static void
test_failure(struct fx *fx)
{
	struct fx_client client;
	enum engine_direction direction = ENGINE_UNDECIDED;
	struct buf first, second;
	struct engine_msg *m;
	size_t bytes, failed = 0, back = 0;
	bool through = false;

	buf_init(&first, TEXT_MAX);
	buf_init(&second, TEXT_MAX);
	fx_configure(fx, CONF "OnInternalError accept\n");
	for (bytes = 0; !through; bytes += 64) {
		struct fx_mail home = HOME;
		const struct engine_outcome *out;
		struct message message;
		struct arena arena;

		buf_reset(&first);
		buf_reset(&second);
		arena_init(&arena, FX_MAX_BYTES);
		if (message_parse(&arena, STR(FORGED(OURS)), &message) !=
		    STATUS_OK) {
			fx_die("message", "cannot be read");
		}
		m = fx_begin(fx, &outside, &client);
		m->arena.max_bytes = m->arena.used_bytes + bytes;
		fx_play_header(m, &message);
		out = engine_msg_eom(m);
		through = out->error == ENGINE_NO_ERROR;
		failed += !through;
		fx_apply(out, STR(FORGED(OURS)), &first);
		engine_msg_free(m);
		arena_fini(&arena);
		pass(fx, &home, buf_str(&first), &direction, &second);
		back += direction == ENGINE_RETURNED;
	}
	tap_ok(failed > 10 && back == failed + 1, "accepted with an internal "
	    "error: %zu of %zu are known when they come back", back,
	    failed + 1);
	buf_fini(&first);
	buf_fini(&second);
}

/* The field at `start` without its line ends, and what follows. */
static void
drop_field(struct str text, const char *name, struct buf *r)
{
	const char *start = strstr(text.p, name), *end = start;

	do {
		end = strstr(end, "\r\n") + 2;
	} while (char_is_wsp(*end));
	buf_add_str(r, str_mem(text.p, (size_t)(start - text.p)));
	buf_add_cstr(r, end);
}

#define RESULTS		"Authentication-Results: mx.example.net;"
#define OTHER_RESULTS	RESULTS " spf=softfail\r\n"
#define COPY		"Mailseal-Mark: mx.example.net;"

static void
drop_results(struct str text, struct buf *r)
{
	drop_field(text, RESULTS, r);
}

static void
encode_copy(struct str text, struct buf *r)
{
	struct buf rest;

	buf_init(&rest, TEXT_MAX);
	drop_results(text, &rest);
	encode_word(buf_str(&rest), r);
	buf_fini(&rest);
}

static void
replace_results(struct str text, struct buf *r)
{
	buf_add_cstr(r, OTHER_RESULTS);
	drop_field(text, RESULTS, r);
}

static void
drop_copy(struct str text, struct buf *r)
{
	drop_field(text, COPY, r);
}

static void
drop_both(struct str text, struct buf *r)
{
	struct buf half;

	buf_init(&half, TEXT_MAX);
	drop_results(text, &half);
	drop_copy(buf_str(&half), r);
	buf_fini(&half);
}

/* Results below their copy. */
static void
reverse(struct str text, struct buf *r)
{
	const char *start = strstr(text.p, COPY), *from = strstr(text.p,
	    "From: ");

	buf_add_str(r, str_mem(start, (size_t)(from - start)));
	buf_add_str(r, str_mem(text.p, (size_t)(start - text.p)));
	buf_add_cstr(r, from);
}

/* Another Message-ID, and no field of the list's under our name. */
static void
other_id_without_results(struct str text, struct buf *r)
{
	struct buf half;

	buf_init(&half, TEXT_MAX);
	drop_results(text, &half);
	other_message(buf_str(&half), r);
	buf_fini(&half);
}

static void
list_without_results(struct str text, struct buf *r)
{
	struct buf half;

	buf_init(&half, TEXT_MAX);
	drop_results(text, &half);
	mailing_list(buf_str(&half), r);
	buf_fini(&half);
}

static const struct fx_mail copy_home = {
	.ip = "127.0.0.1", .mta_name = "mx.example.net" }, copy_login = {
	.ip = "127.0.0.1", .auth_authen = "joe" }, copy_again = {
	.ip = "192.0.2.9" };
static const struct {
	const char		*name, *conf;
	const char		*text;
	fx_change		*change;
	const struct fx_mail	*second;
	enum engine_direction	 want;
	size_t			 results, copies;
} copies[] = {
	{ "unchanged", COPIED, FORGED(OURS), fx_keep, &copy_home, BACK,
	    1, 1 },
	{ "another name", COPIED "MarkField x-MARK\n", FORGED(OURS),
	    fx_keep, &copy_home, BACK, 1, 0 },
	{ "results deleted", COPIED, FORGED(OURS), drop_results,
	    &copy_home, BACK, 1, 1 },
	{ "results deleted, a word of the copy encoded", COPIED, FORGED(OURS),
	    encode_copy, &copy_home, BACK, 1, 1 },
	{ "results replaced in our name", COPIED, FORGED(OURS),
	    replace_results, &copy_home, BACK, 1, 1 },
	{ "the copy deleted", COPIED, FORGED(OURS), drop_copy, &copy_home,
	    BACK, 1, 1 },
	{ "both deleted", COPIED, FORGED(OURS), drop_both, &copy_home,
	    SIGN, 0, 0 },
	{ "the copy on top", COPIED, FORGED(OURS), reverse, &copy_home,
	    BACK, 1, 1 },
	{ "with a login", COPIED, FORGED(OURS), drop_results,
	    &copy_login, SIGN, 0, 0 },
	{ "from outside again", COPIED, FORGED(OURS),
	    drop_results, &copy_again, ENGINE_VERIFY, 1, 1 },
	{ "Mode s", COPIED_S, FORGED(OURS), drop_results, &copy_home,
	    BACK, 1, 1 },
	{ "another message", COPIED, FORGED(OURS), other_message,
	    &copy_home, SIGN, 0, 0 },
	{ "results deleted, not configured there", CONF, FORGED(OURS),
	    drop_results, &copy_home, SIGN, 0, 1 },

	/* With a Received field that says the same. */
	{ "Received: unchanged", COPIED, TRACED(OURS), fx_keep, &copy_home,
	    BACK, 1, 1 },
	{ "Received: both deleted", COPIED, TRACED(OURS), drop_both,
	    &copy_home, BACK, 1, 1 },
	{ "Received: both deleted, Mode s", COPIED_S, TRACED(OURS),
	    drop_both, &copy_home, BACK, 1, 1 },
	{ "Received: another Message-ID", COPIED, TRACED(OURS),
	    other_message, &copy_home, BACK, 1, 1 },
	{ "Received: the same, results deleted", COPIED, TRACED(OURS),
	    other_id_without_results, &copy_home, BACK, 1, 1 },
	{ "Received: a list's address", COPIED, TRACED(EVE),
	    mailing_list, &copy_home, SIGN, 0, 0 },
	{ "Received: the same, results deleted", COPIED, TRACED(EVE),
	    list_without_results, &copy_home, BACK, 1, 1 },
	{ "foreign mail", COPIED, FORGED(EVE), fx_keep, &copy_home, BACK,
	    1, 0 },
	{ "a foreign author, but not clear", COPIED, FORGED("From: eve\r\n"),
	    fx_keep, &copy_home, BACK, 1, 1 },
	{ "Received: a list's address for a forgery", COPIED,
	    TRACED(OURS), list_of_ours, &copy_home, BACK, 1, 1 },
};

/* MarkField: for programs that delete Authentication-Results. */
static void
test_mark_field(struct fx *fx)
{
	enum engine_direction direction;
	struct buf first, changed, second;
	size_t i;

	buf_init(&first, TEXT_MAX);
	buf_init(&changed, TEXT_MAX);
	buf_init(&second, TEXT_MAX);
	for (i = 0; i < sizeof(copies) / sizeof(copies[0]); i++) {
		buf_reset(&first);
		buf_reset(&changed);
		buf_reset(&second);
		fx_configure(fx, copies[i].results == 0 && copies[i].copies ==
		    1 ? COPIED : copies[i].conf);
		pass(fx, &outside, str_from(copies[i].text), &direction,
		    &first);
		copies[i].change(buf_str(&first), &changed);
		fx_configure(fx, copies[i].conf);
		pass(fx, copies[i].second, buf_str(&changed), &direction,
		    &second);
		tap_num(direction, copies[i].want, copies[i].name);
		tap_ok(fx_count(buf_str(&second), RESULTS) ==
		    copies[i].results && fx_count(buf_str(&second), COPY) ==
		    copies[i].copies &&
		    !fx_contains(buf_str(&second), "spf=softfail"),
		    "MarkField, %s: results and copies", copies[i].name);
	}
	fx_configure(fx, CONF);
	buf_reset(&first);
	pass(fx, &outside, STR(COPY " x\r\n" FORGED(OURS)), &direction,
	    &first);
	tap_ok(fx_contains(buf_str(&first), COPY " x\r\n"),
	    "without MarkField such a field is nothing to us");
	buf_fini(&first);
	buf_fini(&changed);
	buf_fini(&second);
}

static char *
make_long_from(void)
{
	struct buf text;
	char *copy;

	buf_init(&text, TEXT_MAX);
	buf_add_cstr(&text, "From: \"");
	while (text.n < 998 - strlen("\" <joe@exam")) {
		buf_add_char(&text, 'a');
	}
	buf_add_cstr(&text, "\" <joe@example.com>\r\n" ID REST);
	copy = strdup(text.p);
	buf_fini(&text);
	return (copy);
}

/* Of evil.test, and of Joe once it is broken behind each backslash. */
static char *
make_moved_quotes(void)
{
	struct buf text;
	char *copy;

	buf_init(&text, TEXT_MAX);
	buf_add_cstr(&text, "From: \"");
	while (text.n < 998 - 1) {
		buf_add_char(&text, 'a');
	}
	buf_add_cstr(&text, "\\\"<joe@example.com>(x\"<x@evil.test>(");
	while (text.n < 998 + 997 - 1) {
		buf_add_char(&text, 'a');
	}
	buf_add_cstr(&text, "\\))\r\n" ID REST);
	copy = strdup(text.p);
	buf_fini(&text);
	return (copy);
}

/* Mail of one author comes back with another; neither pass is signed. */
static void
test_moved_quotes(struct fx *fx)
{
	static const struct fx_mail home = HOME;
	enum engine_direction first, second;
	char *text = make_moved_quotes();
	struct buf a, b, c;

	buf_init(&a, TEXT_MAX);
	buf_init(&b, TEXT_MAX);
	buf_init(&c, TEXT_MAX);
	fx_configure(fx, CONF);
	pass(fx, &outside, str_from(text), &first, &a);
	tap_num(first, ENGINE_VERIFY, "quotes that a break moves, outside");
	tap_ok(fx_contains(buf_str(&a), "| a=*|"), "its mark has any author");
	break_lines(buf_str(&a), &b);
	pass(fx, &home, buf_str(&b), &second, &c);
	tap_num(second, BACK, "quotes that a break moves, back");
	buf_fini(&a);
	buf_fini(&b);
	buf_fini(&c);
	free(text);
}

int
main(void)
{
	struct fx fx;

	fx_init(&fx, "example.com. TXT \"v=spf1 ip4:198.51.100.7 -all\"\n"
	    "_dmarc.example.com. TXT \"v=DMARC1; p=none\"\n"
	    "_dmarc.strict.example. TXT \"v=DMARC1; p=reject\"\n");
	fx.mark_secret = "secret";
	long_from = make_long_from();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(&fx, i);
	}
	test_moved_quotes(&fx);
	test_verdict(&fx);
	test_keys(&fx);
	test_age(&fx);
	test_unmarked(&fx);
	test_filter(&fx);
	test_passed(&fx);
	test_each_octet(&fx);
	test_failure(&fx);
	test_mark_field(&fx);
	free(long_from);
	fx_fini(&fx);
	return (tap_done());
}
