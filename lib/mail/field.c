/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/field.h"

bool
field_name_is_valid(struct str name)
{
	size_t i;

	for (i = 0; i < name.n; i++) {
		if (name.p[i] <= ' ' || name.p[i] > '~' || name.p[i] == ':') {
			return (false);
		}
	}
	return (name.n > 0);
}

void
field_list_init(struct field_list *l)
{
	*l = (struct field_list){ 0 };
}

static bool
name_is_usable(struct str name)
{
	return (str_trim_wsp_end(name).n > 0 &&
	    str_find(name, ':') == name.n &&
	    str_find(name, '\r') == name.n && str_find(name, '\n') == name.n);
}

static bool
ends_in_crlf(struct str s)
{
	return (s.n >= 2 && s.p[s.n - 2] == '\r' && s.p[s.n - 1] == '\n');
}

/* raw is in the arena and complete; the colon is at name_n. */
static enum status
append_field(struct arena *a, struct field_list *l, struct str raw,
    size_t name_n)
{
	struct field *v = arena_grow(a, l->v, l->n, &l->cap, sizeof(*v));

	if (v == NULL) {
		return (STATUS_NOMEM);
	}
	l->v = v;
	v += l->n++;
	v->raw = raw;
	/* RFC 5322 4.5.8: white space may precede the colon. */
	v->name = str_trim_wsp_end(str_first(raw, name_n));
	v->value = str_mem(raw.p + name_n + 1, raw.n - name_n - 3);
	l->bytes += raw.n;
	return (STATUS_OK);
}

static bool
has_room(const struct field_list *l, size_t n)
{
	return (l->n < FIELD_MAX_COUNT &&
	    n <= FIELD_MAX_TOTAL_BYTES - l->bytes);
}

/* Drops the line end of the field, which the caller adds. */
static struct str
drop_final_eol(struct str value)
{
	if (ends_in_crlf(value)) {
		return (str_first(value, value.n - 2));
	}
	if (value.n > 0 && value.p[value.n - 1] == '\n') {
		return (str_first(value, value.n - 1));
	}
	return (value);
}

enum status
field_list_add(struct arena *a, struct field_list *l, struct str name,
    struct str value)
{
	size_t value_n, n;
	char *p;

	if (!name_is_usable(name)) {
		return (STATUS_SYNTAX);
	}
	if (!has_room(l, name.n) || !has_room(l, value.n)) {
		return (STATUS_LIMIT);
	}
	value = drop_final_eol(value);
	value_n = str_crlf_bytes(value);
	n = name.n + 1 + value_n + 2;
	if (!has_room(l, n)) {
		return (STATUS_LIMIT);
	}
	p = arena_alloc(a, n);
	if (p == NULL) {
		return (STATUS_NOMEM);
	}
	memcpy(p, name.p, name.n);
	p[name.n] = ':';
	str_crlf_copy(p + name.n + 1, value);
	memcpy(p + n - 2, "\r\n", 2);
	return (append_field(a, l, str_mem(p, n), name.n));
}

enum status
field_list_add_raw(struct arena *a, struct field_list *l, struct str raw)
{
	size_t colon = str_find(raw, ':');
	size_t n = raw.n;
	char *p;

	if (colon == raw.n || !name_is_usable(str_first(raw, colon))) {
		return (STATUS_SYNTAX);
	}
	if (!ends_in_crlf(str_from_offset(raw, colon + 1))) {
		n += 2;
	}
	if (!has_room(l, n)) {
		return (STATUS_LIMIT);
	}
	p = arena_alloc(a, n);
	if (p == NULL) {
		return (STATUS_NOMEM);
	}
	memcpy(p, raw.p, raw.n);
	memcpy(p + n - 2, "\r\n", 2);
	return (append_field(a, l, str_mem(p, n), colon));
}

const struct field *
field_list_last(const struct field_list *l, struct str name, size_t below,
    size_t *index_r)
{
	size_t i;

	for (i = below < l->n ? below : l->n; i > 0; i--) {
		if (str_eq_ci(l->v[i - 1].name, name)) {
			*index_r = i - 1;
			return (&l->v[i - 1]);
		}
	}
	*index_r = 0;
	return (NULL);
}

size_t
field_list_count(const struct field_list *l, struct str name)
{
	size_t i, n = 0;

	for (i = 0; i < l->n; i++) {
		n += str_eq_ci(l->v[i].name, name);
	}
	return (n);
}

/* Whether a field starts here: name, optional white space, colon. */
static bool
begins_field(struct str s, struct str name)
{
	size_t i = name.n;

	if (!str_starts_ci(s, name)) {
		return (false);
	}
	while (i < s.n && char_is_wsp(s.p[i])) {
		i++;
	}
	return (i < s.n && s.p[i] == ':');
}

/* Moves behind the next CR that is not of a fold, and behind its LF. */
static bool
next_hidden_line(struct str *value)
{
	bool crlf;
	size_t at;

	while ((at = str_find(*value, '\r')) < value->n) {
		*value = str_from_offset(*value, at + 1);
		crlf = value->n > 0 && value->p[0] == '\n';
		*value = str_from_offset(*value, crlf);
		if (!crlf || value->n == 0 || !char_is_wsp(value->p[0])) {
			return (true);
		}
	}
	return (false);
}

bool
field_hides(struct str value, struct str name)
{
	while (next_hidden_line(&value)) {
		if (begins_field(value, name)) {
			return (true);
		}
	}
	return (false);
}

static bool
has_loose_name(const struct field *field)
{
	return (field->raw.p[field->name.n] != ':' ||
	    field->name.n > FIELD_NAME_MAX_BYTES);
}

bool
field_ends_header(const struct field *field)
{
	struct str value = field->value;

	if (has_loose_name(field)) {
		return (true);
	}
	while (next_hidden_line(&value)) {
		size_t colon = str_find(value, ':');

		if (colon == value.n ||
		    !field_name_is_valid(str_first(value, colon))) {
			return (true);
		}
	}
	return (false);
}

bool
field_is_loose(const struct field *field)
{
	struct str value = field->value;

	return (has_loose_name(field) || next_hidden_line(&value));
}
