/* SPDX-License-Identifier: BSD-2-Clause */
#include "keystore/record.h"

void
record_strings(struct buf *out, struct str value)
{
	for (; value.n > 0;
	    value = str_from_offset(value, RECORD_STRING_MAX_BYTES)) {
		buf_add_cstr(out, " \"");
		buf_add_str(out, str_first(value, RECORD_STRING_MAX_BYTES));
		buf_add_char(out, '"');
	}
}

/* On one line and without parentheses, for programs that read it by line. */
void
record_zone_line(struct buf *out, struct str owner, struct str value)
{
	buf_printf(out, "%.*s. IN TXT", STR_FMT(owner));
	record_strings(out, value);
	buf_add_char(out, '\n');
}
