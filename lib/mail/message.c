/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "mail/message.h"

#define READ_BYTES	16384

/* RFC 5322 4.5.8: white space may precede the colon. */
static bool
is_field_start(struct str line)
{
	size_t colon = str_find(line, ':');

	return (colon < line.n &&
	    field_name_is_valid(str_trim_wsp_end(str_first(line, colon))));
}

/* Length of the first line of s, with its CRLF; there is no bare LF. */
static size_t
line_length(struct str s)
{
	size_t n = str_find(s, '\n');

	return (n < s.n ? n + 1 : n);
}

/* Length of the header field at the start of s; 0: none. */
static size_t
field_length(struct str s)
{
	size_t n = line_length(s);

	if (!is_field_start(str_first(s, n))) {
		return (0);
	}
	while (n < s.n && char_is_wsp(s.p[n])) {
		n += line_length(str_from_offset(s, n));
	}
	return (n);
}

enum status
message_parse(struct arena *a, struct str s, struct message *r)
{
	enum status status;
	struct str rest;
	size_t n;
	char *p;

	field_list_init(&r->fields);
	r->body = STR("");
	if (s.n == 0) {
		return (STATUS_SYNTAX);
	}
	n = str_crlf_bytes(s);
	p = arena_alloc(a, n);
	if (p == NULL) {
		return (STATUS_NOMEM);
	}
	str_crlf_copy(p, s);
	rest = str_mem(p, n);
	while ((n = field_length(rest)) > 0) {
		status = field_list_add_raw(a, &r->fields, str_first(rest, n));
		if (status != STATUS_OK) {
			return (status);
		}
		rest = str_from_offset(rest, n);
	}
	if (str_starts(rest, STR("\r\n"))) {
		rest = str_from_offset(rest, 2);
	}
	r->body = rest;
	return (STATUS_OK);
}

static enum status
read_all(int fd, struct buf *out)
{
	char chunk[READ_BYTES];
	ssize_t n;

	while (out->status == STATUS_OK) {
		n = read(fd, chunk, sizeof(chunk));
		if (n == 0) {
			break;
		}
		if (n > 0) {
			buf_add(out, chunk, (size_t)n);
		} else if (errno != EINTR) {
			return (STATUS_IO);
		}
	}
	return (out->status);
}

enum status
message_read(const char *path, size_t max_bytes, struct arena *a,
    struct str *r)
{
	bool from_stdin = path == NULL || strcmp(path, "-") == 0;
	int fd = from_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	enum status status;
	struct buf text;
	int saved;

	*r = STR_NONE;
	if (fd < 0) {
		return (STATUS_IO);
	}
	buf_init(&text, max_bytes);
	status = read_all(fd, &text);
	saved = errno;
	if (!from_stdin) {
		close(fd);
	}
	if (status == STATUS_OK) {
		*r = arena_dup(a, buf_str(&text));
		status = r->p != NULL ? STATUS_OK : STATUS_NOMEM;
	}
	buf_fini(&text);
	errno = saved;
	return (status);
}
