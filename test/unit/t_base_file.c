/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "tap.h"

#define LARGE_BYTES	200000

static const struct {
	const char	*name;
	size_t		 size;		/* of the file */
	size_t		 max_bytes;
	enum status	 want;
	const char	*text;		/* of the diagnostics */
} rows[] = {
	{ "an empty file", 0, 10, STATUS_OK, "" },
	{ "a ceiling of 0, an empty file", 0, 0, STATUS_OK, "" },
	{ "a ceiling of 0", 1, 0, STATUS_LIMIT,
	    "it: larger than 0 bytes" },
	{ "as large as the ceiling", 10, 10, STATUS_OK, "" },
	{ "one octet more", 11, 10, STATUS_LIMIT,
	    "it: larger than 10 bytes" },
	{ "a large file", LARGE_BYTES, LARGE_BYTES + 1, STATUS_OK, "" },
	{ "a large file, too large", LARGE_BYTES, LARGE_BYTES - 1,
	    STATUS_LIMIT, "it: larger than 199999 bytes" },
};

/* A regular file of that size, or a pipe that a child fills. */
static int
make_source(size_t size, bool is_pipe)
{
	static char octets[LARGE_BYTES];
	FILE *file;
	int fds[2];

	memset(octets, 'x', sizeof(octets));
	if (!is_pipe) {
		file = tmpfile();
		if (file == NULL || fwrite(octets, 1, size, file) != size ||
		    fflush(file) != 0) {
			exit(1);
		}
		rewind(file);
		return (fileno(file));
	}
	if (pipe(fds) != 0) {
		exit(1);
	}
	if (fork() == 0) {
		(void)close(fds[0]);
		(void)!write(fds[1], octets, size);
		_exit(0);
	}
	(void)close(fds[1]);
	return (fds[0]);
}

static void
check_row(size_t i, bool is_pipe)
{
	int fd = make_source(rows[i].size, is_pipe);
	struct diag diag;
	struct buf buf;
	size_t k;

	diag_init(&diag);
	buf_init(&buf, rows[i].max_bytes);
	tap_num(file_read(fd, "it", &buf, &diag), rows[i].want,
	    rows[i].name);
	tap_str(str_from(diag.text), str_from(rows[i].text), rows[i].name);
	for (k = 0; k < buf.n && buf.p[k] == 'x'; k++) {
		continue;
	}
	tap_ok(rows[i].want != STATUS_OK || (buf.n == rows[i].size && k ==
	    buf.n && (buf.p == NULL || buf.p[k] == '\0')),
	    "%s%s: the content", is_pipe ? "a pipe, " : "", rows[i].name);
	buf_fini(&buf);
	(void)close(fd);
}

static void
check_append(void)
{
	int fd = make_source(3, false);
	struct diag diag;
	struct buf buf;

	diag_init(&diag);
	buf_init(&buf, 10);
	buf_add_cstr(&buf, "ab");
	tap_num(file_read(fd, "it", &buf, &diag), STATUS_OK, "append");
	tap_str(buf_str(&buf), STR("abxxx"), "append: the content");
	buf_fini(&buf);
	(void)close(fd);
}

static const struct {
	const char	*name;
	size_t		 size;		/* as it is said to be */
	const char	*text;		/* what is there; the end is not */
	enum status	 want;
} sized[] = {
	{ "sized: all of it is there", 3, "abc", STATUS_OK },
	{ "sized: it has shrunk", 4, "abc", STATUS_IO },
	{ "sized: it has grown", 2, "abc", STATUS_IO },
	{ "sized: the size is not known", 0, "abc", STATUS_IO },
};

/* Whether a read follows that would find the end: here it fails. */
static void
check_sized(size_t i)
{
	struct diag diag;
	struct buf buf;
	int fds[2];

	if (pipe(fds) != 0 || fcntl(fds[0], F_SETFL, O_NONBLOCK) != 0 ||
	    write(fds[1], sized[i].text, strlen(sized[i].text)) == -1) {
		exit(1);
	}
	diag_init(&diag);
	buf_init(&buf, 10);
	tap_num(file_read_sized(fds[0], "it", sized[i].size, &buf, &diag),
	    sized[i].want, sized[i].name);
	tap_str(buf_str(&buf), str_from(sized[i].text), sized[i].name);
	buf_fini(&buf);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static void
check_error(void)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY);
	struct diag diag;
	struct buf buf;

	diag_init(&diag);
	buf_init(&buf, 10);
	tap_num(file_read(fd, "it", &buf, &diag), STATUS_IO, "a directory");
	tap_str(str_from(diag.text), STR("it: Is a directory"),
	    "a directory: the reason");
	buf_fini(&buf);
	(void)close(fd);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(i, false);
		check_row(i, true);
	}
	for (i = 0; i < sizeof(sized) / sizeof(sized[0]); i++) {
		check_sized(i);
	}
	check_append();
	check_error();
	return (tap_done());
}
