/* SPDX-License-Identifier: BSD-2-Clause */
/* write_clean: what a sender wrote, as it may stand in a report. */
#include "base/escape.h"
#include "base/utf8.h"
#include "mail/domain.h"
#include "report/write_private.h"

#define REPLACEMENT	"\xef\xbf\xbd"	/* U+FFFD */

static char
name_char(char c, bool at_end)
{
	c = char_lower(c);
	if (char_is_alpha(c) || char_is_digit(c) || (c == '-' && !at_end)) {
		return (c);
	}
	return ('_');
}

/* Appends a label, unless the name would become too long. */
static size_t
add_label(char *out, size_t n, struct str label)
{
	size_t i;

	label = str_first(label, DOMAIN_LABEL_MAX_BYTES);
	if (label.n == 0 || n + (n > 0) + label.n > DOMAIN_MAX_BYTES) {
		return (n);
	}
	if (n > 0) {
		out[n++] = '.';
	}
	for (i = 0; i < label.n; i++) {
		out[n++] = name_char(label.p[i], i == 0 || i + 1 == label.n);
	}
	return (n);
}

const char *
write_clean_name(struct arena *arena, struct str raw)
{
	char out[DOMAIN_MAX_BYTES];
	struct str name, label;
	size_t n = 0;

	switch (domain_normalize(arena, raw, &name)) {
	case STATUS_OK:
		break;
	case STATUS_SYNTAX:
		name = raw;
		break;
	default:
		return (NULL);
	}
	while (str_next(&name, '.', &label)) {
		n = add_label(out, n, label);
	}
	return (arena_cstr(arena, str_mem(out, n)));
}

/* Drops a local part: what is before an '@' up to white space. */
static void
drop_local_part(struct buf *out)
{
	while (out->n > 0 && out->p[out->n - 1] != ' ') {
		out->n--;
	}
}

static void
add_char(struct buf *out, struct str s, size_t n, uint32_t code)
{
	if (n == 0 || code == 0xfffe || code == 0xffff) {
		buf_add_cstr(out, REPLACEMENT);
	} else if (code == '\t' || code == '\r' || code == '\n') {
		buf_add_char(out, ' ');
	} else if (escape_is_unsafe(code)) {
		buf_add_cstr(out, REPLACEMENT);
	} else {
		if (code == '@') {
			drop_local_part(out);
		}
		buf_add(out, s.p, n);
	}
}

const char *
write_clean_text(struct arena *arena, struct str raw)
{
	const char *text = NULL;
	struct buf out;
	uint32_t code = 0;
	size_t n;

	buf_init(&out, WRITE_TEXT_MAX_BYTES + sizeof(REPLACEMENT));
	for (raw = str_trim_fws(raw); raw.n > 0 &&
	    out.n < WRITE_TEXT_MAX_BYTES && out.status == STATUS_OK;
	    raw = str_from_offset(raw, n > 0 ? n : 1)) {
		n = utf8_decode(raw, &code);
		add_char(&out, raw, n, code);
	}
	if (out.status == STATUS_OK) {
		text = arena_cstr(arena, str_trim_wsp(buf_str(&out)));
	}
	buf_fini(&out);
	return (text);
}
