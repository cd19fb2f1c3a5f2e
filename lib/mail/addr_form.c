/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"
#include "mail/addr_form.h"
#include "mail/field.h"
#include "mail/lines.h"

#define FOLD_COLUMNS	78
#define FOLD_INDENT	"        "

static const struct str list_fields[] = {
	STR("From"), STR("Sender"), STR("Reply-To"), STR("To"), STR("Cc"),
	STR("Resent-From"), STR("Resent-Sender"), STR("Resent-Reply-To"),
	STR("Resent-To"), STR("Resent-Cc"),
};

bool
addr_form_is_list(struct str name)
{
	return (str_list_has_ci(list_fields,
	    sizeof(list_fields) / sizeof(list_fields[0]), name));
}

struct item {			/* one address */
	struct str	text;		/* all of it, trimmed */
	size_t		angle;		/* offset of "<", or text.n */
	bool		quoted;		/* a quote or comment outside of <> */
	bool		special;	/* what makes a phrase be quoted */
};

/* The offset behind a quoted-string, comment or angle-addr; 0: it has no end,
   or is one that we do not read. */
static size_t
skip_enclosed(struct str s, size_t i)
{
	char open = s.p[i];
	char close = open == '(' ? ')' : open == '<' ? '>' : '"';

	for (i++; i < s.n; i++) {
		if (s.p[i] == close) {
			return (i + 1);
		}
		if (s.p[i] == '\\' && open != '<') {
			i++;
		} else if (s.p[i] == open || (open == '<' &&
		    (s.p[i] == '"' || s.p[i] == '(' || s.p[i] == ','))) {
			return (0);
		}
	}
	return (0);
}

/* Takes the next item off *rest. False: it cannot be read. */
static bool
next_item(struct str *rest, struct item *r)
{
	size_t i = 0, end;

	*r = (struct item){ .angle = SIZE_MAX };
	while (i < rest->n && rest->p[i] != ',') {
		char c = rest->p[i];

		if (c == ';' || c == ':' || c == ')' || c == '>' ||
		    c == '\\' || c == '\0' ||
		    (r->angle != SIZE_MAX && !char_is_fws(c))) {
			return (false);
		}
		if (c != '"' && c != '(' && c != '<') {
			r->special = r->special || c == '.' || c == '\'' ||
			    c == '[' || c == ']';
			i++;
			continue;
		}
		if (c == '<') {
			r->angle = i;
		} else {
			r->quoted = true;
		}
		end = skip_enclosed(*rest, i);
		if (end == 0) {
			return (false);
		}
		i = end;
	}
	r->text = str_trim_fws(str_first(*rest, i));
	if (r->angle != SIZE_MAX) {
		r->angle -= (size_t)(r->text.p - rest->p);
	}
	*rest = str_from_offset(*rest, i + 1);
	return (true);
}

/* With runs of folding white space as one space. */
static void
add_words(struct buf *out, struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (!char_is_fws(s.p[i])) {
			buf_add_char(out, s.p[i]);
		} else if (i > 0 && !char_is_fws(s.p[i - 1])) {
			buf_add_char(out, ' ');
		}
	}
}

static void
add_item(struct buf *out, const struct item *item)
{
	struct str phrase, address;
	bool quote = item->special && !item->quoted;

	if (item->angle == SIZE_MAX) {
		buf_add_str(out, item->text);
		return;
	}
	phrase = str_trim_fws(str_first(item->text, item->angle));
	address = str_mem(item->text.p + item->angle + 1,
	    item->text.n - item->angle - 2);
	if (phrase.n > 0) {
		buf_add_cstr(out, quote ? "\"" : "");
		add_words(out, phrase);
		buf_add_cstr(out, quote ? "\" " : " ");
	}
	buf_add_char(out, '<');
	buf_add_str(out, str_trim_fws(address));
	buf_add_char(out, '>');
}

/* As commaize() does it: *column counts the line so far. */
static void
join_item(struct buf *out, struct str item, size_t *column, bool first)
{
	*column += item.n + (first ? 0 : 2);
	if (*column > FOLD_COLUMNS && !first) {
		buf_add_cstr(out, ",\r\n" FOLD_INDENT);
		*column = sizeof(FOLD_INDENT) - 1 + item.n;
	} else if (!first) {
		buf_add_cstr(out, ", ");
	}
	buf_add_str(out, item);
}

/* False: the list cannot be read, or there is nothing in it. */
static bool
write_list(struct buf *out, struct str list)
{
	size_t column = out->n;
	bool first = true, good = true;
	struct item item;
	struct buf text;

	buf_init(&text, FIELD_MAX_TOTAL_BYTES);
	while (list.n > 0 && good) {
		good = next_item(&list, &item);
		if (!good || item.text.n == 0) {
			continue;
		}
		buf_reset(&text);
		add_item(&text, &item);
		join_item(out, buf_str(&text), &column, first);
		first = false;
		good = text.status == STATUS_OK;
	}
	buf_fini(&text);
	return (good && !first);
}

static void
add_spaces(struct buf *out, struct str value)
{
	size_t i;

	for (i = 0; i < value.n && char_is_wsp(value.p[i]); i++) {
		buf_add_char(out, value.p[i]);
	}
}

enum status
addr_form_sendmail(struct arena *arena, struct str raw, struct str *r)
{
	size_t colon = str_find(raw, ':');
	struct str value = str_mem(raw.p + colon + 1, raw.n - colon - 3);
	enum status status = STATUS_OK;
	struct buf out;

	*r = raw;
	if (!lines_field_is_changeable(raw)) {
		return (STATUS_OK);
	}
	buf_init(&out, 2 * FIELD_MAX_TOTAL_BYTES);
	buf_add_str(&out, str_first(raw, colon + 1));
	add_spaces(&out, value);
	if (write_list(&out, value)) {
		buf_add_cstr(&out, "\r\n");
		status = out.status;
		if (status == STATUS_OK && !str_eq(buf_str(&out), raw)) {
			*r = arena_dup(arena, buf_str(&out));
			status = r->p != NULL ? STATUS_OK : STATUS_NOMEM;
		}
	}
	buf_fini(&out);
	return (status);
}
