/* SPDX-License-Identifier: BSD-2-Clause */
#include "spf/received.h"

#define LINE_COLUMNS	78
#define NAME_COLUMNS	14	/* "Received-SPF: " */
#define TAB_COLUMNS	8

struct writer {
	struct buf	*out;
	size_t		 column;
};

/* A dot-atom (RFC 5322 3.2.3) needs no quotes. */
static bool
is_dot_atom(struct str s)
{
	static const char others[] = "!#$%&'*+-/=?^_`{|}~";
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (!char_is_alpha(s.p[i]) && !char_is_digit(s.p[i]) &&
		    memchr(others, s.p[i], sizeof(others) - 1) == NULL &&
		    !(s.p[i] == '.' && i > 0 && i + 1 < s.n &&
		    s.p[i - 1] != '.')) {
			return (false);
		}
	}
	return (s.n > 0);
}

/* Adds text to a quoted string or a comment; escapes what would end it. */
static void
add_text(struct buf *out, struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c < ' ' || c > '~') {
			c = '?';
		}
		if (c == '"' || c == '\\' || c == '(' || c == ')') {
			buf_add_char(out, '\\');
		}
		buf_add_char(out, c);
	}
}

static void
add_value(struct buf *out, struct str value)
{
	value = str_first(value, SPF_RECEIVED_VALUE_BYTES);
	if (is_dot_atom(value)) {
		buf_add_str(out, value);
		return;
	}
	buf_add_char(out, '"');
	add_text(out, value);
	buf_add_char(out, '"');
}

/* Adds the piece after a space, or on a new line if this one is full. */
static void
end_piece(struct writer *w, struct buf *piece)
{
	if (w->column + 1 + piece->n > LINE_COLUMNS) {
		buf_add_cstr(w->out, "\r\n\t");
		w->column = TAB_COLUMNS;
	} else {
		buf_add_char(w->out, ' ');
		w->column++;
	}
	if (piece->status != STATUS_OK) {
		w->out->status = piece->status;
	}
	buf_add_str(w->out, buf_str(piece));
	w->column += piece->n;
	buf_fini(piece);
}

static void
add_pair(struct writer *w, const char *key, struct str value, char end)
{
	struct buf piece;

	if (value.n == 0) {
		return;
	}
	buf_init(&piece, 4 * SPF_RECEIVED_VALUE_BYTES);
	buf_printf(&piece, "%s=", key);
	add_value(&piece, value);
	if (end != '\0') {
		buf_add_char(&piece, end);
	}
	end_piece(w, &piece);
}

static const char *
result_comment(enum spf_result result)
{
	switch (result) {
	case SPF_NONE:
		return ("no SPF policy for");
	case SPF_NEUTRAL:
		return ("no assertion about the client by");
	case SPF_PASS:
		return ("the client is permitted by");
	case SPF_FAIL:
		return ("the client is not permitted by");
	case SPF_SOFTFAIL:
		return ("the client is probably not permitted by");
	case SPF_TEMPERROR:
		return ("DNS lookup failed for");
	case SPF_PERMERROR:
		return ("invalid SPF policy of");
	}
	return ("");
}

static void
add_comment(struct writer *w, const struct spf_verdict *v)
{
	struct buf piece;

	buf_init(&piece, 4 * SPF_RECEIVED_VALUE_BYTES);
	buf_printf(&piece, "(%s ", result_comment(v->result));
	add_text(&piece, v->domain.n > 0 ? str_first(v->domain,
	    SPF_RECEIVED_VALUE_BYTES) : STR("no domain"));
	buf_add_char(&piece, ')');
	end_piece(w, &piece);
}

/* Removes the angle brackets, except of the null reverse-path. */
static struct str
strip_brackets(struct str path)
{
	if (path.n > 2 && path.p[0] == '<' && path.p[path.n - 1] == '>') {
		path = str_mem(path.p + 1, path.n - 2);
	}
	return (path.n > 0 ? path : STR("<>"));
}

enum status
spf_received_write(struct buf *out, const struct spf_received *r)
{
	const struct spf_verdict *v = r->verdict;
	struct writer w = { .out = out, .column = NAME_COLUMNS };
	char ip[IP_TEXT_BYTES];

	ip_text(r->ip, ip);
	buf_add_cstr(out, spf_result_name(v->result));
	w.column += strlen(spf_result_name(v->result));
	add_comment(&w, v);
	add_pair(&w, "client-ip", str_from(ip), ';');
	add_pair(&w, "envelope-from", strip_brackets(r->mail_from), ';');
	add_pair(&w, "helo", r->helo, ';');
	add_pair(&w, "identity", str_from(spf_identity_name(v->identity)),
	    ';');
	add_pair(&w, "mechanism", v->mechanism, ';');
	add_pair(&w, "problem", str_from(v->reason), ';');
	add_pair(&w, "receiver", r->receiver.n > 0 ? r->receiver :
	    STR("unknown"), '\0');
	return (out->status);
}
