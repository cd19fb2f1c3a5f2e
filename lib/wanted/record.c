/* SPDX-License-Identifier: BSD-2-Clause */
#include "wanted/record.h"

static void
add_escaped(struct buf *out, char c, const char *special)
{
	if ((unsigned char)c < ' ' || (unsigned char)c > '~') {
		buf_printf(out, "\\%03u", (unsigned)(unsigned char)c);
		return;
	}
	if (c != '\0' && strchr(special, c) != NULL) {
		buf_add_char(out, '\\');
	}
	buf_add_char(out, c);
}

void
record_text(struct buf *out, struct str text)
{
	size_t i;

	for (i = 0; i < text.n; i++) {
		add_escaped(out, text.p[i], "");
	}
}

void
record_strings(struct buf *out, struct str value)
{
	size_t i;

	buf_add_char(out, '"');
	for (i = 0; i < value.n; i++) {
		if (i > 0 && i % RECORD_STRING_MAX_BYTES == 0) {
			buf_add_cstr(out, "\" \"");
		}
		add_escaped(out, value.p[i], "\"\\");
	}
	buf_add_char(out, '"');
}

/* A space separates the parts of a value; there is none in a name. */
static void
add_plain(struct buf *out, struct str text)
{
	size_t i;

	for (i = 0; i < text.n; i++) {
		add_escaped(out, text.p[i], "\"\\;()@$");
	}
}

void
record_data(struct buf *out, const char *type, struct str value)
{
	if (strcmp(type, "TXT") == 0) {
		record_strings(out, value);
	} else {
		add_plain(out, value);
	}
}

void
record_short_line(struct buf *out, struct str owner, const char *type,
    struct str value)
{
	add_plain(out, owner);
	buf_printf(out, ". %s ", type);
	record_data(out, type, value);
}

void
record_zone_line(struct buf *out, struct str owner, const char *type,
    struct str value)
{
	add_plain(out, owner);
	buf_printf(out, ". IN %s ", type);
	record_data(out, type, value);
	buf_add_char(out, '\n');
}

void
record_update_add(struct buf *out, struct str owner, unsigned ttl_s,
    const char *type, struct str value)
{
	buf_add_cstr(out, "update add ");
	add_plain(out, owner);
	buf_printf(out, ". %u IN %s ", ttl_s, type);
	record_data(out, type, value);
	buf_add_char(out, '\n');
}

struct str
record_relative(struct str owner, struct str zone)
{
	if (str_eq_ci(owner, zone)) {
		return (STR(""));
	}
	if (zone.n > 0 && owner.n > zone.n + 1 &&
	    owner.p[owner.n - zone.n - 1] == '.' &&
	    str_ends_ci(owner, zone)) {
		return (str_first(owner, owner.n - zone.n - 1));
	}
	return (owner);
}
