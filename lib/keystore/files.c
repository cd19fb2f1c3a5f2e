/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/access.h"
#include "base/file.h"
#include "keystore/files.h"

#define TEMP_TRIES	100

#ifdef O_NOATIME
#define QUIET_FLAG	O_NOATIME
#else
#define QUIET_FLAG	0
#endif

static enum status
fail_file(const char *shown, struct diag *diag)
{
	diag_set(diag, shown, 0, "%s", strerror(errno));
	return (STATUS_IO);
}

static bool
is_ours(uid_t uid)
{
	return (uid == 0 || uid == geteuid());
}

static enum status
refuse_link(const char *shown, const char *what, uid_t uid, struct diag *diag)
{
	diag_set(diag, shown, 0, "%s user %ju, who may not place links in this "
	    "key store; copy it, or chown -h it", what, (uintmax_t)uid);
	errno = ELOOP;
	return (STATUS_IO);
}

/* fd: of what the link leads to. */
static enum status
check_link(const struct stat *link, int fd, const char *shown,
    const struct files_owner *owner, struct diag *diag)
{
	struct stat target;

	if (fstat(fd, &target) == -1) {
		return (fail_file(shown, diag));
	}
	if (!is_ours(link->st_uid) && link->st_uid != owner->uid) {
		return (refuse_link(shown, "a link of", link->st_uid, diag));
	}
	if (target.st_uid != owner->uid && (!is_ours(link->st_uid) ||
	    !is_ours(target.st_uid))) {
		return (refuse_link(shown, "a link to what belongs to",
		    target.st_uid, diag));
	}
	return (STATUS_OK);
}

