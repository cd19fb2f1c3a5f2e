/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * read_mail: mail, by GMime. Each part is decoded and read by its content; an
 * encoding that the content contradicts does not count. The mail that a
 * multipart/report is about, a failed or a bounced one, is not read: a report
 * that came back is no report to us. Of mail that S/MIME wraps the content is
 * read, and no signature verified.
 */
#include "config.h"

#include <stdlib.h>

#include <gmime/gmime.h>

#include "base/b64.h"
#include "crypto/cms.h"
#include "report/read_mbox.h"
#include "report/read_private.h"

#define CHUNK_BYTES	16384
#define WHAT_BYTES	256

struct walk {
	struct read_unit	*unit;
	bool			 in_report;	/* within a multipart/report */
};

static void	 walk_object(struct walk *, GMimeObject *);

static bool
has_type(GMimeObject *object, const char *type, const char *subtype)
{
	GMimeContentType *t = g_mime_object_get_content_type(object);

	return (t != NULL && g_mime_content_type_is_type(t, type, subtype));
}

/* Whether base64 cannot have that octet. */
static bool
is_beyond_base64(char c)
{
	return (b64_value(c) < 0 && c != '=' && !char_is_fws(c));
}

/* Whether quoted-printable cannot have it. */
static bool
is_beyond_quoted(char c)
{
	return ((c < ' ' || c > '~') && !char_is_fws(c));
}

static bool
has_octet(struct str s, bool (*is_that)(char))
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (is_that(s.p[i])) {
			return (true);
		}
	}
	return (false);
}

/* Whether the first "=" of XML, which is that of an attribute, is so. */
static bool
has_equals(struct str head, const char *equals)
{
	struct str rest = str_from_offset(head, str_find(head, '='));
	size_t n = strlen(equals);

	return (str_starts(rest, str_from(equals)) && rest.n > n &&
	    (rest.p[n] == '"' || rest.p[n] == '\''));
}

/* As declared, unless a report begins there that is not encoded so. */
static GMimeContentEncoding
choose_encoding(GMimeContentEncoding declared, struct str head)
{
	const struct read_kind *kind = read_sniff(head, READ_PROSE);
	bool plain = false, quoted = false;

	switch (declared) {
	case GMIME_CONTENT_ENCODING_BASE64:
		plain = has_octet(head, is_beyond_base64);
		break;
	case GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE:
		plain = has_octet(head, is_beyond_quoted) ||
		    (kind == &read_xml && has_equals(head, "="));
		break;
	case GMIME_CONTENT_ENCODING_DEFAULT:
	case GMIME_CONTENT_ENCODING_7BIT:
	case GMIME_CONTENT_ENCODING_8BIT:
	case GMIME_CONTENT_ENCODING_BINARY:
		quoted = kind == &read_xml && has_equals(head, "=3D");
		break;
	case GMIME_CONTENT_ENCODING_UUENCODE:
		break;
	}
	return (plain && kind != NULL ? GMIME_CONTENT_ENCODING_BINARY :
	    quoted ? GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE : declared);
}

static GMimeContentEncoding
find_encoding(GMimeDataWrapper *content, GMimeStream *raw)
{
	char block[READ_SNIFF_BYTES];
	ssize_t n = g_mime_stream_read(raw, block, sizeof(block));

	(void)g_mime_stream_reset(raw);
	return (choose_encoding(g_mime_data_wrapper_get_encoding(content),
	    str_mem(block, n > 0 ? (size_t)n : 0)));
}

/* The decoded content of a part; NULL: it has none. */
static GMimeStream *
open_content(GMimePart *part)
{
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	GMimeStream *raw, *filtered;
	GMimeFilter *filter;

	if (content == NULL) {
		return (NULL);
	}
	raw = g_mime_data_wrapper_get_stream(content);
	if (raw == NULL) {
		return (NULL);
	}
	(void)g_mime_stream_reset(raw);
	filtered = g_mime_stream_filter_new(raw);
	filter = g_mime_filter_basic_new(find_encoding(content, raw), FALSE);
	(void)g_mime_stream_filter_add(GMIME_STREAM_FILTER(filtered), filter);
	g_object_unref(filter);
	return (filtered);
}

static void
feed_content(struct walk *w, GMimeStream *content, struct read_feed *feed)
{
	char block[CHUNK_BYTES];
	ssize_t n;

	while ((n = g_mime_stream_read(content, block, sizeof(block))) > 0) {
		if (!read_feed_bytes(feed, block, (size_t)n)) {
			return;
		}
	}
	(void)w;
}

