/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/addr_read.h"
#include "mail/addr_shown.h"
#include "mail/addr_words.h"

static bool
has_domain(const struct addr_from *from, struct str domain)
{
	size_t i;

	for (i = 0; i < from->n; i++) {
		if (str_eq(from->v[i].domain, domain)) {
			return (true);
		}
	}
	return (false);
}

static void
set_limit(struct addr_from *from)
{
	*from = (struct addr_from){ .result = ADDR_FROM_LIMIT,
		.broken = from->broken };
}

/* *cap: of from->v; LIMIT if there is no room for one more. */
static enum status
add_mailbox(struct arena *a, const struct addr_mailbox *mailbox,
    struct addr_from *from, size_t *cap)
{
	struct addr_mailbox *v;

	if (from->result == ADDR_FROM_LIMIT ||
	    has_domain(from, mailbox->domain)) {
		return (STATUS_OK);
	}
	if (from->n >= ADDR_MAX_MAILBOXES) {
		set_limit(from);
		return (STATUS_OK);
	}
	v = arena_grow(a, from->v, from->n, cap, sizeof(*v));
	if (v == NULL) {
		return (STATUS_NOMEM);
	}
	v[from->n++] = *mailbox;
	from->v = v;
	return (STATUS_OK);
}

/* Those of `shown` that are not in `known`. */
static enum status
add_mailboxes(struct arena *a, const struct addr_from *shown,
    const struct addr_from *known, struct addr_from *from, size_t *cap)
{
	enum status status = STATUS_OK;
	size_t i;

	if (shown->result == ADDR_FROM_LIMIT) {
		set_limit(from);
	}
	for (i = 0; i < shown->n && status == STATUS_OK; i++) {
		if (!has_domain(known, shown->v[i].domain)) {
			status = add_mailbox(a, &shown->v[i], from, cap);
		}
	}
	return (status);
}

/* Where encoded words may begin. */
static size_t
count_words(struct str s)
{
	size_t i, n = 0;

	for (i = 0; i + 1 < s.n; i++) {
		n += s.p[i] == '=' && s.p[i + 1] == '?';
	}
	return (n);
}

static size_t
count_ats(struct str s)
{
	size_t i, n = 0;

	for (i = 0; i < s.n; i++) {
		n += s.p[i] == '@';
	}
	return (n);
}

enum status
addr_shown_in_words(struct arena *a, struct str value, struct addr_from *from)
{
	bool unknown = false;
	struct str decoded;
	enum status status = addr_words_decode(a, value, "", &decoded,
	    &unknown);

	/* Those that are not decoded may hide one. */
	from->coded = unknown || count_words(value) > ADDR_WORDS_MAX ||
	    (status == STATUS_OK && decoded.n > 0 &&
	    count_ats(decoded) > from->n);
	return (status);
}

/* The local part as if it were a field of its own. */
static enum status
read_local_part(struct arena *a, struct str local, struct addr_from *r)
{
	*r = (struct addr_from){ .result = ADDR_FROM_NONE };
	return (str_find(local, '@') < local.n || count_words(local) > 0 ?
	    addr_read(a, local, r) : STATUS_OK);
}

enum status
addr_shown_in_odd_syntax(struct arena *a, struct str value,
    struct addr_from *from)
{
	const struct addr_from none = { .n = 0 };
	size_t cap = from->n, n = from->n;
	struct addr_from shown;
	enum status status;

	status = from->odd ? addr_read(a, value, &shown) :
	    addr_read_folds(a, value, &shown);
	if (status == STATUS_OK) {
		status = add_mailboxes(a, &shown, &none, from, &cap);
	}
	if (status == STATUS_OK && shown.result == ADDR_FROM_SYNTAX) {
		*from = (struct addr_from){ .result = shown.result };
	}
	if (from->n > n) {
		from->strict = false;
	}
	return (status);
}

enum status
addr_shown_in_local_parts(struct arena *a, struct addr_from *from)
{
	const struct addr_from none = { .n = 0 };
	size_t i, n = from->n, cap = from->n;
	enum status status = STATUS_OK;
	struct addr_from shown;

	for (i = 0; i < n && i < from->n && status == STATUS_OK; i++) {
		status = read_local_part(a, from->v[i].local, &shown);
		if (status == STATUS_OK) {
			status = add_mailboxes(a, &shown, &none, from, &cap);
		}
	}
	return (status);
}

static bool
has_same_mailboxes(const struct addr_from *a, const struct addr_from *b,
    size_t n)
{
	size_t i;

	if (!a->strict || !b->strict || a->n != n) {
		return (false);
	}
	for (i = 0; i < n; i++) {
		if (!str_eq(a->v[i].local, b->v[i].local) ||
		    !str_eq(a->v[i].domain, b->v[i].domain)) {
			return (false);
		}
	}
	return (true);
}

/* received_n: of *from, the mailboxes of the field as it was received. */
static enum status
compare_mailboxes(struct arena *a, struct str sent, size_t received_n,
    struct addr_from *from)
{
	struct addr_from again;
	enum status status = addr_list_parse(a, sent, &again);

	if (status == STATUS_OK) {
		status = addr_shown_in_local_parts(a, &again);
	}
	if (status == STATUS_OK) {
		from->strict = has_same_mailboxes(&again, from, received_n);
	}
	return (status);
}

struct shown {
	struct addr_from	*from;
	struct str		 received;	/* the field's value */
	size_t			 received_n;	/* mailboxes of it */
	size_t			 cap;		/* of from->v */
};

/* What is known in the text received is not known if quotes have moved. */
static enum status
add_sent(struct arena *a, struct shown *s, struct str sent)
{
	struct addr_from before = { .n = 0 }, after;
	enum status status = STATUS_OK;

	if (s->from->strict) {
		status = compare_mailboxes(a, sent, s->received_n, s->from);
	}
	if (status == STATUS_OK && s->from->strict) {
		status = addr_read(a, s->received, &before);
	}
	if (status == STATUS_OK) {
		status = addr_read(a, sent, &after);
	}
	return (status != STATUS_OK ? status :
	    add_mailboxes(a, &after, &before, s->from, &s->cap));
}

enum status
addr_shown_when_sent(struct arena *a, struct lines_rule rule,
    const struct field *field, struct addr_from *from)
{
	size_t name_n = field->raw.n - field->value.n - 2;
	struct shown s = { .from = from, .received = field->value,
		.received_n = from->n, .cap = from->n };
	struct lines_field lines;
	enum status status;
	struct str sent;

	if (!lines_field_is_long(rule, field->raw)) {
		return (STATUS_OK);
	}
	from->broken = true;
	status = lines_field_sent(a, rule, field->raw, &sent);
	if (status == STATUS_OK) {
		status = lines_field(a, rule, field->raw, &lines);
	}
	if (status == STATUS_OK) {
		status = add_sent(a, &s, str_mem(sent.p + name_n,
		    sent.n - name_n - 2));
	}
	if (status == STATUS_OK && !str_eq(lines.sent, sent)) {
		status = add_sent(a, &s, str_mem(lines.sent.p + name_n,
		    lines.sent.n - name_n - 2));
	}
	if (from->result == ADDR_FROM_NONE && from->n > 0) {
		from->result = ADDR_FROM_OK;
	}
	return (status);
}
