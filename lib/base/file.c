/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define CHUNK_BYTES	65536

/* One octet more than a regular file has: less is read, so that its end is
   found with it. */
static void
reserve_size(size_t size, struct buf *buf)
{
	size_t left = buf->max_bytes - buf->n;

	if (size > 0) {
		buf_reserve(buf, size < left ? size + 1 : left);
	}
}

/* As read(2). At the ceiling, LIMIT if there is more. *short_r: it gave less
   than there was space for. */
static ssize_t
read_some(int fd, struct buf *buf, bool *short_r)
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
	room = room < left ? room : left;
	got = read(fd, buf->p + buf->n, room);
	*short_r = got >= 0 && (size_t)got < room;
	buf->n += got > 0 ? (size_t)got : 0;
	buf->p[buf->n] = '\0';
	return (got);
}

enum status
file_read(int fd, const char *shown, struct buf *buf, struct diag *diag)
{
	struct stat st;

	return (file_read_sized(fd, shown, buf->cap == 0 &&
	    fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 ?
	    (size_t)st.st_size : 0, buf, diag));
}

enum status
file_read_sized(int fd, const char *shown, size_t size, struct buf *buf,
    struct diag *diag)
{
	const size_t end = buf->n + size;
	bool is_short = false;
	ssize_t got;

	reserve_size(size, buf);
	do {
		got = read_some(fd, buf, &is_short);
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
	} while ((got > 0 && !(is_short && buf->n == end)) ||
	    (got == -1 && errno == EINTR));
	if (got == -1) {
		diag_set(diag, shown, 0, "%s", strerror(errno));
		return (STATUS_IO);
	}
	return (STATUS_OK);
}
