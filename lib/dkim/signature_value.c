/* SPDX-License-Identifier: BSD-2-Clause */
#include "dkim/signature.h"
#include "dkim/signature_value.h"
#include "mail/field.h"

struct str
signature_without_fws(struct arena *a, struct str s)
{
	char *p = arena_cstr(a, s);
	size_t i, n = 0;

	if (p == NULL) {
		return (STR_NONE);
	}
	for (i = 0; i < s.n; i++) {
		if (!char_is_fws(s.p[i])) {
			p[n++] = s.p[i];
		}
	}
	p[n] = '\0';
	return (str_mem(p, n));
}

static int
hex_value(char c)
{
	if (char_is_digit(c)) {
		return (c - '0');
	}
	return (c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1);
}

enum status
signature_unquote(struct arena *a, struct str s, struct str *text_r)
{
	struct str in = signature_without_fws(a, s);
	char *p = arena_cstr(a, in);
	size_t i, n = 0;
	int high, low;

	if (in.p == NULL || p == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < in.n; i++) {
		if (in.p[i] != '=') {
			p[n++] = in.p[i];
			continue;
		}
		if (in.n - i < 3) {
			return (STATUS_SYNTAX);
		}
		high = hex_value(in.p[i + 1]);
		low = hex_value(in.p[i + 2]);
		if (high < 0 || low < 0) {
			return (STATUS_SYNTAX);
		}
		p[n++] = (char)(high << 4 | low);
		i += 2;
	}
	*text_r = str_mem(p, n);
	return (STATUS_OK);
}

void
signature_quote(struct buf *out, struct str s)
{
	unsigned char c;
	size_t i;

	for (i = 0; i < s.n; i++) {
		c = (unsigned char)s.p[i];
		if (c > ' ' && c < 0x7f && c != ';' && c != '=') {
			buf_add_char(out, s.p[i]);
		} else {
			buf_printf(out, "=%02X", c);
		}
	}
}

enum status
signature_names(struct arena *a, struct str s, struct str **names_r,
    size_t *n_r)
{
	struct str rest = s, name;
	struct str *names;
	size_t i, n = 1;

	for (i = 0; i < s.n; i++) {
		n += s.p[i] == ':';
	}
	if (n > DKIM_MAX_SIGNED_FIELDS) {
		return (STATUS_LIMIT);
	}
	names = arena_calloc(a, n, sizeof(*names));
	if (names == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; str_next(&rest, ':', &name); ) {
		name = str_trim_fws(name);
		if (field_name_is_valid(name)) {
			names[i++] = name;
		} else if (name.n > 0) {
			return (STATUS_SYNTAX);
		}
	}
	*names_r = names;
	*n_r = i;
	return (STATUS_OK);
}
