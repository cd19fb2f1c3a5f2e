/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * failure_fields: the text of a failure report about one message. Every value
 * that is from the message or from a record is redacted (report/redact.h), or
 * is a name of letters, digits, dots, hyphens and underscores. A value that
 * cannot be written so is left out.
 */
#include "config.h"

#include "engine/failure.h"
#include "mail/domain.h"
#include "mail/taglist.h"
#include "report/write_mail.h"

#define VALUE_MAX_BYTES		4096	/* of one field */
/* Of a redacted text: each octet might become a token. */
#define TEXT_MAX_BYTES	(REDACT_TEXT_MAX_BYTES * (REDACT_TOKEN_CHARS + 1))
#define SUBJECT_MAX_BYTES	300
#define DATE_MAX_BYTES		64
#define MESSAGE_ID_MAX_BYTES	255
#define AUTHORS_MAX		10
#define SIGNATURES_MAX		5	/* that are shown */
#define B_CHARS			64	/* of b= in a line */

static const struct redact *
redact_of(const struct failing *f)
{
	return (&f->in->engine->redact);
}

/* Adds the value and empties it. Beyond a limit the field is left out. */
static void
add_value(struct failing *f, struct buf *to, const char *name,
    struct buf *value)
{
	size_t before = to->n;

	if (value->status == STATUS_NOMEM) {
		f->status = STATUS_NOMEM;
	} else if (value->status == STATUS_OK) {
		failure_add_field(to, name, buf_str(value));
		if (to->status == STATUS_LIMIT) {
			to->n = before;
			to->status = STATUS_OK;
		}
	}
	buf_reset(value);
}

static void
note_status(struct failing *f, enum status status)
{
	if (status == STATUS_NOMEM) {
		f->status = status;
	}
}

/* The part of an address before its last '@', and the domain, normalised. */
static bool
split_address(struct failing *f, struct str text, struct str *local_r,
    struct str *domain_r)
{
	size_t at = str_rfind(text, '@');
	enum status status;

	if (at == text.n) {
		return (false);
	}
	*local_r = str_first(text, at);
	status = domain_normalize(f->in->arena, str_from_offset(text, at + 1),
	    domain_r);
	note_status(f, status);
	return (status == STATUS_OK);
}

/* At most max octets of it, which are cut when it is redacted. */
static void
add_text(struct failing *f, struct buf *to, const char *name, struct str text,
    size_t max)
{
	struct buf value;

	buf_init(&value, TEXT_MAX_BYTES);
	note_status(f, redact_text(redact_of(f), &value, text));
	value.n = value.n < max ? value.n : max;
	add_value(f, to, name, &value);
	buf_fini(&value);
}

static void
add_name(struct failing *f, struct buf *to, const char *name, struct str value)
{
	if (kept_is_name(value)) {
		add_text(f, to, name, value, VALUE_MAX_BYTES);
	}
}

/* The report's own fields */

static void
add_result(struct buf *value, const char *method, const char *result)
{
	buf_printf(value, "; %s=%s", method, result);
}

static void
add_property(struct buf *value, const char *property, struct str name)
{
	if (kept_is_name(name)) {
		buf_printf(value, " %s=%.*s", property, STR_FMT(name));
	}
}

static void
add_signature_results(const struct dkim_verifier *dkim, struct buf *value)
{
	const struct dkim_verdict *s;
	size_t i, n = dkim != NULL ? dkim_verifier_count(dkim) : 0;

	for (i = 0; i < n && i < SIGNATURES_MAX; i++) {
		s = dkim_verifier_get(dkim, i);
		add_result(value, "dkim", dkim_result_name(s->result));
		add_property(value, "header.d", s->sig.domain);
		add_property(value, "header.s", s->sig.selector);
	}
	if (n == 0) {
		add_result(value, "dkim", "none");
	}
}

/* Domains alone: RFC 8601 would have addresses, too. */
static void
add_results(struct failing *f, struct buf *to)
{
	const struct spf_verdict *spf = f->out->spf;
	struct buf value;

	buf_init(&value, VALUE_MAX_BYTES);
	note_status(f, redact_text(redact_of(f), &value,
	    input_authserv_id(f->in)));
	add_result(&value, "dmarc", dmarc_result_name(f->v->result));
	add_property(&value, "header.from", f->v->from);
	if (spf != NULL) {
		add_result(&value, "spf", spf_result_name(spf->result));
		add_property(&value, "smtp.mailfrom", spf->domain);
	}
	add_signature_results(f->out->dkim, &value);
	add_value(f, to, "Authentication-Results", &value);
	buf_fini(&value);
}

static const char *
delivery_result(const struct failing *f)
{
	if (!f->applied) {
		return ("delivered");
	}
	switch (f->out->verdict) {
	case ENGINE_QUARANTINE:
		return ("policy");
	case ENGINE_REJECT:
		return ("reject");
	case ENGINE_ACCEPT:
	case ENGINE_TEMPFAIL:
		break;
	}
	return ("delivered");
}

