/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --write: mailseald.conf, the tables that have no file yet, a drop-in for
 * mailseald.service, and commands.sh, which is not run. Nothing outside the
 * directory is changed.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "tools/import.h"

#define DROP_IN	"/etc/systemd/system/mailseald.service.d"
/* Of MarkKeyFile, unless it is set. */
#define STATE_DIR	LOCALSTATEDIR "/lib/mailseal"
#define COMMANDS_BYTES	(1024 * 1024)

bool
import_make_dir(struct import *im, const char *path)
{
	char *full;

	if (mkdir(path, 0755) == -1 && errno != EEXIST) {
		(void)cli_fail("%s: %s", path, strerror(errno));
		return (false);
	}
	full = realpath(path, NULL);
	im->dir = full != NULL ? arena_cstr(&im->arena, str_from(full)) : NULL;
	if (im->dir == NULL) {
		(void)cli_fail("%s: %s", path, strerror(errno));
	}
	free(full);
	return (im->dir != NULL);
}

static bool
write_text(struct import *im, const char *name, struct str text, mode_t mode)
{
	struct str path = arena_printf(&im->arena, "%s/%s", im->dir, name);
	ssize_t n = -1;
	int fd = -1;

	if (path.p != NULL) {
		/* A new file, whatever the mode of an old one was. */
		(void)unlink(path.p);
		fd = open(path.p, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    mode);
	}
	if (fd != -1) {
		n = write(fd, text.p, text.n);
	}
	if (fd == -1 || n != (ssize_t)text.n || fchmod(fd, mode) == -1 ||
	    close(fd) == -1) {
		(void)cli_fail("%s/%s: %s", im->dir, name, strerror(errno));
		return (false);
	}
	return (true);
}

/* As one word of a shell. */
static void
add_quoted(struct buf *b, struct str word)
{
	size_t i;

	buf_add_char(b, '\'');
	for (i = 0; i < word.n; i++) {
		if (word.p[i] == '\'') {
			buf_add_cstr(b, "'\\'");
		}
		buf_add_char(b, word.p[i]);
	}
	buf_add_char(b, '\'');
}

static void
add_file(struct import *im, struct buf *b, const char *name)
{
	add_quoted(b, arena_printf(&im->arena, "%s/%s", im->dir, name));
}

static struct str
owner_of(const struct import *im)
{
	struct str user = import_setting(im, "UserID");

	return (user.p != NULL ? user : STR("mailseal"));
}

static void
add_keys(struct import *im, struct buf *b)
{
	struct str file = import_setting(im, "KeyFile");
	size_t i;

	if (im->keys.secret && im->keys.text.p != NULL) {
		buf_add_cstr(b, "chown ");
		add_quoted(b, owner_of(im));
		buf_add_char(b, ' ');
		add_file(im, b, "key.table");
		buf_add_char(b, '\n');
	}
	if (file.p == NULL && im->key_paths_n == 0) {
		return;
	}
	buf_add_cstr(b, "for key in");
	for (i = 0; i < im->key_paths_n; i++) {
		buf_add_char(b, ' ');
		add_quoted(b, im->key_paths[i]);
	}
	if (file.p != NULL) {
		buf_add_char(b, ' ');
		add_quoted(b, file);
	}
	buf_add_cstr(b, "; do\n\tchown ");
	add_quoted(b, owner_of(im));
	buf_add_cstr(b, " \"$key\" && chmod 600 \"$key\"\ndone\n");
}

/* As systemd does for StateDirectory, but before mailseald -n checks it. */
static void
add_state(struct import *im, struct buf *b)
{
	buf_add_cstr(b, "install -d -m 700 " STATE_DIR "\nchown -R ");
	add_quoted(b, owner_of(im));
	buf_add_cstr(b, " " STATE_DIR "\n");
}

/* The unit's user, and the directories of the state and of the socket. */
static void
make_drop_in(struct import *im, struct buf *b)
{
	struct str user = owner_of(im), socket = import_setting(im, "Socket");
	struct str path = str_from_offset(socket, str_find(socket, ':') + 1);
	size_t colon = str_find(user, ':');
	struct str dir = str_first(path, str_rfind(path, '/'));

	buf_printf(b, "[Service]\nUser=%.*s\n", STR_FMT(str_first(user,
	    colon)));
	if (colon < user.n) {
		buf_printf(b, "Group=%.*s\n", STR_FMT(str_from_offset(user,
		    colon + 1)));
	}
	buf_add_cstr(b, "ReadWritePaths=-" STATE_DIR "\n");
	if (path.n == 0 || path.p[0] != '/') {
		return;
	}
	if (str_starts(dir, STR("/run/")) || str_starts(dir,
	    STR("/var/run/"))) {
		buf_printf(b, "RuntimeDirectory=mailseal %.*s\n",
		    STR_FMT(str_from_offset(dir, str_find(dir, 'n') + 2)));
	} else {
		buf_printf(b, "ReadWritePaths=-%.*s\n", STR_FMT(dir));
	}
}

