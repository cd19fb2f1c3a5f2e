/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/access.h"

/* Of a mode that gives more than our own group's permission to read. */
static void
say_mode(unsigned mode, bool group_is_bad, uintmax_t group, const char *path,
    struct diag *diag)
{
	if ((mode & S_IRWXO) != 0 && group_is_bad) {
		diag_set(diag, path, 0, "mode %04o gives group %ju and others "
		    "access to a private key; chmod 600 it", mode, group);
	} else if ((mode & S_IRWXO) != 0) {
		diag_set(diag, path, 0, "mode %04o gives others access to a "
		    "private key; chmod 600 it", mode);
	} else {
		diag_set(diag, path, 0, "mode %04o gives group %ju more than "
		    "permission to read a private key; chmod 600 it", mode,
		    group);
	}
}

static enum status
check_mode(const struct stat *st, gid_t group, const char *path,
    struct diag *diag)
{
	unsigned mode = (unsigned)(st->st_mode & 07777);
	unsigned given = mode & (S_IRWXG | S_IRWXO);
	bool foreign = (mode & S_IRWXG) != 0 && st->st_gid != group;

	if (given == 0 || (given == S_IRGRP && !foreign)) {
		return (STATUS_OK);
	}
	if (given == S_IRGRP) {
		diag_set(diag, path, 0, "mode %04o lets group %ju read a "
		    "private key, which is not the daemon's own group, %ju; "
		    "chmod 600 it, or chgrp it", mode,
		    (uintmax_t)st->st_gid, (uintmax_t)group);
	} else {
		say_mode(mode, foreign || (mode & (S_IWGRP | S_IXGRP)) != 0,
		    (uintmax_t)st->st_gid, path, diag);
	}
	return (STATUS_SYNTAX);
}

enum status
access_check_group(const struct stat *st, uid_t also, gid_t group,
    const char *hint, const char *path, struct diag *diag)
{
	if (st->st_uid != 0 && st->st_uid != geteuid() &&
	    st->st_uid != also) {
		diag_set(diag, path, 0, "belongs to user %ju, neither to root "
		    "nor to us nor to %s", (uintmax_t)st->st_uid, hint);
		return (STATUS_SYNTAX);
	}
	return (check_mode(st, group, path, diag));
}

enum status
access_check(const struct stat *st, uid_t also, const char *hint,
    const char *path, struct diag *diag)
{
	return (access_check_group(st, also, getegid(), hint, path, diag));
}

enum status
access_failed(int dir, const char *name, const char *shown, struct diag *diag)
{
	int saved = errno;
	struct stat st;

	if (saved == EACCES && fstatat(dir, name, &st, 0) == 0) {
		diag_set(diag, shown, 0, "%s: it belongs to user %ju, group "
		    "%ju, mode %04o, and is read by user %ju, group %ju",
		    strerror(saved), (uintmax_t)st.st_uid,
		    (uintmax_t)st.st_gid, (unsigned)(st.st_mode & 07777),
		    (uintmax_t)geteuid(), (uintmax_t)getegid());
	} else {
		diag_set(diag, shown, 0, "%s", strerror(saved));
	}
	errno = saved;
	return (STATUS_IO);
}

enum status
access_make(const char *path, const char *what, struct diag *diag)
{
	char *folder = strdup(path);
	enum status status = STATUS_OK;

	if (folder == NULL) {
		diag_set(diag, NULL, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	if (access(dirname(folder), W_OK | X_OK) == -1) {
		diag_set(diag, path, 0, "%sit cannot be made there: %s", what,
		    strerror(errno));
		status = STATUS_IO;
	}
	free(folder);
	return (status);
}
