/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON, text and files. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/escape.h"
#include "base/file.h"
#include "base/utf8.h"
#include "cli/cli.h"
#include "mail/message.h"

json_t *
cli_json_text(struct str s)
{
	struct buf out;
	json_t *json = NULL;
	uint32_t code;
	size_t n;

	if (s.p == NULL) {
		return (json_null());
	}
	if (utf8_valid(s)) {
		return (json_stringn(s.p, s.n));
	}
	buf_init(&out, SIZE_MAX / 4);
	for (; s.n > 0; s = str_from_offset(s, n)) {
		n = utf8_decode(s, &code);
		if (n > 0) {
			buf_add(&out, s.p, n);
		} else {
			buf_add_cstr(&out, "\xef\xbf\xbd");	/* U+FFFD */
			n = 1;
		}
	}
	if (out.status == STATUS_OK) {
		json = json_stringn(out.p, out.n);
	}
	buf_fini(&out);
	return (json);
}

json_t *
cli_json_cstr(const char *text)
{
	return (cli_json_text(str_from(text)));
}

json_t *
cli_json_texts(const struct str *v, size_t n)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < n; i++) {
		(void)json_array_append_new(list, cli_json_text(v[i]));
	}
	return (list);
}

void
cli_show(const char *label, struct str value)
{
	struct buf text;

	if (value.n == 0) {
		return;
	}
	buf_init(&text, 8 * CLI_SHOWN_MAX_BYTES);
	escape_text(&text, value, CLI_SHOWN_MAX_BYTES);
	(void)printf("  %-10s %s\n", label, text.p != NULL ? text.p : "");
	buf_fini(&text);
}

bool
cli_json_print(json_t *json)
{
	bool ok;

	/* NULL: out of memory when the object was created. */
	ok = json != NULL && json_dumpf(json, stdout, JSON_INDENT(2)) == 0;
	json_decref(json);
	if (!ok) {
		(void)cli_fail("the JSON text could not be written");
		return (false);
	}
	(void)putchar('\n');
	return (cli_flush());
}

bool
cli_input(const char *path, struct arena *arena, struct str *r)
{
	const char *name = path != NULL ? path : "standard input";
	enum status status;

	status = message_read(path, CLI_MESSAGE_MAX_BYTES, arena, r);
	if (status != STATUS_OK) {
		(void)cli_fail("%s: %s", name, status == STATUS_IO ?
		    strerror(errno) : status_text(status));
		return (false);
	}
	if (r->n == 0) {
		(void)cli_fail("%s: empty input", name);
		return (false);
	}
	return (true);
}

static enum status
read_key(const char *path, struct buf *pem, mode_t *mode_r, struct diag *diag)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	enum status status = STATUS_IO;

	if (fd == -1 || fstat(fd, &st) == -1) {
		diag_set(diag, path, 0, "%s", strerror(errno));
	} else {
		*mode_r = st.st_mode & 07777;
		status = file_read(fd, path, pem, diag);
	}
	if (fd != -1) {
		(void)close(fd);
	}
	return (status);
}

bool
cli_key_load(const char *path, struct privkey **r)
{
	struct diag diag;
	struct buf pem;
	enum status status;
	mode_t mode = 0;

	*r = NULL;
	diag_init(&diag);
	buf_init(&pem, CLI_KEY_MAX_BYTES);
	status = read_key(path, &pem, &mode, &diag);
	if (status == STATUS_OK) {
		status = privkey_parse_pem(buf_str(&pem), path, r, &diag);
	}
	buf_fini_secret(&pem);
	if (status != STATUS_OK) {
		diag_set(&diag, path, 0, "%s", status_text(status));
		(void)cli_fail("%s", diag.text);
		return (false);
	}
	if ((mode & 077) != 0) {
		cli_warn("warning: %s: mode %04o: not only its owner can "
		    "access this private key; run chmod 600", path,
		    (unsigned)mode);
	}
	return (true);
}
