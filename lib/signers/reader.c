/* SPDX-License-Identifier: BSD-2-Clause */
/* reader: splits a table into lines. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/file.h"
#include "signers/table.h"

#define SHOWN_MAX_BYTES	80	/* of the text in a message */

static const struct str inline_prefix = { "csl:", 4 };

const char *
table_name(const char *path)
{
	return (str_starts_ci(str_from(path), inline_prefix) ? "csl" : path);
}

/* "csl:key=value,key=value" as the lines of a file. */
static enum status
expand_inline(struct str list, struct buf *text_r, struct diag *diag)
{
	struct str item;
	size_t eq;

	while (str_next(&list, ',', &item)) {
		eq = str_find(item, '=');
		buf_add_str(text_r, str_trim_fws(str_first(item, eq)));
		buf_add_char(text_r, ' ');
		buf_add_str(text_r, str_trim_fws(str_from_offset(item,
		    eq + 1)));
		buf_add_char(text_r, '\n');
	}
	if (text_r->status != STATUS_OK) {
		diag_set(diag, "csl", 0, "%s", status_text(text_r->status));
	}
	return (text_r->status);
}

static enum status
read_table_file(const char *path, struct buf *text_r, struct diag *diag)
{
	/* Opening a FIFO would wait for a writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum status status = STATUS_IO;
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1) {
		diag_set(diag, path, 0, "%s", strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		diag_set(diag, path, 0, "not a regular file");
	} else {
		status = file_read(fd, path, text_r, diag);
	}
	if (fd != -1) {
		(void)close(fd);
	}
	return (status);
}

enum status
table_text_read(const char *path, struct buf *text_r, struct diag *diag)
{
	enum status status;

	buf_init(text_r, TABLE_MAX_BYTES);
	status = str_starts_ci(str_from(path), inline_prefix) ?
	    expand_inline(str_from(path + inline_prefix.n), text_r, diag) :
	    read_table_file(path, text_r, diag);
	if (status != STATUS_OK) {
		buf_fini_secret(text_r);
	}
	return (status);
}

void
table_reader_init(struct table_reader *r, const struct buf *text,
    const char *name, const struct env *env, struct diag *diag)
{
	*r = (struct table_reader){ .name = name, .env = env, .diag = diag,
		.rest = buf_str(text) };
}

/* The set of isspace() in the C locale, which OpenDKIM uses. */
static bool
is_space(char c)
{
	return (char_is_fws(c) || c == '\v' || c == '\f');
}

static struct str
trim_spaces(struct str s)
{
	while (s.n > 0 && is_space(s.p[0])) {
		s = str_from_offset(s, 1);
	}
	while (s.n > 0 && is_space(s.p[s.n - 1])) {
		s.n--;
	}
	return (s);
}

static void
split_line(struct str line, struct str *key_r, struct str *value_r)
{
	size_t n = 0;

	while (n < line.n && !is_space(line.p[n])) {
		n++;
	}
	*key_r = str_first(line, n);
	*value_r = trim_spaces(str_from_offset(line, n));
}

enum status
table_reader_next(struct table_reader *r, struct str *key_r,
    struct str *value_r)
{
	struct str line;

	*key_r = *value_r = STR_NONE;
	while (str_next(&r->rest, '\n', &line)) {
		r->line++;
		if (line.n > TABLE_LINE_MAX_BYTES) {
			diag_set(r->diag, r->name, r->line,
			    "a line of more than %d bytes",
			    TABLE_LINE_MAX_BYTES);
			return (STATUS_LIMIT);
		}
		if (memchr(line.p, '\0', line.n) != NULL) {
			diag_set(r->diag, r->name, r->line, "a NUL byte");
			return (STATUS_SYNTAX);
		}
		r->indented = line.n > 0 && is_space(line.p[0]);
		line = trim_spaces(str_first(line, str_find(line, '#')));
		if (line.n > 0) {
			split_line(line, key_r, value_r);
			return (STATUS_OK);
		}
	}
	return (STATUS_OK);
}

/* The text, escaped and shortened; "" when out of memory. */
static const char *
escape_shown(struct buf *b, struct str text)
{
	buf_init(b, 8 * SHOWN_MAX_BYTES);
	escape_text(b, text, SHOWN_MAX_BYTES);
	return (b->status == STATUS_OK && b->p != NULL ? b->p : "");
}

enum status
table_reject(struct table_reader *r, struct str text, const char *what)
{
	struct buf b;

	diag_set(r->diag, r->name, r->line, "\"%s\" %s", escape_shown(&b, text),
	    what);
	buf_fini(&b);
	return (STATUS_SYNTAX);
}

enum status
table_no_memory(struct table_reader *r)
{
	diag_set(r->diag, r->name, r->line, "out of memory");
	return (STATUS_NOMEM);
}

void
table_warn(struct table_reader *r, struct str text, const char *what)
{
	struct buf b;

	if (r->warnings++ < TABLE_WARNINGS_MAX) {
		env_log(r->env, LOG_LEVEL_WARNING, "%s:%u: \"%s\" %s", r->name,
		    r->line, escape_shown(&b, text), what);
		buf_fini(&b);
	}
}

void
table_reader_end(struct table_reader *r)
{
	if (r->warnings > TABLE_WARNINGS_MAX) {
		env_log(r->env, LOG_LEVEL_WARNING, "%s: %u more warnings of "
		    "this kind", r->name, r->warnings - TABLE_WARNINGS_MAX);
	}
}
