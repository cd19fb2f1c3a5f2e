/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "guard.h"
#include "mail/message.h"
#include "oom.h"
#include "tap.h"

#define ARENA_BYTES	(16 * 1024 * 1024)
#define S(literal)	{ (literal), sizeof(literal) - 1 }

static const struct {
	const char	*what;
	struct str	 in;
	size_t		 fields;
	struct str	 last;		/* raw, if any */
	struct str	 body;
} rows[] = {
	{ "CRLF", S("A: b\r\nC: d\r\n\r\ne\r\n"), 2, S("C: d\r\n"),
	    S("e\r\n") },
	{ "LF", S("A: b\nC: d\n\ne\n"), 2, S("C: d\r\n"), S("e\r\n") },
	{ "LF and CRLF", S("A: b\r\nC: d\n\r\ne\nf\r\n"), 2, S("C: d\r\n"),
	    S("e\r\nf\r\n") },
	{ "folded", S("A: b\n\tc\n d\n\n"), 1, S("A: b\r\n\tc\r\n d\r\n"),
	    S("") },
	{ "folded empty lines", S("A: b\n \n \t\n\nx"), 1,
	    S("A: b\r\n \r\n \t\r\n"), S("x") },
	{ "no body", S("A: b\r\n\r\n"), 1, S("A: b\r\n"), S("") },
	{ "no empty line", S("A: b\r\n"), 1, S("A: b\r\n"), S("") },
	{ "no line end", S("A: b"), 1, S("A: b\r\n"), S("") },
	{ "no line end in a fold", S("A: b\n c"), 1, S("A: b\r\n c\r\n"),
	    S("") },
	{ "no line end in the body", S("A: b\n\nc"), 1, S("A: b\r\n"),
	    S("c") },
	{ "empty lines in the body", S("A: b\n\n\n\nc\n\n"), 1,
	    S("A: b\r\n"), S("\r\n\r\nc\r\n\r\n") },
	{ "no header", S("\nbody: x\n"), 0, S(""), S("body: x\r\n") },
	{ "an empty line only", S("\n"), 0, S(""), S("") },
	{ "space before the colon", S("A \t: b\n\n"), 1,
	    S("A \t: b\r\n"), S("") },
	{ "any printable name", S("!a~: b\n\n"), 1, S("!a~: b\r\n"), S("") },
	{ "no value", S("A:\n\n"), 1, S("A:\r\n"), S("") },
	{ "bare CR is no line end", S("A: b\rC: d\n\ne\rf"), 1,
	    S("A: b\rC: d\r\n"), S("e\rf") },
	{ "CR CR LF", S("A: b\r\r\n\r\n"), 1, S("A: b\r\r\n"), S("") },
	{ "NUL and 8-bit in a value", S("A: \0\xff\n\n\0"), 1,
	    S("A: \0\xff\r\n"), S("\0") },
	/* A line that is no field ends the header and is body. */
	{ "no colon", S("A: b\nhello\nC: d\n"), 1, S("A: b\r\n"),
	    S("hello\r\nC: d\r\n") },
	{ "no colon, at once", S("hello\n"), 0, S(""), S("hello\r\n") },
	{ "no name", S("A: b\n: c\n"), 1, S("A: b\r\n"), S(": c\r\n") },
	{ "a space in the name", S("A: b\nc d: e\n"), 1, S("A: b\r\n"),
	    S("c d: e\r\n") },
	{ "mbox", S("From a@b Mon Jan  1 00:00:00 2024\nA: b\n"), 0, S(""),
	    S("From a@b Mon Jan  1 00:00:00 2024\r\nA: b\r\n") },
	{ "8-bit in the name", S("A: b\nc\xff: e\n"), 1, S("A: b\r\n"),
	    S("c\xff: e\r\n") },
	{ "NUL in the name", S("A: b\nc\0: e\n"), 1, S("A: b\r\n"),
	    S("c\0: e\r\n") },
	{ "DEL in the name", S("A: b\nc\x7f: e\n"), 1, S("A: b\r\n"),
	    S("c\x7f: e\r\n") },
	{ "CR in the name", S("A: b\nc\rd: e\n"), 1, S("A: b\r\n"),
	    S("c\rd: e\r\n") },
	{ "continuation line on top", S(" a: b\nC: d\n"), 0, S(""),
	    S(" a: b\r\nC: d\r\n") },
	{ "colon beyond the line", S("hello\nA: b\n"), 0, S(""),
	    S("hello\r\nA: b\r\n") },
	{ "CR before the empty line", S("A: b\n\r\r\nc"), 1, S("A: b\r\n"),
	    S("\r\r\nc") },
};

static void
t_rows(void)
{
	struct message m;
	struct arena a;
	enum status status;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		arena_init(&a, ARENA_BYTES);
		status = message_parse(&a, guard_put(rows[i].in), &m);
		tap_num(status, STATUS_OK, rows[i].what);
		if (tap_ok(m.fields.n == rows[i].fields, "its fields") &&
		    m.fields.n > 0) {
			tap_str(m.fields.v[m.fields.n - 1].raw, rows[i].last,
			    "its last field");
		}
		tap_str(m.body, rows[i].body, "its body");
		tap_ok(m.body.p != NULL, "which is not absent");
		arena_fini(&a);
	}
}

