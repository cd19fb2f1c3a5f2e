/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "mail/domain.h"
#include "report/kept.h"

/* Printable ASCII, at most max_bytes of it. */
static void
write_text(struct buf *out, struct str text, size_t max_bytes)
{
	size_t i;

	text = str_first(text, max_bytes);
	if (!buf_reserve(out, text.n)) {
		return;
	}
	buf_add_str(out, text);
	for (i = out->n - text.n; i < out->n; i++) {
		if (out->p[i] < ' ' || out->p[i] > '~') {
			out->p[i] = '?';
		}
	}
}

static void
write_column(struct buf *out, struct str text, size_t max_bytes)
{
	buf_add_char(out, '\n');
	write_text(out, text, max_bytes);
}

static bool
is_label(struct str label)
{
	size_t i;

	if (label.n == 0 || label.n > DOMAIN_LABEL_MAX_BYTES ||
	    label.p[0] == '-' || label.p[label.n - 1] == '-') {
		return (false);
	}
	for (i = 0; i < label.n; i++) {
		if (!(label.p[i] >= 'a' && label.p[i] <= 'z') &&
		    !char_is_digit(label.p[i]) && label.p[i] != '-' &&
		    label.p[i] != '_') {
			return (false);
		}
	}
	return (true);
}

bool
kept_is_name(struct str name)
{
	struct str label;

	if (name.n == 0 || name.n > DOMAIN_MAX_BYTES) {
		return (false);
	}
	while (str_next(&name, '.', &label)) {
		if (!is_label(label)) {
			return (false);
		}
	}
	return (true);
}

/* The rest of a list is cut at an item, not within it. */
static struct str
cut_list(struct str list, size_t max_bytes)
{
	if (list.n <= max_bytes) {
		return (list);
	}
	list = str_first(list, max_bytes);
	return (str_first(list, str_rfind(list, ',') < list.n ?
	    str_rfind(list, ',') : 0));
}

void
kept_policy_write(struct buf *out, const struct kept_policy *p)
{
	write_text(out, p->domain, DOMAIN_MAX_BYTES);
	write_column(out, p->discovery, DOMAIN_MAX_BYTES);
	write_column(out, p->p, DOMAIN_MAX_BYTES);
	write_column(out, p->sp, DOMAIN_MAX_BYTES);
	write_column(out, p->np, DOMAIN_MAX_BYTES);
	write_column(out, p->adkim, DOMAIN_MAX_BYTES);
	write_column(out, p->aspf, DOMAIN_MAX_BYTES);
	write_column(out, p->fo, DOMAIN_MAX_BYTES);
	write_column(out, p->testing, DOMAIN_MAX_BYTES);
	write_column(out, cut_list(p->rua, KEPT_RUA_MAX_BYTES),
	    KEPT_RUA_MAX_BYTES);
	write_column(out, p->error, KEPT_ERROR_MAX_BYTES);
}

/* "type comment", separated by tabs, which no comment holds. */
static void
write_reasons(struct buf *out, const struct kept_fact *f)
{
	size_t i;

	buf_add_char(out, '\n');
	for (i = 0; i < f->reasons_n; i++) {
		if (i > 0) {
			buf_add_char(out, '\t');
		}
		write_text(out, f->reasons[i].type, DOMAIN_MAX_BYTES);
		if (f->reasons[i].comment.n > 0) {
			buf_add_char(out, ' ');
			write_text(out, f->reasons[i].comment,
			    KEPT_COMMENT_MAX_BYTES);
		}
	}
}

/* "domain selector result", separated by commas. */
static void
write_signatures(struct buf *out, const struct kept_fact *f)
{
	const struct kept_signature *s;
	size_t i, start, n = 0;

	buf_add_char(out, '\n');
	start = out->n;
	for (i = 0; i < f->signatures_n && n < KEPT_MAX_SIGNATURES; i++) {
		s = &f->signatures[i];
		if (!kept_is_name(s->domain) || !kept_is_name(s->selector)) {
			continue;
		}
		if (out->n - start + s->domain.n + s->selector.n +
		    s->result.n + 3 > KEPT_SIGNATURES_MAX_BYTES) {
			break;
		}
		if (n++ > 0) {
			buf_add_char(out, ',');
		}
		buf_add_str(out, s->domain);
		buf_add_char(out, ' ');
		buf_add_str(out, s->selector);
		buf_add_char(out, ' ');
		buf_add_str(out, s->result);
	}
}

void
kept_fact_write(struct buf *out, const struct kept_fact *f)
{
	write_text(out, f->ip, IP_TEXT_BYTES);
	write_column(out, f->disposition, DOMAIN_MAX_BYTES);
	write_column(out, f->dkim, DOMAIN_MAX_BYTES);
	write_column(out, f->spf, DOMAIN_MAX_BYTES);
	write_reasons(out, f);
	write_column(out, f->header_from, DOMAIN_MAX_BYTES);
	write_column(out, kept_is_name(f->envelope_from) ? f->envelope_from :
	    STR_NONE, DOMAIN_MAX_BYTES);
	write_signatures(out, f);
	if (!kept_is_name(f->spf_domain)) {
		buf_add_cstr(out, "\n\n");
		return;
	}
	write_column(out, f->spf_domain, DOMAIN_MAX_BYTES);
	write_column(out, f->spf_result, DOMAIN_MAX_BYTES);
}

bool
kept_split(struct str text, struct str *columns, int n)
{
	struct str column;
	int i = 0;

	while (str_next(&text, '\n', &column)) {
		if (i == n) {
			return (false);
		}
		columns[i++] = column;
	}
	return (i == n);
}

void
kept_policy_read(const struct str *v, struct kept_policy *r)
{
	*r = (struct kept_policy){ v[0], v[1], v[2], v[3], v[4], v[5], v[6],
		v[7], v[8], v[9], v[10] };
}

static void
read_reasons(struct str text, struct kept_fact *r)
{
	struct str item;
	size_t space;

	r->reasons_n = 0;
	while (text.n > 0 && r->reasons_n < KEPT_MAX_REASONS &&
	    str_next(&text, '\t', &item)) {
		space = str_find(item, ' ');
		r->reasons[r->reasons_n++] = (struct kept_reason){
			str_first(item, space),
			str_from_offset(item, space + 1) };
	}
}

static enum status
read_signatures(struct arena *arena, struct str text, struct kept_fact *r)
{
	struct kept_signature *s;
	struct str item;

	r->signatures_n = 0;
	r->signatures = NULL;
	if (text.n == 0) {
		return (STATUS_OK);
	}
	r->signatures = arena_calloc(arena, KEPT_MAX_SIGNATURES, sizeof(*s));
	if (r->signatures == NULL) {
		return (STATUS_NOMEM);
	}
	while (r->signatures_n < KEPT_MAX_SIGNATURES &&
	    str_next(&text, ',', &item)) {
		s = &r->signatures[r->signatures_n++];
		if (!str_next(&item, ' ', &s->domain) ||
		    !str_next(&item, ' ', &s->selector)) {
			r->signatures_n--;
			continue;
		}
		s->result = item;
	}
	return (STATUS_OK);
}

enum status
kept_fact_read(struct arena *arena, const struct str *v, struct kept_fact *r)
{
	*r = (struct kept_fact){ .ip = v[0], .disposition = v[1],
		.dkim = v[2], .spf = v[3], .header_from = v[5],
		.envelope_from = v[6], .spf_domain = v[8],
		.spf_result = v[9] };
	read_reasons(v[4], r);
	return (read_signatures(arena, v[7], r));
}
