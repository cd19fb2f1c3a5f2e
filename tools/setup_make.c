/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes what mailseald needs: a user, a key store and keys, and a configuration
 * if there is none. Each thing is noted in the state before it is made, so that
 * undo knows of it even if this ends in between.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include "keystore/files.h"
#include "tools/setup.h"

#define CONF_BYTES	(64 * 1024)
#define STORE_MODE	0700
#define SOCKET_MODE	02750		/* new files get the group */

static bool
fail_path(const char *path)
{
	(void)cli_fail("%s: %s", path, strerror(errno));
	return (false);
}

static bool
note_made(struct setup *s, const char *key, json_t *value)
{
	struct diag diag;

	diag_init(&diag);
	if (setup_state_set(&s->state, s->state.host, key, value, &diag)) {
		return (true);
	}
	(void)cli_fail("%s", diag.text);
	return (false);
}

static const char *
daemon_user(const struct setup *s)
{
	return (s->conf != NULL && s->conf->user_id != NULL ?
	    s->conf->user_id : s->args->user);
}

static const struct passwd *
find_user(struct setup *s)
{
	struct str name = str_from(daemon_user(s));

	return (getpwnam(arena_cstr(&s->arena, str_first(name, str_find(name,
	    ':')))));
}

static bool
make_user(struct setup *s)
{
	char *const adduser[] = { arena_cstr(&s->arena, STR("adduser")),
		arena_cstr(&s->arena, STR("--system")),
		arena_cstr(&s->arena, STR("--group")),
		arena_cstr(&s->arena, str_from(s->args->user)), NULL };
	char *const useradd[] = { arena_cstr(&s->arena, STR("useradd")),
		arena_cstr(&s->arena, STR("--system")),
		arena_cstr(&s->arena, STR("--user-group")),
		arena_cstr(&s->arena, str_from(s->args->user)), NULL };
	struct str out, err;

	if (find_user(s) != NULL) {
		return (true);
	}
	if (s->conf != NULL && s->conf->user_id != NULL) {
		(void)cli_fail("there is no user %s, which %s names",
		    s->conf->user_id, s->args->conf_path);
		return (false);
	}
	if (setup_exec(s, adduser, &out, &err) != 0 &&
	    !setup_command(s, useradd)) {
		return (false);
	}
	setup_say(s, "Made the user %s.", s->args->user);
	return (find_user(s) != NULL);
}

/* A directory of the daemon's user; one that is there stays as it is. */
static bool
make_directory(struct setup *s, const char *path, mode_t mode, gid_t gid,
    bool *made_r)
{
	const struct passwd *user = find_user(s);
	struct stat st;
	bool ok;
	int fd;

	*made_r = false;
	if (lstat(path, &st) == 0) {
		if (!S_ISDIR(st.st_mode)) {
			(void)cli_fail("%s is not a directory", path);
		}
		return (S_ISDIR(st.st_mode));
	}
	if (user == NULL || mkdir(path, 0700) == -1) {
		return (fail_path(path));
	}
	*made_r = true;
	/* Once it is the user's, the name may lead elsewhere. */
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1) {
		return (fail_path(path));
	}
	ok = (fchown(fd, user->pw_uid, gid != (gid_t)-1 ? gid :
	    user->pw_gid) == 0 && fchmod(fd, mode) == 0) || fail_path(path);
	(void)close(fd);
	return (ok);
}

static struct str
parent_of(struct str path)
{
	while (path.n > 1 && path.p[path.n - 1] == '/') {
		path.n--;
	}
	return (str_first(path, str_rfind(path, '/')));
}

static bool
make_store(struct setup *s)
{
	const char *where = s->store.where;
	struct str parent;
	bool made;

	if (where == NULL || strchr(where, ':') != NULL) {
		return (true);
	}
	parent = parent_of(str_from(where));
	if (parent.n > 0 && !make_directory(s, arena_cstr(&s->arena, parent),
	    STORE_MODE, (gid_t)-1, &made)) {
		return (false);
	}
	if (!make_directory(s, where, STORE_MODE, (gid_t)-1, &made)) {
		return (false);
	}
	if (made) {
		setup_say(s, "Made the key store %s.", where);
	}
	return (true);
}

