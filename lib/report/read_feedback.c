/* SPDX-License-Identifier: BSD-2-Clause */
/* read_feedback: the fields of a failure report (RFC 5965 3, RFC 6591 3,
   RFC 9991 4). */
#include "config.h"


#include "mail/message.h"
#include "report/read_private.h"

#define ARENA_BYTES	(8 * READ_FEEDBACK_MAX_BYTES)

/* The first field of that name, unfolded: a fold becomes one space. Absent:
   there is none; or no memory, and *lost is set. */
static struct str
unfolded(struct arena *arena, const struct field_list *fields,
    const char *name, bool *lost)
{
	char *out;
	size_t i, n = 0;
	struct str v;

	for (i = 0; i < fields->n; i++) {
		if (str_eq_ci(fields->v[i].name, str_from(name))) {
			break;
		}
	}
	if (i == fields->n) {
		return (STR_NONE);
	}
	v = str_trim_fws(fields->v[i].value);
	out = arena_alloc(arena, v.n + 1);
	for (i = 0; out != NULL && i < v.n; i++) {
		if (v.p[i] != '\r' && v.p[i] != '\n') {
			out[n++] = v.p[i] == '\t' ? ' ' : v.p[i];
		}
	}
	*lost = *lost || out == NULL;
	return (out != NULL ? str_mem(out, n) : STR_NONE);
}

/* Up to a comment. */
static struct str
no_comment(struct str s)
{
	return (str_trim_wsp(str_first(s, str_find(s, '('))));
}

static struct str
no_brackets(struct str s)
{
	s = str_trim_wsp(s);
	if (s.n >= 2 && s.p[0] == '<' && s.p[s.n - 1] == '>') {
		s = str_mem(s.p + 1, s.n - 2);
	}
	return (s);
}

static void
take_fields(struct report *r, struct arena *arena,
    const struct field_list *f, bool *lost)
{
	struct report_failure *out = &r->failure;
	struct str incidents = unfolded(arena, f, "Incidents", lost);

	out->auth_failure = read_text(r, unfolded(arena, f, "Auth-Failure",
	    lost));
	out->identity_alignment = read_text(r, unfolded(arena, f,
	    "Identity-Alignment", lost));
	out->source_ip = read_text(r, no_comment(unfolded(arena, f,
	    "Source-IP", lost)));
	out->reported_domain = read_text(r, unfolded(arena, f,
	    "Reported-Domain", lost));
	out->original_mail_from = read_text(r, no_brackets(unfolded(arena, f,
	    "Original-Mail-From", lost)));
	out->delivery_result = read_text(r, unfolded(arena, f,
	    "Delivery-Result", lost));
	out->dkim_domain = read_text(r, unfolded(arena, f, "DKIM-Domain",
	    lost));
	out->dkim_selector = read_text(r, unfolded(arena, f,
	    "DKIM-Selector", lost));
	out->arrival_date = read_text(r, unfolded(arena, f, "Arrival-Date",
	    lost));
	out->incidents = read_text(r, incidents.n > 0 ? incidents : STR("1"));
}

/* What RFC 9991 4 requires. */
static void
warn_missing(struct report *r)
{
	const struct report_failure *f = &r->failure;
	const struct { const char *name, *value; } rows[] = {
		{ "Auth-Failure", f->auth_failure },
		{ "Identity-Alignment", f->identity_alignment },
		{ "Source-IP", f->source_ip },
		{ "Reported-Domain", f->reported_domain },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].value[0] == '\0') {
			report_warn(r, "%s missing", rows[i].name);
		}
	}
}

static enum read_result
take_feedback(struct read_unit *u, struct arena *arena,
    const struct field_list *fields)
{
	bool lost = false;
	struct str type = unfolded(arena, fields, "Feedback-Type", &lost);
	struct report *r;

	if (lost) {
		return (read_unit_fail(u, READ_NOMEM, "out of memory"));
	}
	type = no_comment(type);
	if (!str_eq_ci(type, STR("auth-failure"))) {
		return (read_unit_fail(u, READ_FOREIGN, "a feedback report of "
		    "type \"%.*s\", not of DMARC", (int)(type.n < 60 ? type.n :
		    60), type.n > 0 ? type.p : ""));
	}
	r = report_new(REPORT_FAILURE, READ_TEXTS_MAX_BYTES);
	if (r == NULL) {
		return (read_unit_fail(u, READ_NOMEM, "out of memory"));
	}
	r->failure.feedback_type = read_text(r, type);
	take_fields(r, arena, fields, &lost);
	if (lost) {
		report_warn(r, "out of memory: values are missing");
	}
	warn_missing(r);
	read_unit_add(u, r);
	return (READ_OK);
}

enum read_result
read_feedback(struct read_unit *u, struct str text)
{
	struct message message;
	enum read_result result;
	enum status status;
	struct arena arena;

	if (str_starts(text, STR("\xef\xbb\xbf"))) {
		text = str_from_offset(text, 3);
	}
	while (text.n > 0 && char_is_fws(text.p[0])) {
		text = str_from_offset(text, 1);
	}
	arena_init(&arena, ARENA_BYTES);
	status = message_parse(&arena, text, &message);
	result = status == STATUS_OK ? take_feedback(u, &arena,
	    &message.fields) : read_unit_fail(u, READ_DAMAGED,
	    "a failure report whose fields cannot be read: %s",
	    status_text(status));
	arena_fini(&arena);
	return (result);
}
