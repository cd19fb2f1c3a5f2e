/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "report/redact.h"

/* These end a local part that is not quoted. */
#define DELIMITERS	" <>,;:()[]\"@"
#define QUOTED_AT	STR("%40")	/* of a URI */

enum status
redact_token(const struct redact *r, struct buf *out, struct str text)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char hash[CRYPTO_SHA256_BYTES];
	enum status status = hmac_sha256(r->crypto, str_mem(r->key,
	    sizeof(r->key)), &text, 1, hash);
	size_t i;

	if (status != STATUS_OK) {
		return (status);
	}
	for (i = 0; i < REDACT_TOKEN_CHARS / 2; i++) {
		buf_add_char(out, digits[hash[i] >> 4]);
		buf_add_char(out, digits[hash[i] & 15]);
	}
	return (out->status);
}

enum status
redact_address(const struct redact *r, struct buf *out, struct str local,
    struct str domain)
{
	enum status status = redact_token(r, out, local);

	if (status == STATUS_OK) {
		buf_add_char(out, '@');
		buf_add_str(out, domain);
		status = out->status;
	}
	return (status);
}

/* Printable ASCII alone, with single spaces. False: the text was cut. */
static bool
clean_text(struct buf *out, struct str text)
{
	size_t i;
	char c;

	for (i = 0; i < text.n && out->n < REDACT_TEXT_MAX_BYTES; i++) {
		c = text.p[i];
		if (char_is_fws(c)) {
			c = ' ';
		} else if (c < ' ' || c > '~') {
			c = '?';
		}
		if (c != ' ' || (out->n > 0 && out->p[out->n - 1] != ' ')) {
			buf_add_char(out, c);
		}
	}
	return (i == text.n);
}

/* Length of what stands for "@" at i, or 0. */
static size_t
at_sign(struct str text, size_t i)
{
	if (text.p[i] == '@') {
		return (1);
	}
	return (str_starts_ci(str_from_offset(text, i), QUOTED_AT) ?
	    QUOTED_AT.n : 0);
}

static size_t
skip_spaces_back(struct str text, size_t from, size_t end)
{
	while (end > from && text.p[end - 1] == ' ') {
		end--;
	}
	return (end);
}

/* Where the atoms or the quoted string begin that end at `end`. If that cannot
   be told, because of a comment for instance: at `from`. */
static size_t
word_begin(struct str text, size_t from, size_t end)
{
	size_t last = skip_spaces_back(text, from, end), i = last;

	if (i > from && text.p[i - 1] == '"') {
		for (i--; i > from && (text.p[i - 1] != '"' ||
		    (i > from + 1 && text.p[i - 2] == '\\')); i--) {
			continue;
		}
		return (i > from ? i - 1 : from);
	}
	while (i > from && strchr(DELIMITERS, text.p[i - 1]) == NULL) {
		i--;
	}
	return (i < last ? i : from);
}

/* With comments. */
static size_t
skip_cfws_back(struct str text, size_t from, size_t end)
{
	size_t i, depth;

	end = skip_spaces_back(text, from, end);
	while (end > from && text.p[end - 1] == ')') {
		for (depth = 0, i = end; i > from; i--) {
			depth += text.p[i - 1] == ')';
			depth -= text.p[i - 1] == '(';
			if (depth == 0) {
				break;
			}
		}
		if (i == from) {
			return (end);
		}
		end = skip_spaces_back(text, from, i - 1);
	}
	return (end);
}

/* Where the local part begins that ends at `end`: words with dots between them,
   and white space and comments at the dots (RFC 5322 4.4). */
static size_t
local_begin(struct str text, size_t from, size_t end)
{
	size_t begin = word_begin(text, from, end), last;

	while (begin > from) {
		last = skip_cfws_back(text, from, begin);
		if (last == from || (text.p[last - 1] != '.' &&
		    text.p[begin] != '.')) {
			break;
		}
		begin = word_begin(text, from, last);
	}
	return (begin);
}

/* The end of encoded words at i: that of the last one in the text, since what
   is between two of them is read in different ways; or i. */
static size_t
encoded_end(struct str text, size_t i)
{
	size_t end = text.n;

	if (!str_starts(str_from_offset(text, i), STR("=?"))) {
		return (i);
	}
	while (end >= i + 4 && (text.p[end - 1] != '=' ||
	    text.p[end - 2] != '?')) {
		end--;
	}
	return (end >= i + 4 ? end : text.n);
}

/* Appends what holds no address. */
static void
add_plain(struct buf *out, struct str text)
{
	size_t i;

	for (i = 0; i < text.n; i++) {
		buf_add_char(out, text.p[i]);
		if (i + 4 <= text.n && str_starts_ci(str_from_offset(text, i),
		    STR("http"))) {
			buf_add_cstr(out, "xx");
			i += 2;
		}
	}
}

static enum status
redact_clean(const struct redact *r, struct buf *out, struct str text,
    bool whole)
{
	enum status status = STATUS_OK;
	size_t i = 0, from = 0, at, end, begin;

	while (i < text.n && status == STATUS_OK) {
		at = at_sign(text, i);
		end = encoded_end(text, i);
		if (at > 0) {
			begin = local_begin(text, from, i);
			add_plain(out, str_mem(text.p + from, begin - from));
			if (begin < i) {
				status = redact_token(r, out, str_mem(text.p +
				    begin, i - begin));
			}
			buf_add_char(out, '@');
			from = i = i + at;
		} else if (end > i) {
			add_plain(out, str_mem(text.p + from, i - from));
			status = redact_token(r, out, str_mem(text.p + i,
			    end - i));
			from = i = end;
		} else {
			i++;
		}
	}
	if (whole) {
		add_plain(out, str_from_offset(text, from));
	} else if (status == STATUS_OK && from < text.n) {
		status = redact_token(r, out, str_from_offset(text, from));
	}
	return (status != STATUS_OK ? status : out->status);
}

enum status
redact_text(const struct redact *r, struct buf *out, struct str text)
{
	enum status status;
	struct buf clean;
	bool whole;

	buf_init(&clean, REDACT_TEXT_MAX_BYTES + 1);
	whole = clean_text(&clean, text);
	status = clean.status;
	if (status == STATUS_OK) {
		status = redact_clean(r, out, str_trim_wsp(buf_str(&clean)),
		    whole);
	}
	buf_fini(&clean);
	return (status);
}
