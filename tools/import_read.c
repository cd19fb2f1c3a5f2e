/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads their files: "Option value" lines, comments from any '#' on, Include;
 * policyd-spf's "option = value". Whose a file is, its options tell, if they
 * are of one program more than of others; else its name, else the files before
 * it. A file that has options, but none that a program knows, is not one of
 * theirs.
 */
#include "conf/table.h"
#include "tools/import.h"

static const struct {
	const char			*name;
	const char			*part;	/* of a file's name */
	const struct import_option	*options;	/* before the common */
} programs[IMPORT_PROGRAMS] = {
	[IMPORT_OPENDKIM] = { "OpenDKIM", "dkim", import_opendkim },
	[IMPORT_OPENDMARC] = { "OpenDMARC", "dmarc", import_opendmarc },
	[IMPORT_OPENARC] = { "OpenARC", "openarc", import_openarc },
	[IMPORT_POLICYD] = { "policyd-spf", "spf", import_policyd },
};

const char *
import_program_name(enum import_program program)
{
	return (programs[program].name);
}

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

/* NULL: unknown. */
static const struct import_option *
option_of(enum import_program program, struct str name)
{
	const struct import_option *o = import_option_find(
	    programs[program].options, name);

	return (o != NULL || program == IMPORT_POLICYD ? o :
	    import_option_find(import_common, name));
}

bool
import_is_yes(struct str value)
{
	return (value.n > 0 && (char_lower(value.p[0]) == 'y' ||
	    char_lower(value.p[0]) == 't' || value.p[0] == '1'));
}

/* "option = value" has a name without white space before the "=". */
static void
split_line(struct str line, enum import_program program, struct str *name_r,
    struct str *value_r)
{
	size_t eq;

	/* Theirs begin a comment also within a word, ours do not. */
	line = str_trim_fws(str_first(line, str_find(line, '#')));
	eq = str_find(line, '=');
	if (program == IMPORT_POLICYD && eq < line.n) {
		*name_r = str_trim_fws(str_first(line, eq));
		*value_r = str_trim_fws(str_from_offset(line, eq + 1));
	} else {
		conf_line_split(line, name_r, value_r);
	}
}

/* How many lines are options of the program. */
static size_t
count_options(struct str text, enum import_program program)
{
	struct conf_lines lines = { .rest = text };
	struct str line, name, value;
	size_t n = 0;

	while (conf_lines_next(&lines, &line)) {
		split_line(line, program, &name, &value);
		n += option_of(program, name) != NULL;
	}
	return (n);
}

static bool
has_part(const char *path, const char *part)
{
	const char *slash = strrchr(path, '/');

	return (strstr(slash != NULL ? slash + 1 : path, part) != NULL);
}

static enum import_program
guess_program(const struct import *im, const char *path, struct str text)
{
	enum import_program program, best = IMPORT_OPENDKIM, named;
	size_t n, most = 0, winners = 0, counts[IMPORT_PROGRAMS];

	for (program = 0; program < IMPORT_PROGRAMS; program++) {
		n = counts[program] = count_options(text, program);
		winners = n > most ? 1 : winners + (n == most && n > 0);
		best = n > most ? program : best;
		most = n > most ? n : most;
	}
	if (winners == 1) {
		return (best);
	}
	for (named = IMPORT_PROGRAMS; named-- > 0;) {
		if (counts[named] == most &&
		    has_part(path, programs[named].part)) {
			return (named);
		}
	}
	for (named = 0; named < IMPORT_PROGRAMS; named++) {
		if (counts[named] == most && !im->has[named]) {
			return (named);
		}
	}
	return (best);
}