static void
t_limits(void)
{
	struct message m;
	struct arena a;
	struct buf in;
	size_t i;

	arena_init(&a, ARENA_BYTES);
	tap_num(message_parse(&a, STR(""), &m), STATUS_SYNTAX, "empty input");
	buf_init(&in, ARENA_BYTES);
	for (i = 0; i < FIELD_MAX_COUNT; i++) {
		buf_add_cstr(&in, "X: y\n");
	}
	tap_num(message_parse(&a, buf_str(&in), &m), STATUS_OK,
	    "FIELD_MAX_COUNT fields");
	for (i = 0; i < 90000; i++) {
		buf_add_cstr(&in, "X: y\n");
	}
	tap_num(message_parse(&a, buf_str(&in), &m), STATUS_LIMIT,
	    "100000 fields");
	buf_reset(&in);
	buf_add_cstr(&in, "X:");
	for (i = 0; i < FIELD_MAX_TOTAL_BYTES / 2; i++) {
		buf_add_cstr(&in, " \n");
	}
	tap_num(message_parse(&a, buf_str(&in), &m), STATUS_LIMIT,
	    "a field of a million lines");
	arena_reset(&a);
	buf_reset(&in);
	buf_add_cstr(&in, "X: y\n\n");
	for (i = 0; i < 3 * 1024 * 1024; i++) {
		buf_add_char(&in, '\n');
	}
	tap_num(message_parse(&a, buf_str(&in), &m), STATUS_OK,
	    "a body of three million empty lines");
	tap_num((long long)m.body.n, 6 * 1024 * 1024, "is CRLFs");
	buf_fini(&in);
	arena_fini(&a);
}

static enum status
run_parse(struct arena *a)
{
	struct message m;

	return (message_parse(a, STR("A: b\nC: d\n e\n\nbody\n"), &m));
}

static char folder[] = "/tmp/t_mail_message.XXXXXX";
static char path[sizeof(folder) + 16];

static void
write_file(const char *text, size_t n)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fwrite(text, 1, n, f) != n || fclose(f) != 0) {
		perror(path);
		exit(1);
	}
}

static void
t_read_stdin(struct arena *a)
{
	enum status status;
	struct str got;
	int fd = open(path, O_RDONLY);

	dup2(fd, STDIN_FILENO);
	status = message_read("-", 100, a, &got);
	tap_num(status, STATUS_OK, "standard input as \"-\"");
	tap_str(got, str_mem("a\0b\n", 4), "what it holds");
	lseek(STDIN_FILENO, 0, SEEK_SET);
	status = message_read(NULL, 100, a, &got);
	tap_num(status, STATUS_OK, "standard input as NULL");
	tap_str(got, str_mem("a\0b\n", 4), "what it holds");
	close(fd);
	close(STDIN_FILENO);
	status = message_read("-", 100, a, &got);
	tap_ok(status == STATUS_IO && errno == EBADF,
	    "standard input is closed");
}

static void
t_read(void)
{
	static char big[100000];
	enum status status;
	struct arena a, small;
	struct str got;

	if (mkdtemp(folder) == NULL) {
		perror(folder);
		exit(1);
	}
	snprintf(path, sizeof(path), "%s/message", folder);
	arena_init(&a, ARENA_BYTES);
	write_file("a\0b\n", 4);
	status = message_read(path, 4, &a, &got);
	tap_num(status, STATUS_OK, "a file as large as it may be");
	tap_str(got, str_mem("a\0b\n", 4), "its octets");
	status = message_read(path, 3, &a, &got);
	tap_num(status, STATUS_LIMIT, "a file too large");
	arena_init(&small, 4);
	status = message_read(path, 4, &small, &got);
	tap_num(status, STATUS_NOMEM, "an arena too small");
	arena_fini(&small);
	t_read_stdin(&a);
	memset(big, 'x', sizeof(big));
	write_file(big, sizeof(big));
	status = message_read(path, sizeof(big), &a, &got);
	tap_num(status, STATUS_OK, "a file of many reads");
	tap_ok(str_eq(got, str_mem(big, sizeof(big))), "its octets");
	write_file("", 0);
	status = message_read(path, 10, &a, &got);
	tap_ok(status == STATUS_OK && got.p != NULL && got.n == 0,
	    "an empty file");
	unlink(path);
	status = message_read(path, 10, &a, &got);
	tap_ok(status == STATUS_IO && errno == ENOENT, "no file");
	status = message_read(folder, 10, &a, &got);
	tap_ok(status == STATUS_IO && errno == EISDIR, "a folder");
	rmdir(folder);
	arena_fini(&a);
}

int
main(void)
{
	t_rows();
	t_limits();
	oom_check(run_parse, "a small message");
	t_read();
	return (tap_done());
}