static void
take_feedback(struct walk *w, GMimeStream *content)
{
	struct buf text;
	char block[CHUNK_BYTES];
	ssize_t n;

	buf_init(&text, READ_FEEDBACK_MAX_BYTES);
	while ((n = g_mime_stream_read(content, block, sizeof(block))) > 0) {
		buf_add(&text, block, (size_t)n);
	}
	if (text.status != STATUS_OK) {
		(void)read_unit_fail(w->unit, READ_LIMIT, "the fields of a "
		    "failure report are too long");
	} else {
		(void)read_feedback(w->unit, buf_str(&text));
	}
	buf_fini(&text);
}

static bool
is_smime(GMimeObject *object)
{
	return (has_type(object, "application", "pkcs7-mime") ||
	    has_type(object, "application", "x-pkcs7-mime"));
}

/* Signed mail is within its signature; other kinds are encrypted. */
static void
take_smime(struct walk *w, GMimeStream *content)
{
	struct buf packed, text;
	char block[CHUNK_BYTES];
	enum status status;
	ssize_t n;

	buf_init(&packed, READ_WHOLE_MAX_BYTES);
	buf_init(&text, READ_WHOLE_MAX_BYTES);
	while ((n = g_mime_stream_read(content, block, sizeof(block))) > 0) {
		buf_add(&packed, block, (size_t)n);
	}
	status = packed.status == STATUS_OK ?
	    cms_read_content(buf_str(&packed), &text) : packed.status;
	buf_fini(&packed);
	if (status == STATUS_OK) {
		(void)read_mail_text(w->unit, buf_str(&text));
	} else if (status == STATUS_SYNTAX) {
		(void)read_unit_fail(w->unit, READ_FOREIGN, "mail that is "
		    "encrypted, or S/MIME that cannot be read");
	} else {
		(void)read_unit_fail(w->unit, status == STATUS_LIMIT ?
		    READ_LIMIT : READ_NOMEM, "%s", status_text(status));
	}
	buf_fini(&text);
}

static void
take_part(struct walk *w, GMimePart *part)
{
	GMimeObject *object = GMIME_OBJECT(part);
	const char *name = g_mime_part_get_filename(part);
	bool prose = has_type(object, "text", "*") &&
	    !g_mime_part_is_attachment(part);
	GMimeStream *content = open_content(part);
	struct read_feed *feed;
	char what[WHAT_BYTES];

	if (content == NULL) {
		return;
	}
	if (has_type(object, "message", "feedback-report")) {
		take_feedback(w, content);
	} else if (is_smime(object)) {
		take_smime(w, content);
	} else {
		(void)snprintf(what, sizeof(what), "attachment %s",
		    name != NULL ? name : "");
		feed = read_feed_new(w->unit, prose ? READ_PROSE :
		    READ_ATTACHED, what);
		if (feed != NULL) {
			feed_content(w, content, feed);
			(void)read_feed_end(feed, true);
		}
	}
	g_object_unref(content);
}

static void
walk_multipart(struct walk *w, GMimeMultipart *multipart)
{
	bool outer = w->in_report;
	int i, n = g_mime_multipart_get_count(multipart);

	w->in_report = outer || has_type(GMIME_OBJECT(multipart),
	    "multipart", "report");
	for (i = 0; i < n && !read_unit_over(w->unit); i++) {
		walk_object(w, g_mime_multipart_get_part(multipart, i));
	}
	w->in_report = outer;
}

static void
walk_attached_mail(struct walk *w, GMimeMessage *message)
{
	bool outer = w->in_report;

	if (outer || message == NULL) {
		return;
	}
	walk_object(w, g_mime_message_get_mime_part(message));
	w->in_report = outer;
}