static enum status	read_file(struct import *, struct import_given *,
			    const char *path, unsigned depth, struct diag *);

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
include_file(struct import *im, const struct import_given *given,
    unsigned depth, struct diag *diag)
{
	struct import_given inner = { .program = given->program };
	char *path;

	if (depth >= IMPORT_MAX_DEPTH) {
		diag_set(diag, given->file, given->line,
		    "Include: nested more than %d deep",
		    IMPORT_MAX_DEPTH);
		return (STATUS_LIMIT);
	}
	path = arena_cstr(&im->arena, given->value);
	return (path == NULL ? STATUS_NOMEM :
	    read_file(im, &inner, path, depth + 1, diag));
}

static enum status
take_line(struct import *im, struct import_given *given, struct str line,
    unsigned depth, struct diag *diag)
{
	if (memchr(line.p, '\0', line.n) != NULL) {
		diag_set(diag, given->file, given->line, "a NUL byte");
		return (STATUS_SYNTAX);
	}
	if (line.n > CONF_LINE_MAX_BYTES) {
		diag_set(diag, given->file, given->line,
		    "a line of more than %d bytes", CONF_LINE_MAX_BYTES);
		return (STATUS_LIMIT);
	}
	split_line(line, given->program, &given->name, &given->value);
	given->option = option_of(given->program, given->name);
	return (given->option != NULL &&
	    given->option->kind == IMPORT_INCLUDE ?
	    include_file(im, given, depth, diag) :
	    add_option(im, given, diag));
}

/* A program of IMPORT_PROGRAMS is to be found out. */
static enum status
read_file(struct import *im, struct import_given *given, const char *path,
    unsigned depth, struct diag *diag)
{
	struct conf_lines lines = { .line = 0 };
	enum status status;
	struct str line;

	status = conf_file_read(path, IMPORT_MAX_BYTES, &im->arena, NULL,
	    &lines.rest, diag);
	if (status == STATUS_OK && given->program == IMPORT_PROGRAMS) {
		given->program = guess_program(im, path, lines.rest);
	}
	given->file = path;
	while (status == STATUS_OK && conf_lines_next(&lines, &line)) {
		given->line = lines.line;
		status = take_line(im, given, line, depth, diag);
	}
	return (status);
}

/* Of the options from one on, whether there are none or one is known. */
static bool
is_theirs(const struct import *im, size_t first)
{
	size_t i;

	for (i = first; i < im->n; i++) {
		if (im->v[i].option != NULL) {
			return (true);
		}
	}
	return (first == im->n);
}

enum status
import_read(struct import *im, enum import_program program, const char *path,
    struct diag *diag)
{
	struct import_given given = { .program = program };
	size_t first = im->n;
	enum status status;

	if (im->files_n >= IMPORT_MAX_FILES) {
		diag_set(diag, path, 0, "more than %d files",
		    IMPORT_MAX_FILES);
		return (STATUS_LIMIT);
	}
	status = read_file(im, &given, path, 0, diag);
	if (status == STATUS_OK && !is_theirs(im, first)) {
		diag_set(diag, path, 0, "no configuration of OpenDKIM, "
		    "OpenDMARC, OpenARC or policyd-spf: no option of theirs "
		    "is in it");
		return (STATUS_SYNTAX);
	}
	if (status == STATUS_OK) {
		im->files[im->files_n] = path;
		im->programs[im->files_n++] = given.program;
		im->has[given.program] = true;
	}
	return (status);
}

const struct import_given *
import_get(const struct import *im, enum import_program program,
    const char *name)
{
	size_t i;

	for (i = im->n; i > 0; i--) {
		const struct import_given *given = &im->v[i - 1];

		if (given->program == program &&
		    str_eq_ci(given->name, str_from(name))) {
			return (given);
		}
	}
	return (NULL);
}

const struct import_given *
import_dkim(const struct import *im, const char *name)
{
	return (import_get(im, IMPORT_OPENDKIM, name));
}

bool
import_is_set(const struct import *im, enum import_program program,
    const char *name)
{
	const struct import_given *given = import_get(im, program, name);

	return (given != NULL && import_is_yes(given->value));
}