/* RFC 9991 4 requires these if a signature of the author's domain failed. */
static void
add_signature(struct failing *f, struct buf *to)
{
	const struct dkim_signature *sig;
	struct buf value;
	struct str local;

	if (f->signature == NULL) {
		return;
	}
	sig = &f->signature->sig;
	add_name(f, to, "DKIM-Domain", sig->domain);
	buf_init(&value, VALUE_MAX_BYTES);
	local = str_first(sig->identity, str_rfind(sig->identity, '@'));
	if (local.n > 0 && kept_is_name(sig->identity_domain)) {
		note_status(f, redact_address(redact_of(f), &value, local,
		    sig->identity_domain));
	} else if (kept_is_name(sig->domain)) {
		buf_printf(&value, "@%.*s", STR_FMT(sig->identity_domain.n >
		    0 && kept_is_name(sig->identity_domain) ?
		    sig->identity_domain : sig->domain));
	}
	add_value(f, to, "DKIM-Identity", &value);
	buf_fini(&value);
	add_name(f, to, "DKIM-Selector", sig->selector);
}

/* RFC 6591 3.2.6: 'txt : domain : "record"'. */
static void
add_spf(struct failing *f, struct buf *to)
{
	const struct spf_verdict *spf = f->out->spf;
	struct buf value;
	size_t i, head;

	if (spf == NULL || spf->result == SPF_PASS || spf->record.n == 0 ||
	    !kept_is_name(spf->domain)) {
		return;
	}
	buf_init(&value, VALUE_MAX_BYTES);
	buf_printf(&value, "txt : %.*s : \"", STR_FMT(spf->domain));
	head = value.n;
	note_status(f, redact_text(redact_of(f), &value, spf->record));
	for (i = head; i < value.n; i++) {
		if (value.p[i] == '"' || value.p[i] == '\\') {
			value.p[i] = '?';
		}
	}
	buf_add_char(&value, '"');
	add_value(f, to, "SPF-DNS", &value);
	buf_fini(&value);
}

static void
add_mail_from(struct failing *f, struct buf *to)
{
	struct str path = f->in->mail_from, local, domain;
	struct buf value;

	if (path.n > 1 && path.p[0] == '<' && path.p[path.n - 1] == '>') {
		path = str_mem(path.p + 1, path.n - 2);
	}
	if (!split_address(f, path, &local, &domain)) {
		return;
	}
	buf_init(&value, VALUE_MAX_BYTES);
	buf_add_char(&value, '<');
	note_status(f, redact_address(redact_of(f), &value, local, domain));
	buf_add_char(&value, '>');
	add_value(f, to, "Original-Mail-From", &value);
	buf_fini(&value);
}

void
failure_write_feedback(struct failing *f, struct buf *to)
{
	failure_add_field(to, "Auth-Failure", str_from(failure_cause_name(f)));
	add_results(f, to);
	failure_add_field(to, "Identity-Alignment",
	    str_from(failure_alignment(f->v)));
	failure_add_field(to, "Delivery-Result",
	    str_from(delivery_result(f)));
	failure_add_field(to, "Source-IP", f->source);
	add_name(f, to, "Reported-Domain", f->v->from);
	add_signature(f, to);
	add_spf(f, to);
	add_mail_from(f, to);
	buf_add_cstr(to, "Arrival-Date: ");
	write_mail_time(to, f->now_s);
	buf_add_char(to, '\n');
}

/* Fields of the message */

/* The authors as they were judged, without their names. */
static void
add_from(struct failing *f, struct buf *to, struct str unused)
{
	const struct addr_from *from = &f->in->from;
	struct buf value;
	size_t i;

	(void)unused;
	buf_init(&value, VALUE_MAX_BYTES);
	for (i = 0; i < from->n && i < AUTHORS_MAX; i++) {
		buf_add_cstr(&value, i > 0 ? ", " : "");
		note_status(f, redact_address(redact_of(f), &value,
		    from->v[i].local, from->v[i].domain));
	}
	add_value(f, to, "From", &value);
	buf_fini(&value);
}

/* Of a valid field, without names. */
static void
add_addresses(struct failing *f, struct buf *to, const char *name,
    struct str text)
{
	enum status status;
	struct addr_from list;
	struct buf value;
	size_t i;

	if (text.n > VALUE_MAX_BYTES) {
		return;
	}
	status = addr_list_parse(f->in->arena, text, &list);
	note_status(f, status);
	if (status != STATUS_OK || list.result != ADDR_FROM_OK) {
		return;
	}
	buf_init(&value, VALUE_MAX_BYTES);
	for (i = 0; i < list.n && i < AUTHORS_MAX; i++) {
		buf_add_cstr(&value, i > 0 ? ", " : "");
		note_status(f, redact_address(redact_of(f), &value,
		    list.v[i].local, list.v[i].domain));
	}
	add_value(f, to, name, &value);
	buf_fini(&value);
}

static void
add_sender(struct failing *f, struct buf *to, struct str text)
{
	add_addresses(f, to, "Sender", text);
}

static void
add_reply_to(struct failing *f, struct buf *to, struct str text)
{
	add_addresses(f, to, "Reply-To", text);
}

