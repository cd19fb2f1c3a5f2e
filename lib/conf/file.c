/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/table.h"

/* Up to max_bytes; one more is the sign that there is too much. */
static enum status
read_all(int fd, size_t max_bytes, struct arena *arena, struct str *text_r)
{
	size_t n = 0;
	ssize_t got;
	char *p;

	p = arena_alloc(arena, max_bytes + 1);
	if (p == NULL) {
		return (STATUS_NOMEM);
	}
	do {
		got = read(fd, p + n, max_bytes + 1 - n);
		if (got > 0) {
			n += (size_t)got;
		}
	} while ((got > 0 && n <= max_bytes) || (got < 0 && errno == EINTR));
	*text_r = str_mem(p, n);
	if (got < 0) {
		return (STATUS_IO);
	}
	return (n > max_bytes ? STATUS_LIMIT : STATUS_OK);
}

enum status
conf_file_read(const char *path, size_t max_bytes, struct arena *arena,
    struct stat *st_r, struct str *text_r, struct diag *diag)
{
	enum status status = STATUS_IO;
	int fd, flags = O_RDONLY | O_CLOEXEC;

	/* A key must not be a FIFO, whose open would wait for a writer. */
	fd = open(path, st_r != NULL ? flags | O_NONBLOCK : flags);
	if (fd < 0) {
		diag_set(diag, path, 0, "%s", strerror(errno));
		return (STATUS_IO);
	}
	if (st_r != NULL && fstat(fd, st_r) != 0) {
		diag_set(diag, path, 0, "%s", strerror(errno));
		goto out;
	}
	if (st_r != NULL && !S_ISREG(st_r->st_mode)) {
		diag_set(diag, path, 0, "not a regular file");
		goto out;
	}
	status = read_all(fd, max_bytes, arena, text_r);
	if (status == STATUS_LIMIT) {
		diag_set(diag, path, 0, "larger than %zu bytes", max_bytes);
	} else if (status != STATUS_OK) {
		diag_set(diag, path, 0, "%s", status == STATUS_IO ?
		    strerror(errno) : status_text(status));
	}
out:
	close(fd);
	return (status);
}

/* A '#' at the start or behind white space begins a comment. */
static struct str
without_comment(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '#' && (i == 0 || char_is_wsp(s.p[i - 1]))) {
			return (str_first(s, i));
		}
	}
	return (s);
}

bool
conf_lines_next(struct conf_lines *lines, struct str *line_r)
{
	while (str_next(&lines->rest, '\n', line_r)) {
		lines->line++;
		*line_r = str_trim_fws(without_comment(*line_r));
		if (line_r->n > 0) {
			return (true);
		}
	}
	return (false);
}
