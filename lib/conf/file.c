/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/access.h"
#include "base/file.h"
#include "conf/table.h"

/* A copy in the arena, without one in freed memory: it may be a key. */
static enum status
read_text(int fd, const char *path, size_t max_bytes, struct arena *arena,
    struct str *text_r, struct diag *diag)
{
	enum status status;
	struct buf buf;

	buf_init(&buf, max_bytes);
	status = file_read(fd, path, &buf, diag);
	if (status == STATUS_OK) {
		*text_r = arena_dup(arena, buf_str(&buf));
		status = text_r->p != NULL ? STATUS_OK : STATUS_NOMEM;
	}
	if (status == STATUS_NOMEM) {
		diag_set(diag, path, 0, "out of memory");
	}
	buf_fini_secret(&buf);
	return (status);
}

enum status
conf_file_read_fd(int fd, const char *path, size_t max_bytes,
    struct arena *arena, struct stat *st_r, struct str *text_r,
    struct diag *diag)
{
	if (st_r != NULL && fstat(fd, st_r) != 0) {
		diag_set(diag, path, 0, "%s", strerror(errno));
		return (STATUS_IO);
	}
	if (st_r != NULL && !S_ISREG(st_r->st_mode)) {
		diag_set(diag, path, 0, "not a regular file");
		return (STATUS_IO);
	}
	/* A FIFO, which a configuration may be, has no beginning. */
	(void)lseek(fd, 0, SEEK_SET);
	return (read_text(fd, path, max_bytes, arena, text_r, diag));
}

enum status
conf_file_read(const char *path, size_t max_bytes, struct arena *arena,
    struct stat *st_r, struct str *text_r, struct diag *diag)
{
	int fd, flags = O_RDONLY | O_CLOEXEC;
	enum status status;

	/* A key must not be a FIFO, whose open would wait for a writer. */
	fd = open(path, st_r != NULL ? flags | O_NONBLOCK : flags);
	if (fd < 0) {
		return (access_failed(AT_FDCWD, path, path, diag));
	}
	status = conf_file_read_fd(fd, path, max_bytes, arena, st_r, text_r,
	    diag);
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
	const struct str mark = STR("\xef\xbb\xbf");

	if (lines->line == 0 && str_starts(lines->rest, mark)) {
		lines->rest = str_from_offset(lines->rest, mark.n);
	}
	while (str_next(&lines->rest, '\n', line_r)) {
		lines->line++;
		*line_r = str_trim_fws(without_comment(*line_r));
		if (line_r->n > 0) {
			return (true);
		}
	}
	return (false);
}
