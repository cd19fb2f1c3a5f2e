/* SPDX-License-Identifier: BSD-2-Clause */
/* The text of a configuration for a process that opens no key store. */
#include "conf/table.h"

/* Each different from the others, as the store itself is. */
static void
write_line(struct buf *out, struct str line, unsigned number)
{
	struct str name, value;

	conf_line_split(line, &name, &value);
	if (str_eq_ci(name, STR("KeyStore")) &&
	    str_starts(value, STR("postgres:"))) {
		buf_printf(out, "%.*s postgres:%u", STR_FMT(name), number);
	} else {
		buf_add_str(out, line);
	}
}

enum status
conf_hide_key_stores(struct str text, struct buf *out)
{
	struct conf_lines lines = { text, 0 };
	unsigned written = 1;
	struct str line;

	/* Lines keep their numbers, for messages. */
	while (conf_lines_next(&lines, &line)) {
		for (; written < lines.line; written++) {
			buf_add_char(out, '\n');
		}
		write_line(out, line, lines.line);
	}
	buf_add_char(out, '\n');
	return (out->status);
}
