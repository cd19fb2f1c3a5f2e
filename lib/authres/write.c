/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The writer. A field is made of pieces. A piece is never broken; white space
 * or a fold separates two of them.
 */
#include "authres/authres.h"
#include "authres/scan.h"
#include "base/utf8.h"

#define LINE_MAX_COLUMNS	78	/* RFC 5322 2.1.1 */
#define NAME_COLUMNS		24	/* "Authentication-Results: " */
#define TAB_COLUMNS		8
#define PIECE_MAX_BYTES		(4 * AUTHRES_MAX_BYTES)

struct writer {
	struct buf	*out;
	struct buf	 piece;		/* the current piece */
	struct buf	 clean;		/* a value without invalid characters */
	size_t		 column;
	bool		 fold;
	bool		 utf8;
	enum status	 status;	/* SYNTAX: a word is not a keyword */
};

static void
put_text(struct writer *w)
{
	buf_add_str(w->out, buf_str(&w->piece));
	w->column += w->piece.n;
	if (w->status == STATUS_OK) {
		w->status = w->piece.status;
	}
	buf_reset(&w->piece);
}

/* Writes the piece after white space; may_stay: on this line if it fits. */
static void
put_piece(struct writer *w, bool may_stay)
{
	/* One column is reserved for a ';'. */
	bool fits = w->column + 1 + w->piece.n + 1 <= LINE_MAX_COLUMNS;

	if (w->fold && !(may_stay && fits)) {
		buf_add_cstr(w->out, "\r\n\t");
		w->column = TAB_COLUMNS;
	} else {
		buf_add_char(w->out, ' ');
		w->column++;
	}
	put_text(w);
}

static void
put_semicolon(struct writer *w)
{
	buf_add_char(w->out, ';');
	w->column++;
}

/* Drops controls; invalid UTF-8, or any if not utf8, becomes '?'. */
static struct str
clean_value(struct writer *w, struct str s)
{
	uint32_t code;
	size_t n;

	buf_reset(&w->clean);
	for (; s.n > 0; s = str_from_offset(s, n)) {
		n = utf8_decode(s, &code);
		if (n == 0 || (n > 1 && !w->utf8)) {
			n = 1;
			buf_add_char(&w->clean, '?');
		} else if (code >= ' ' && (code < 0x7f || code >= 0xa0)) {
			buf_add(&w->clean, s.p, n);
		}
	}
	if (w->status == STATUS_OK) {
		w->status = w->clean.status;
	}
	return (buf_str(&w->clean));
}

static void
add_escaped(struct writer *w, char open, struct str s, char close)
{
	size_t i;

	buf_add_char(&w->piece, open);
	for (i = 0; i < s.n; i++) {
		if (s.p[i] == open || s.p[i] == close || s.p[i] == '\\') {
			buf_add_char(&w->piece, '\\');
		}
		buf_add_char(&w->piece, s.p[i]);
	}
	buf_add_char(&w->piece, close);
}

static bool
is_token(struct str s)
{
	struct scan scan = { s };
	struct str run;

	return (scan_run(&scan, scan_is_token_char, &run) &&
	    scan_at_end(&scan));
}

/* RFC 8601 2.2 pvalue: an address is not quoted, like a token. */
static void
add_value(struct writer *w, struct str value, bool may_be_address)
{
	struct str s = clean_value(w, value);

	if (is_token(s) || (may_be_address && scan_is_address(s))) {
		buf_add_str(&w->piece, s);
	} else {
		add_escaped(w, '"', s, '"');
	}
}

/* Keywords come from us, not from the message: do not repair them. */
static void
add_keyword(struct writer *w, struct str s)
{
	if (!scan_is_keyword(s)) {
		w->status = STATUS_SYNTAX;
	}
	buf_add_str(&w->piece, s);
}

static void
write_result(struct writer *w, const struct authres_result *r)
{
	size_t i;

	add_keyword(w, r->method);
	if (r->version > 1) {
		buf_printf(&w->piece, "/%u", r->version);
	}
	buf_add_char(&w->piece, '=');
	add_keyword(w, r->result);
	put_piece(w, false);
	if (r->comment.p != NULL) {
		add_escaped(w, '(', clean_value(w, r->comment), ')');
		put_piece(w, true);
	}
	if (r->reason.p != NULL) {
		buf_add_cstr(&w->piece, "reason=");
		add_value(w, r->reason, false);
		put_piece(w, true);
	}
	for (i = 0; i < r->n; i++) {
		add_keyword(w, r->v[i].ptype);
		buf_add_char(&w->piece, '.');
		add_keyword(w, r->v[i].property);
		buf_add_char(&w->piece, '=');
		add_value(w, r->v[i].value, true);
		put_piece(w, true);
	}
}

enum status
authres_write(struct buf *out, const struct authres *a, bool fold, bool utf8)
{
	struct writer w = { .out = out, .fold = fold, .utf8 = utf8,
		.column = NAME_COLUMNS };
	size_t i;

	buf_init(&w.piece, PIECE_MAX_BYTES);
	buf_init(&w.clean, PIECE_MAX_BYTES);
	add_value(&w, a->authserv_id, false);
	put_text(&w);
	if (a->version > 1) {
		buf_printf(&w.piece, "%u", a->version);
		put_piece(&w, true);
	}
	put_semicolon(&w);
	for (i = 0; i < a->n; i++) {
		write_result(&w, &a->v[i]);
		if (i + 1 < a->n) {
			put_semicolon(&w);
		}
	}
	if (a->n == 0) {
		buf_add_cstr(&w.piece, "none");
		put_piece(&w, true);
	}
	buf_fini(&w.piece);
	buf_fini(&w.clean);
	return (out->status != STATUS_OK ? out->status : w.status);
}