static void
walk_object(struct walk *w, GMimeObject *object)
{
	struct read_unit *u = w->unit;

	if (object == NULL || read_unit_over(u)) {
		return;
	}
	if (++u->parts > READ_PARTS_MAX) {
		(void)read_unit_fail(u, READ_LIMIT, "more than %d parts of "
		    "mail", READ_PARTS_MAX);
		return;
	}
	if (u->mail_depth == READ_MAIL_DEPTH_MAX) {
		(void)read_unit_fail(u, READ_LIMIT, "parts of mail nested "
		    "more than %d deep", READ_MAIL_DEPTH_MAX);
		return;
	}
	u->mail_depth++;
	if (GMIME_IS_MULTIPART(object)) {
		walk_multipart(w, GMIME_MULTIPART(object));
	} else if (GMIME_IS_MESSAGE_PART(object)) {
		walk_attached_mail(w, g_mime_message_part_get_message(
		    GMIME_MESSAGE_PART(object)));
	} else if (GMIME_IS_PART(object) && !(w->in_report &&
	    has_type(object, "text", "rfc822-headers"))) {
		take_part(w, GMIME_PART(object));
	}
	u->mail_depth--;
}

static void
walk_message(struct read_unit *u, GMimeMessage *message)
{
	struct walk w = { .unit = u };
	size_t before = u->reports_n;

	walk_object(&w, g_mime_message_get_mime_part(message));
	if (u->reports_n == before) {
		(void)read_unit_fail(u, READ_FOREIGN,
		    "mail without a report");
	}
}

enum read_result
read_mail_text(struct read_unit *u, struct str text)
{
	size_t before = u->reports_n;
	GMimeMessage *message;
	GMimeStream *stream;
	GMimeParser *parser;

	if (u->mail_depth == READ_MAIL_DEPTH_MAX) {
		return (read_unit_fail(u, READ_LIMIT, "mail nested more than "
		    "%d deep", READ_MAIL_DEPTH_MAX));
	}
	u->mail_depth++;
	text = read_mail_start(text);
	stream = g_mime_stream_mem_new_with_buffer(text.p, text.n);
	parser = g_mime_parser_new_with_stream(stream);
	message = g_mime_parser_construct_message(parser, NULL);
	if (message != NULL) {
		walk_message(u, message);
		g_object_unref(message);
	}
	g_object_unref(parser);
	g_object_unref(stream);
	u->mail_depth--;
	return (u->reports_n > before ? READ_OK : read_unit_fail(u,
	    READ_FOREIGN, "mail without a report"));
}

void
read_mail_init(void)
{
	g_mime_init();
}

void
read_mail_fini(void)
{
	g_mime_shutdown();
}

static void *
mail_open(struct read_unit *unit, enum read_origin origin, const char *what)
{
	return (read_whole_new(unit, origin, what, READ_WHOLE_MAX_BYTES));
}

static enum read_result
mail_end(void *state, bool whole)
{
	struct read_whole *w = state;
	enum read_result result = w->unit->worst;

	(void)whole;
	if (!read_unit_over(w->unit)) {
		result = read_mail_text(w->unit, buf_str(&w->bytes));
	}
	read_whole_free(w);
	return (result);
}

const struct read_kind read_mail = { "mail", mail_open, read_whole_bytes,
	mail_end };

struct inner_mbox {
	struct read_unit	*unit;
	struct mbox		*mbox;
	size_t			 before;	/* reports of the unit */
};

static bool
take_message(void *ctx, struct str message)
{
	struct inner_mbox *m = ctx;

	if (message.p == NULL) {
		(void)read_unit_fail(m->unit, READ_LIMIT, "a message of more "
		    "than %zu MiB", READ_WHOLE_MAX_BYTES / (1024 * 1024));
	} else {
		(void)read_mail_text(m->unit, message);
	}
	return (!read_unit_over(m->unit));
}

static void *
mbox_open(struct read_unit *unit, enum read_origin origin, const char *what)
{
	struct inner_mbox *m = calloc(1, sizeof(*m));

	(void)origin;
	(void)what;
	if (m == NULL || (m->mbox = mbox_new(take_message, m)) == NULL) {
		free(m);
		return (NULL);
	}
	m->unit = unit;
	m->before = unit->reports_n;
	return (m);
}

static bool
mbox_more(void *state, const void *p, size_t n)
{
	struct inner_mbox *m = state;

	return (mbox_bytes(m->mbox, p, n));
}

static enum read_result
mbox_finish(void *state, bool whole)
{
	struct inner_mbox *m = state;
	struct read_unit *u = m->unit;
	enum read_result result;

	(void)whole;
	mbox_end(m->mbox);
	result = u->reports_n > m->before && !read_unit_over(u) ? READ_OK :
	    read_unit_fail(u, READ_FOREIGN, "mail without a report");
	free(m);
	return (result);
}

const struct read_kind read_mbox = { "mbox", mbox_open, mbox_more,
	mbox_finish };