/* Whether the name still means the link that was looked at. */
static bool
is_same_link(int dir, const char *name, const struct stat *link)
{
	struct stat now;

	return (fstatat(dir, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	    now.st_dev == link->st_dev && now.st_ino == link->st_ino &&
	    now.st_ctim.tv_sec == link->st_ctim.tv_sec &&
	    now.st_ctim.tv_nsec == link->st_ctim.tv_nsec);
}

/* A new access time would be written to each inode of a large store. Only the
   owner of a file may do without. */
static int
open_quietly(int dir, const char *name, int flags)
{
	int fd = openat(dir, name, flags | QUIET_FLAG);

	return (fd == -1 && errno == EPERM ? openat(dir, name, flags) : fd);
}

enum status
files_open_to_read(int dir, const char *name, int flags, const char *shown,
    const struct files_owner *owner, int *fd_r, struct diag *diag)
{
	struct stat link;
	enum status status = STATUS_OK;
	int saved;

	*fd_r = open_quietly(dir, name, flags | O_NOFOLLOW);
	if (*fd_r != -1) {
		return (STATUS_OK);
	}
	saved = errno;
	if (fstatat(dir, name, &link, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISLNK(link.st_mode)) {
		errno = saved;
		return (access_failed(dir, name, shown, diag));
	}
	*fd_r = open_quietly(dir, name, flags);
	if (*fd_r == -1) {
		return (access_failed(dir, name, shown, diag));
	}
	if (is_same_link(dir, name, &link)) {
		status = check_link(&link, *fd_r, shown, owner, diag);
	} else {
		diag_set(diag, shown, 0, "the link was changed meanwhile");
		status = STATUS_TEMP;
	}
	if (status != STATUS_OK) {
		saved = errno;
		(void)close(*fd_r);
		errno = saved;
		*fd_r = -1;
	}
	return (status);
}

/* Closes fd. */
static enum status
read_file(int fd, const char *shown, struct buf *buf, struct stat *st_r,
    struct diag *diag)
{
	struct stat st = { 0 };
	enum status status;

	if (fstat(fd, &st) == -1) {
		status = fail_file(shown, diag);
	} else if (!S_ISREG(st.st_mode)) {
		diag_set(diag, shown, 0, "not a regular file");
		status = STATUS_SYNTAX;
	} else {
		status = file_read_sized(fd, shown, st.st_size > 0 ?
		    (size_t)st.st_size : 0, buf, diag);
	}
	if (st_r != NULL) {
		*st_r = st;
	}
	(void)close(fd);
	return (status);
}

/* Opening a FIFO would wait for a writer. */
#define READ_FLAGS	(O_RDONLY | O_CLOEXEC | O_NONBLOCK)

enum status
files_read(int dir, const char *name, const char *shown, struct buf *buf,
    struct stat *st_r, struct diag *diag)
{
	int fd = openat(dir, name, READ_FLAGS | O_NOFOLLOW);

	return (fd == -1 ? access_failed(dir, name, shown, diag) :
	    read_file(fd, shown, buf, st_r, diag));
}

enum status
files_read_linked(int dir, const char *name, const char *shown,
    const struct files_owner *owner, struct buf *buf, struct stat *st_r,
    struct diag *diag)
{
	enum status status;
	int fd;

	status = files_open_to_read(dir, name, READ_FLAGS, shown, owner, &fd,
	    diag);
	return (status == STATUS_OK ? read_file(fd, shown, buf, st_r, diag) :
	    status);
}

static const char *
refuse_file(int fd, const struct files_owner *owner)
{
	struct stat st;

	if (fstat(fd, &st) == -1) {
		return (strerror(errno));
	}
	if (!S_ISREG(st.st_mode)) {
		return ("not a regular file");
	}
	if (st.st_nlink != 1) {
		return ("has other hard links");
	}
	if (st.st_uid != 0 && st.st_uid != owner->uid &&
	    st.st_uid != geteuid()) {
		return ("does not belong to the owner of the key store");
	}
	return (NULL);
}

enum status
files_open(int dir, const char *name, const char *shown, mode_t mode,
    const struct files_owner *owner, int *fd_r, struct diag *diag)
{
	const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	const char *why = NULL;
	int fd = openat(dir, name, flags | O_CREAT | O_EXCL, mode);

	if (fd != -1) {
		if (geteuid() == 0 &&
		    fchown(fd, owner->uid, owner->gid) == -1) {
			why = strerror(errno);
		}
	} else {
		if (errno == EEXIST) {
			fd = openat(dir, name, flags);
		}
		why = fd == -1 ? strerror(errno) : refuse_file(fd, owner);
	}
	*fd_r = fd;
	if (why == NULL) {
		return (STATUS_OK);
	}
	diag_set(diag, shown, 0, "%s: %s", name, why);
	if (fd != -1) {
		(void)close(fd);
	}
	*fd_r = -1;
	return (STATUS_IO);
}

bool
files_write(int fd, struct str text)
{
	ssize_t n;

	while (text.n > 0) {
		n = write(fd, text.p, text.n);
		if (n == -1 && errno != EINTR) {
			return (false);
		}
		text = str_from_offset(text, n > 0 ? (size_t)n : 0);
	}
	return (true);
}

/* A new file, mode 0600, with a name that starts with a dot. */
static int
open_temp(int dir, char *name, size_t size)
{
	int fd = -1, tries;

	errno = EEXIST;
	for (tries = 0; fd == -1 && errno == EEXIST && tries < TEMP_TRIES;
	    tries++) {
		(void)snprintf(name, size, ".%08x.tmp", arc4random());
		fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL |
		    O_CLOEXEC, 0600);
	}
	return (fd);
}

bool
files_is_temp(const char *name)
{
	struct str s = str_from(name);

	return (s.n == strlen(".12345678.tmp") && s.p[0] == '.' &&
	    strspn(s.p + 1, "0123456789abcdef") == 8 &&
	    str_ends_ci(s, STR(".tmp")));
}

static bool
fill_file(int fd, struct str text, mode_t mode, const struct files_owner *owner)
{
	/* Only root may give files away. */
	if (owner->uid != (uid_t)-1 && geteuid() == 0 &&
	    fchown(fd, owner->uid, owner->gid) == -1) {
		return (false);
	}
	return (fchmod(fd, mode) == 0 && files_write(fd, text) &&
	    fsync(fd) == 0);
}

enum status
files_replace(int dir, const char *name, const char *shown, struct str text,
    mode_t mode, const struct files_owner *owner, struct diag *diag)
{
	enum status status = STATUS_OK;
	char temp[32];
	int fd;

	fd = open_temp(dir, temp, sizeof(temp));
	if (fd == -1) {
		return (fail_file(shown, diag));
	}
	if (!fill_file(fd, text, mode, owner)) {
		status = fail_file(shown, diag);
	}
	if (close(fd) == -1 && status == STATUS_OK) {
		status = fail_file(shown, diag);
	}
	if (status == STATUS_OK && renameat(dir, temp, dir, name) == -1) {
		status = fail_file(shown, diag);
	}
	if (status != STATUS_OK) {
		(void)unlinkat(dir, temp, 0);
	} else if (fsync(dir) == -1 && errno != EINVAL) {
		status = fail_file(shown, diag);
	}
	return (status);
}
