/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/access.h"
#include "conf/table.h"

#define NAME_MAX_BYTES		256
#define PASSWD_MAX_BYTES	16384
#define GROUP_MAX_BYTES		(4 * 1024 * 1024)

/* A group with many members needs a larger buffer than a user. */
static bool
find_group(const char *name, gid_t *gid_r)
{
	struct group entry, *found = NULL;
	char *text = NULL, *more;
	size_t n;
	int error = ERANGE;

	for (n = PASSWD_MAX_BYTES; error == ERANGE && n <= GROUP_MAX_BYTES;
	    n *= 4) {
		more = realloc(text, n);
		if (more == NULL) {
			break;
		}
		text = more;
		error = getgrnam_r(name, &entry, text, n, &found);
	}
	if (error == 0 && found != NULL) {
		*gid_r = entry.gr_gid;
	}
	free(text);
	return (error == 0 && found != NULL);
}

/* The user of "user[:group]", and the group or else the user's. */
static enum status
find_user(const char *user_id, uid_t *uid_r, gid_t *gid_r, struct diag *diag)
{
	char name[NAME_MAX_BYTES], text[PASSWD_MAX_BYTES];
	struct str user = str_from(user_id);
	size_t colon = str_find(user, ':');
	struct passwd entry, *found = NULL;

	if (colon == 0 || colon >= sizeof(name) || colon + 1 == user.n) {
		diag_set(diag, NULL, 0, "\"%s\" is not user[:group]", user_id);
		return (STATUS_SYNTAX);
	}
	memcpy(name, user.p, colon);
	name[colon] = '\0';
	if (getpwnam_r(name, &entry, text, sizeof(text), &found) != 0 ||
	    found == NULL) {
		diag_set(diag, NULL, 0, "there is no user \"%s\"", name);
		return (STATUS_SYNTAX);
	}
	*gid_r = entry.pw_gid;
	if (colon < user.n && !find_group(user_id + colon + 1, gid_r)) {
		diag_set(diag, NULL, 0, "there is no group \"%s\"",
		    user_id + colon + 1);
		return (STATUS_SYNTAX);
	}
	*uid_r = entry.pw_uid;
	return (STATUS_OK);
}

enum status
conf_user_id(const char *user_id, uid_t *uid_r, struct diag *diag)
{
	gid_t ignored;

	return (find_user(user_id, uid_r, &ignored, diag));
}

/* Looking up a user can be slow, so it is done only where it matters. */
static enum status
check_access(const char *path, const struct stat *st, const char *user_id,
    struct diag *diag)
{
	struct diag ignored;
	uid_t uid = geteuid();
	gid_t gid = getegid();
	bool matters = (st->st_uid != 0 && st->st_uid != uid) ||
	    (st->st_mode & S_IRWXG) != 0;

	diag_init(&ignored);
	if (matters && user_id != NULL &&
	    find_user(user_id, &uid, &gid, &ignored) != STATUS_OK) {
		uid = geteuid();
	}
	return (access_check_group(st, uid, gid, "UserID; chown it to the "
	    "daemon's user", path, diag));
}

/* fd -1: opens it. */
static enum status
load_key(int fd, const char *path, const char *user_id, struct arena *arena,
    struct privkey **key_r, struct diag *diag)
{
	struct str pem = STR_NONE;
	enum status status;
	struct stat st;

	status = fd == -1 ? conf_file_read(path, CONF_KEY_FILE_MAX_BYTES,
	    arena, &st, &pem, diag) : conf_file_read_fd(fd, path,
	    CONF_KEY_FILE_MAX_BYTES, arena, &st, &pem, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	/* A file that is no private key may be open to all: say what it is. */
	status = privkey_parse_pem(pem, path, key_r, diag);
	if (status == STATUS_OK) {
		status = check_access(path, &st, user_id, diag);
	}
	if (status != STATUS_OK) {
		privkey_free(*key_r);
		*key_r = NULL;
	}
	explicit_bzero((void *)(uintptr_t)pem.p, pem.n);
	return (status);
}

enum status
conf_key_load_fd(int fd, const char *path, const char *user_id,
    struct privkey **key_r, struct diag *diag)
{
	enum status status;
	struct arena arena;

	*key_r = NULL;
	arena_init(&arena, 2 * CONF_KEY_FILE_MAX_BYTES);
	status = load_key(fd, path, user_id, &arena, key_r, diag);
	arena_fini(&arena);
	return (status);
}

enum status
conf_key_load(const char *path, const char *user_id, struct privkey **key_r,
    struct diag *diag)
{
	return (conf_key_load_fd(-1, path, user_id, key_r, diag));
}
