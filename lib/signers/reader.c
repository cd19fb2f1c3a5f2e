/* SPDX-License-Identifier: BSD-2-Clause */
/* reader: the lines of a table. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/escape.h"
#include "signers/table.h"

#define SHOWN_MAX_BYTES	80	/* of a bad text in a message */

static enum status
read_all(int fd, struct table_text *r)
{
	size_t got = 0;
	ssize_t n;

	while (got < r->n) {
		n = read(fd, r->p + got, r->n - got);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return (STATUS_IO);
		}
		if (n == 0) {
			break;
		}
		got += (size_t)n;
	}
	/* It may have become shorter since fstat. */
	r->n = got;
	return (STATUS_OK);
}

static enum status
read_text(int fd, const char *path, struct table_text *r, struct diag *diag)
{
	struct stat st;

	if (fstat(fd, &st) != 0) {
		diag_set(diag, path, 0, "%s", strerror(errno));
		return (STATUS_IO);
	}
	if (!S_ISREG(st.st_mode)) {
		diag_set(diag, path, 0, "not a regular file");
		return (STATUS_IO);
	}
	if (st.st_size > TABLE_MAX_BYTES) {
		diag_set(diag, path, 0, "larger than %d bytes",
		    TABLE_MAX_BYTES);
		return (STATUS_LIMIT);
	}
	r->n = (size_t)st.st_size;
	r->p = malloc(r->n + 1);
	if (r->p == NULL) {
		diag_set(diag, path, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	if (read_all(fd, r) != STATUS_OK) {
		diag_set(diag, path, 0, "%s", strerror(errno));
		return (STATUS_IO);
	}
	return (STATUS_OK);
}

enum status
table_text_read(const char *path, struct table_text *r, struct diag *diag)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum status status;

	*r = (struct table_text){ NULL, 0 };
	if (fd < 0) {
		diag_set(diag, path, 0, "%s", strerror(errno));
		return (STATUS_IO);
	}
	status = read_text(fd, path, r, diag);
	close(fd);
	if (status != STATUS_OK) {
		table_text_fini(r);
	}
	return (status);
}

enum status
table_text_from(struct str s, struct table_text *r)
{
	r->p = malloc(s.n + 1);
	r->n = s.n;
	if (r->p == NULL) {
		return (STATUS_NOMEM);
	}
	if (s.n > 0) {
		memcpy(r->p, s.p, s.n);
	}
	return (STATUS_OK);
}

void
table_text_fini(struct table_text *text)
{
	if (text->p != NULL) {
		explicit_bzero(text->p, text->n);
	}
	free(text->p);
	*text = (struct table_text){ NULL, 0 };
}

void
table_reader_init(struct table_reader *r, const struct table_text *text,
    const char *name, const struct env *env, struct diag *diag)
{
	*r = (struct table_reader){ .name = name, .env = env, .diag = diag,
		.rest = str_mem(text->p, text->n) };
}

/* As isspace() has it in the C locale, and thus OpenDKIM. */
static bool
is_space(char c)
{
	return (char_is_fws(c) || c == '\v' || c == '\f');
}

static struct str
trim(struct str s)
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
split(struct str line, struct str *key_r, struct str *value_r)
{
	size_t n = 0;

	while (n < line.n && !is_space(line.p[n])) {
		n++;
	}
	*key_r = str_first(line, n);
	*value_r = trim(str_from_offset(line, n));
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
		line = trim(str_first(line, str_find(line, '#')));
		if (line.n > 0) {
			split(line, key_r, value_r);
			return (STATUS_OK);
		}
	}
	return (STATUS_OK);
}

/* Shows the text, shortened; NULL: no memory, and then without it. */
static const char *
show(struct buf *b, struct str text)
{
	buf_init(b, 8 * SHOWN_MAX_BYTES);
	escape_text(b, text, SHOWN_MAX_BYTES);
	return (b->status == STATUS_OK && b->p != NULL ? b->p : "");
}

enum status
table_reject(struct table_reader *r, struct str text, const char *what)
{
	struct buf b;

	diag_set(r->diag, r->name, r->line, "\"%s\" %s", show(&b, text), what);
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
		    r->line, show(&b, text), what);
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