static void
add_subject(struct failing *f, struct buf *to, struct str text)
{
	add_text(f, to, "Subject", text, SUBJECT_MAX_BYTES);
}

/* Without a comment. */
static void
add_date(struct failing *f, struct buf *to, struct str text)
{
	text = str_first(text, str_find(text, '('));
	add_text(f, to, "Date", text, DATE_MAX_BYTES);
}

/* As it is, for the sender's log: "<", letters, digits and signs, ">". */
static void
add_message_id(struct failing *f, struct buf *to, struct str text)
{
	struct buf value;
	size_t i;

	if (text.n < 3 || text.n > MESSAGE_ID_MAX_BYTES || text.p[0] != '<' ||
	    text.p[text.n - 1] != '>') {
		return;
	}
	for (i = 1; i + 1 < text.n; i++) {
		if (text.p[i] <= ' ' || text.p[i] > '~' || text.p[i] == '<' ||
		    text.p[i] == '>' || text.p[i] == '"') {
			return;
		}
	}
	buf_init(&value, VALUE_MAX_BYTES);
	buf_add_str(&value, text);
	add_value(f, to, "Message-ID", &value);
	buf_fini(&value);
}

/* None of these tags needs one; it may hide in any. */
static bool
has_address(struct str value)
{
	size_t i;

	for (i = 0; i < value.n; i++) {
		if (value.p[i] == '@' || str_starts(str_from_offset(value, i),
		    STR("%40"))) {
			return (true);
		}
	}
	return (false);
}

/* Letters, digits and signs that a signature needs; in b= and bh= with spaces
   at which the field is folded. */
static void
add_tag(struct buf *value, const struct tag *tag)
{
	bool b = tag->name.p[0] == 'b';
	char last = '\0';
	size_t i, n = 0;

	buf_printf(value, "%s%.*s=", value->n > 0 ? " " : "",
	    STR_FMT(tag->name));
	for (i = 0; i < tag->value.n; i++) {
		if (char_is_fws(tag->value.p[i])) {
			continue;
		}
		if (n > 0 && (b ? n % B_CHARS == 0 : last == ':')) {
			buf_add_char(value, ' ');
		}
		last = tag->value.p[i];
		buf_add_char(value, tag->value.p[i] > ' ' &&
		    tag->value.p[i] <= '~' ? tag->value.p[i] : '?');
		n++;
	}
	buf_add_char(value, ';');
}

static void
add_identity(struct failing *f, struct buf *value, struct str text)
{
	struct str local, domain;

	if (!split_address(f, text, &local, &domain)) {
		return;
	}
	buf_add_cstr(value, " i=");
	if (local.n == 0) {
		buf_printf(value, "@%.*s", STR_FMT(domain));
	} else {
		note_status(f, redact_address(redact_of(f), value, local,
		    domain));
	}
	buf_add_char(value, ';');
}

/* Without z=, which has fields of the message, and tags that are unknown or
   have an address. */
static void
add_signature_field(struct failing *f, struct buf *to, struct str text)
{
	static const char *const names[] = { "v", "a", "c", "d", "s", "t", "x",
		"l", "q", "h", "bh", "b" };
	const struct tag *tag;
	const char *reason;
	struct taglist list;
	struct buf value;
	size_t i;

	if (taglist_parse(&list, text, true, &reason) != STATUS_OK) {
		return;
	}
	buf_init(&value, VALUE_MAX_BYTES);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		tag = taglist_get(&list, str_from(names[i]));
		if (tag != NULL && !has_address(tag->value)) {
			add_tag(&value, tag);
		}
		if (i == 4 && (tag = taglist_get(&list, STR("i"))) != NULL) {
			add_identity(f, &value, tag->value);
		}
	}
	add_value(f, to, "DKIM-Signature", &value);
	buf_fini(&value);
}

static const struct shown_field {	/* no others are shown */
	const char	*name;
	unsigned	 max;
	void		(*add)(struct failing *, struct buf *, struct str);
} shown_fields[] = {
	{ "DKIM-Signature", SIGNATURES_MAX, add_signature_field },
	{ "From", 1, add_from },
	{ "Sender", 1, add_sender },
	{ "Reply-To", 1, add_reply_to },
	{ "Date", 1, add_date },
	{ "Subject", 1, add_subject },
	{ "Message-ID", 1, add_message_id },
};
#define SHOWN_N	(sizeof(shown_fields) / sizeof(shown_fields[0]))

void
failure_write_header(struct failing *f, struct buf *to)
{
	const struct field_list *fields = &f->in->fields;
	unsigned shown[SHOWN_N] = { 0 };
	size_t i, j;

	for (i = 0; i < fields->n; i++) {
		for (j = 0; j < SHOWN_N; j++) {
			if (str_eq_ci(fields->v[i].name, str_from(
			    shown_fields[j].name)) && shown[j] <
			    shown_fields[j].max) {
				shown[j]++;
				shown_fields[j].add(f, to, str_trim_fws(
				    fields->v[i].value));
			}
		}
	}
}