static void
write_conf(struct setup *s, struct buf *out)
{
	buf_printf(out, "# Made by mailseal setup; mailseald.conf(5) describes "
	    "the options.\nSocket %s\nUserID %s\nUMask 007\n",
	    setup_socket(s), s->args->user);
	if (s->args->store.where != NULL) {
		buf_printf(out, "KeyStore %s\n", s->args->store.where);
	}
	if (s->args->mta == SETUP_SENDMAIL) {
		/* What it does to a message after its milters. */
		buf_add_cstr(out, "LineLengthLimit sendmail:990\n"
		    "AddressLists sendmail\n");
	}
	if (!setup_uses_systemd(s)) {
		buf_printf(out, "PidFile %s\n", setup_pid_file(s));
	}
}

static bool
make_socket_directory(struct setup *s)
{
	struct str socket = str_from(setup_socket(s));
	const struct passwd *postfix;
	const char *path;
	bool made;

	if (!str_starts(socket, STR("unix:/")) || !s->postfix.found) {
		return (true);
	}
	path = arena_cstr(&s->arena, parent_of(str_from_offset(socket,
	    strlen("unix:"))));
	postfix = getpwnam(arena_cstr(&s->arena, s->postfix.owner));
	if (path == NULL || postfix == NULL) {
		(void)cli_fail("there is no user %.*s (Postfix's mail_owner)",
		    STR_FMT(s->postfix.owner));
		return (false);
	}
	return ((access(path, F_OK) == 0 || note_made(s, "socket_directory",
	    json_string(path))) && make_directory(s, path, SOCKET_MODE,
	    postfix->pw_gid, &made));
}

bool
setup_write_conf(struct setup *s, const char *path, struct str text)
{
	const struct files_owner owner = { (uid_t)-1, (gid_t)-1 };
	struct str name = str_from(path);
	size_t slash = str_rfind(name, '/');
	struct diag diag;
	bool ok;
	int dir;

	dir = open(slash < name.n ? arena_cstr(&s->arena, str_first(name,
	    slash > 0 ? slash : 1)) : ".", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	if (dir == -1) {
		return (fail_path(path));
	}
	diag_init(&diag);
	ok = files_replace(dir, slash < name.n ? path + slash + 1 : path,
	    path, text, 0644, &owner, &diag) == STATUS_OK;
	if (!ok) {
		(void)cli_fail("%s", diag.text);
	}
	(void)close(dir);
	return (ok);
}

static bool
make_conf(struct setup *s)
{
	const char *path = s->args->conf_path;
	struct buf text;
	bool ok;

	buf_init(&text, CONF_BYTES);
	write_conf(s, &text);
	ok = text.status == STATUS_OK && note_made(s, "configuration",
	    json_pack("{s:s, s:s, s:o}", "path", path, "text", text.p,
	    "before", cli_json_text(s->sample))) &&
	    setup_write_conf(s, path, buf_str(&text));
	buf_fini(&text);
	if (ok) {
		setup_say(s, "Wrote %s%s.", path, s->sample.p != NULL ?
		    ", where the sample was" : "");
	}
	return (ok);
}

static bool
load_conf(struct setup *s)
{
	struct diag diag;

	diag_init(&diag);
	conf_release(s->conf);
	s->conf = NULL;
	if (conf_load(s->args->conf_path, &s->env, &s->conf, &diag) !=
	    STATUS_OK) {
		(void)cli_fail("%s", diag.text);
	}
	return (s->conf != NULL);
}

static enum setup_result
make_daemon(struct setup *s)
{
	struct str why;

	if (!setup_daemon_start(s)) {
		return (SETUP_FAILED);
	}
	if (!setup_daemon_try(s, &why)) {
		(void)cli_fail("mailseald does not take mail on %s as "
		    "Postfix's user: %.*s", setup_socket(s), STR_FMT(why));
		return (SETUP_FAILED);
	}
	setup_say(s, "mailseald takes mail on %s.", setup_socket(s));
	return (SETUP_GO);
}

enum setup_result
setup_make(struct setup *s)
{
	bool made_conf = s->conf_missing;

	setup_stage(s, "Make");
	if (!make_user(s) || !make_store(s) || !setup_keys_read(s, true) ||
	    !setup_keys_make(s) || !make_socket_directory(s) ||
	    (made_conf && !make_conf(s)) || !load_conf(s)) {
		return (SETUP_FAILED);
	}
	s->conf_missing = false;
	/* The names of new keys are among those that matter. */
	return (setup_dns_names(s) ? make_daemon(s) : SETUP_FAILED);
}