static void
add_postfix(struct import *im, struct buf *b)
{
	const char *smtpd = import_postconf(im, "smtpd_milters");
	const char *other = import_postconf(im, "non_smtpd_milters");
	struct str milters = import_milters(im, smtpd != NULL ? smtpd : "");

	buf_add_cstr(b, "postconf -e ");
	add_quoted(b, arena_printf(&im->arena, "smtpd_milters=%.*s",
	    STR_FMT(milters)));
	buf_add_char(b, ' ');
	if (other == NULL || other[0] == '\0' ||
	    strcmp(other, "$smtpd_milters") == 0) {
		add_quoted(b, STR("non_smtpd_milters=$smtpd_milters"));
	} else {
		add_quoted(b, arena_printf(&im->arena,
		    "non_smtpd_milters=%.*s", STR_FMT(import_milters(im,
		    other))));
	}
	buf_add_cstr(b, "\npostfix reload\n");
}

/* The old programs end before mailseald takes their socket, and Postfix defers
   mail for that moment instead of sending it unsigned. */
static void
add_services(struct import *im, struct buf *b)
{
	static const char *const services[IMPORT_PROGRAMS] = { "opendkim",
		"opendmarc", "openarc", NULL };
	enum import_program program;

	buf_add_cstr(b, "postconf -e milter_default_action=tempfail\n"
	    "postfix reload\nsystemctl disable --now");
	for (program = 0; program < IMPORT_POLICYD; program++) {
		if (im->has[program]) {
			buf_printf(b, " %s", services[program]);
		}
	}
	buf_add_cstr(b, "\nsystemctl daemon-reload\n"
	    "systemctl enable --now mailseald\n");
}

static void
make_commands(struct import *im, struct buf *b)
{
	buf_add_cstr(b, "#!/bin/sh\n# By mailseal import. Read mailseald.conf "
	    "and this, then run it as root.\nset -e\n");
	if (import_setting(im, "UserID").p == NULL) {
		buf_add_cstr(b, "id mailseal >/dev/null 2>&1 || adduser "
		    "--system --group mailseal\n");
	}
	add_keys(im, b);
	add_state(im, b);
	buf_add_cstr(b, "mailseald -n -c ");
	add_file(im, b, "mailseald.conf");
	buf_add_cstr(b, "\ninstall -m 644 ");
	add_file(im, b, "mailseald.conf");
	buf_add_cstr(b, " " SYSCONFDIR "/mailseald.conf\ninstall -d " DROP_IN
	    "\ninstall -m 644 ");
	add_file(im, b, "mailseald.service.conf");
	buf_add_cstr(b, " " DROP_IN "/import.conf\n");
	add_services(im, b);
	add_postfix(im, b);
	if (im->has[IMPORT_POLICYD]) {
		buf_add_cstr(b, "# main.cf: check_policy_service for "
		    "policyd-spf; see mailseald.conf\n");
	}
}

static bool
write_tables(struct import *im)
{
	if (im->keys.text.p != NULL && !write_text(im, "key.table",
	    im->keys.text, 0600)) {
		return (false);
	}
	return (im->rules.text.p == NULL || write_text(im, "signing.table",
	    im->rules.text, 0644));
}

bool
import_write(struct import *im)
{
	struct buf commands, drop_in;
	bool ok;

	buf_init(&commands, COMMANDS_BYTES);
	buf_init(&drop_in, COMMANDS_BYTES);
	make_commands(im, &commands);
	make_drop_in(im, &drop_in);
	ok = commands.status == STATUS_OK && drop_in.status == STATUS_OK &&
	    im->status == STATUS_OK;
	ok = ok && write_tables(im) &&
	    write_text(im, "mailseald.conf", buf_str(&im->out), 0644) &&
	    write_text(im, "mailseald.service.conf", buf_str(&drop_in),
	    0644) && write_text(im, "commands.sh", buf_str(&commands), 0755);
	if (ok) {
		(void)printf("# In %s: mailseald.conf, and what follows as "
		    "commands.sh\n%.*s", im->dir, STR_FMT(buf_str(&commands)));
	}
	buf_fini(&commands);
	buf_fini(&drop_in);
	return (ok && cli_flush());
}
