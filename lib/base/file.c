/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define CHUNK_BYTES	65536

/* One octet more than a regular file has, for the read that finds its end. */
static void
reserve_size(int fd, struct buf *buf)
{
	size_t left = buf->max_bytes - buf->n, size = 0;
	struct stat st;

	if (buf->cap == 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size > 0) {
		size = (size_t)st.st_size + 1;
	}
	if (size > 0) {
		buf_reserve(buf, size < left ? size : left);
	}
}

/* As read(2). At the ceiling, LIMIT if there is more. */
static ssize_t
read_some(int fd, struct buf *buf)
{
	size_t left = buf->max_bytes - buf->n, room;
	ssize_t got;
	char extra;

	if (left == 0) {
		got = read(fd, &extra, 1);
		buf->status = got > 0 ? STATUS_LIMIT : buf->status;
		return (got);
	}
	if (buf->n + 1 >= buf->cap) {
		buf_reserve(buf, left < CHUNK_BYTES ? left : CHUNK_BYTES);
	}
	if (buf->status != STATUS_OK) {
		return (-1);
	}
	room = buf->cap - buf->n - 1;
	got = read(fd, buf->p + buf->n, room < left ? room : left);
	buf->n += got > 0 ? (size_t)got : 0;
	buf->p[buf->n] = '\0';
	return (got);
}

enum status
file_read(int fd, const char *shown, struct buf *buf, struct diag *diag)
{
	ssize_t got;

	reserve_size(fd, buf);
	do {
		got = read_some(fd, buf);
		if (buf->status == STATUS_LIMIT) {
			diag_set(diag, shown, 0, "larger than %zu bytes",
			    buf->max_bytes);
			return (STATUS_LIMIT);
		}
		if (buf->status != STATUS_OK) {
			diag_set(diag, shown, 0, "%s", status_text(
			    buf->status));
			return (buf->status);
		}
	} while (got > 0 || (got == -1 && errno == EINTR));
	if (got == -1) {
		diag_set(diag, shown, 0, "%s", strerror(errno));
		return (STATUS_IO);
	}
	return (STATUS_OK);
}
