/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads their files: "Option value" lines, '#' comments, Include. */
#include "conf/table.h"
#include "tools/import.h"

const struct import_option *
import_option_find(const struct import_option *v, struct str name)
{
	for (; v->name != NULL; v++) {
		struct str theirs = str_from(v->name);

		if (theirs.p[theirs.n - 1] == '*' ? str_starts_ci(name,
		    str_first(theirs, theirs.n - 1)) :
		    str_eq_ci(name, theirs)) {
			return (v);
		}
	}
	return (NULL);
}

static enum status	read_file(struct import *,
			    const struct import_option *, const char *path,
			    unsigned depth, struct diag *);

static enum status
add_option(struct import *im, const struct import_given *given,
    struct diag *diag)
{
	if (im->v == NULL) {
		im->v = arena_calloc(&im->arena, IMPORT_MAX_GIVEN,
		    sizeof(*im->v));
		if (im->v == NULL) {
			return (STATUS_NOMEM);
		}
	}
	if (im->n >= IMPORT_MAX_GIVEN) {
		diag_set(diag, given->file, given->line,
		    "more than %d options", IMPORT_MAX_GIVEN);
		return (STATUS_LIMIT);
	}
	im->v[im->n++] = *given;
	return (STATUS_OK);
}

static enum status
take_line(struct import *im, const struct import_option *options,
    struct import_given *given, struct str line, unsigned depth,
    struct diag *diag)
{
	char *path;

	if (memchr(line.p, '\0', line.n) != NULL) {
		diag_set(diag, given->file, given->line, "a NUL byte");
		return (STATUS_SYNTAX);
	}
	if (line.n > CONF_LINE_MAX_BYTES) {
		diag_set(diag, given->file, given->line,
		    "a line of more than %d bytes", CONF_LINE_MAX_BYTES);
		return (STATUS_LIMIT);
	}
	conf_line_split(line, &given->name, &given->value);
	given->option = import_option_find(options, given->name);
	if (given->option == NULL || given->option->kind != IMPORT_INCLUDE) {
		return (add_option(im, given, diag));
	}
	if (depth >= IMPORT_MAX_DEPTH) {
		diag_set(diag, given->file, given->line,
		    "Include: nested more than %d deep",
		    IMPORT_MAX_DEPTH);
		return (STATUS_LIMIT);
	}
	path = arena_cstr(&im->arena, given->value);
	return (path == NULL ? STATUS_NOMEM :
	    read_file(im, options, path, depth + 1, diag));
}

static enum status
read_file(struct import *im, const struct import_option *options,
    const char *path, unsigned depth, struct diag *diag)
{
	struct import_given given = { .file = path };
	struct conf_lines lines = { .line = 0 };
	enum status status;
	struct str line;

	status = conf_file_read(path, IMPORT_MAX_BYTES, &im->arena, NULL,
	    &lines.rest, diag);
	while (status == STATUS_OK && conf_lines_next(&lines, &line)) {
		given.line = lines.line;
		status = take_line(im, options, &given, line, depth, diag);
	}
	return (status);
}

enum status
import_read(struct import *im, const struct import_option *options,
    const char *path, struct diag *diag)
{
	return (read_file(im, options, path, 0, diag));
}

const struct import_given *
import_get(const struct import *im, const char *name)
{
	size_t i;

	for (i = im->n; i > 0; i--) {
		if (str_eq_ci(im->v[i - 1].name, str_from(name))) {
			return (&im->v[i - 1]);
		}
	}
	return (NULL);
}
