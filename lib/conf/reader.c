/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads "Option value" lines by a table. */
#include <stdio.h>

#include "base/escape.h"
#include "conf/table.h"

#define SHOWN_MAX_BYTES	80	/* of an invalid value in a message */

const struct conf_option *
conf_option_find(const struct conf_options *options, struct str name)
{
	size_t i;

	for (i = 0; i < options->n; i++) {
		if (str_eq_ci(name, str_from(options->v[i].name))) {
			return (&options->v[i]);
		}
	}
	return (NULL);
}

unsigned
conf_reader_line(const struct conf_reader *r, const char *name)
{
	return (r->lines[conf_option_find(r->options, str_from(name)) -
	    r->options->v]);
}

enum status
conf_reject(struct conf_reader *r, const struct conf_option *o,
    struct str value, const char *why)
{
	struct buf shown;

	buf_init(&shown, DIAG_MAX_BYTES);
	escape_text(&shown, value, SHOWN_MAX_BYTES);
	diag_set(r->diag, r->file, r->line, "%s: \"%s\" %s", o->name,
	    shown.p != NULL ? shown.p : "", why);
	buf_fini(&shown);
	return (STATUS_SYNTAX);
}

enum status
conf_reject_form(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	char why[256];

	if (o->max == 0) {
		snprintf(why, sizeof(why), "is not %s", o->form);
	} else {
		snprintf(why, sizeof(why), "is not a %s from %ju to %ju",
		    o->form, (uintmax_t)o->min, (uintmax_t)o->max);
	}
	return (conf_reject(r, o, value, why));
}

enum status
conf_no_memory(struct conf_reader *r)
{
	diag_set(r->diag, r->file, r->line, "%s", status_text(STATUS_NOMEM));
	return (STATUS_NOMEM);
}

enum status
conf_line_check(struct conf_reader *r, struct str line)
{
	if (line.n > CONF_LINE_MAX_BYTES) {
		diag_set(r->diag, r->file, r->line,
		    "a line of more than %d bytes", CONF_LINE_MAX_BYTES);
		return (STATUS_LIMIT);
	}
	if (memchr(line.p, '\0', line.n) != NULL) {
		diag_set(r->diag, r->file, r->line, "a NUL byte");
		return (STATUS_SYNTAX);
	}
	return (STATUS_OK);
}

void
conf_line_split(struct str line, struct str *name_r, struct str *value_r)
{
	size_t n = 0;

	while (n < line.n && !char_is_wsp(line.p[n])) {
		n++;
	}
	*name_r = str_first(line, n);
	*value_r = str_trim_wsp(str_from_offset(line, n));
}

static enum status
set_option(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	unsigned *line = &r->lines[o - r->options->v];

	if (value.n == 0) {
		diag_set(r->diag, r->file, r->line, "%s: no value; expected %s",
		    o->name, o->form);
		return (STATUS_SYNTAX);
	}
	if (*line > 0 && !o->repeats) {
		diag_set(r->diag, r->file, r->line,
		    "%s is already set on line %u", o->name, *line);
		return (STATUS_SYNTAX);
	}
	*line = r->line;
	return (o->set(r, o, value));
}

static enum status
read_line(struct conf_reader *r, struct str line)
{
	const struct conf_option *o;
	struct str name, value;
	enum status status;

	status = conf_line_check(r, line);
	if (status != STATUS_OK) {
		return (status);
	}
	conf_line_split(line, &name, &value);
	o = conf_option_find(r->options, name);
	if (o != NULL) {
		return (set_option(r, o, value));
	}
	return (r->skips_unknown ? STATUS_OK : conf_reject_unknown(r, name));
}

static enum status
set_fallbacks(struct conf_reader *r)
{
	enum status status = STATUS_OK;
	size_t i;

	r->line = 0;
	for (i = 0; i < r->options->n && status == STATUS_OK; i++) {
		const struct conf_option *o = &r->options->v[i];

		if (r->lines[i] == 0 && o->fallback[0] != '\0') {
			status = o->set(r, o, str_from(o->fallback));
		}
	}
	return (status);
}

enum status
conf_read(struct conf_reader *r, struct str text)
{
	struct conf_lines lines = { text, 0 };
	enum status status;
	struct str line;

	while (conf_lines_next(&lines, &line)) {
		r->line = lines.line;
		status = read_line(r, line);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	return (set_fallbacks(r));
}
