/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/access.h"
#include "keystore/dir.h"

#define LOCK_FILE	".lock"
#define REVISION_FILE	".revision"
#define REVISION_BYTES	16

enum status
dir_failed(const char *shown, struct diag *diag)
{
	diag_set(diag, shown, 0, "%s", strerror(errno));
	return (STATUS_IO);
}

static void
dir_close(void *ctx)
{
	struct dir *dir = ctx;

	lock_file_close(&dir->lock);
	if (dir->fd != -1) {
		(void)close(dir->fd);
	}
	free(dir->path);
	free(dir);
}

/* Not through a link: root makes the folder the owner's. */
static enum status
open_to_write(const struct dir *dir, const char *name,
    struct dir_folder *folder, struct diag *diag)
{
	struct stat st;

	folder->fd = openat(dir->fd, name, O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC | O_NOFOLLOW);
	if (folder->fd == -1 && fstatat(dir->fd, name, &st,
	    AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode)) {
		diag_set(diag, folder->shown, 0, "a symbolic link: keys are "
		    "read through it, but new ones need a folder");
		return (STATUS_IO);
	}
	if (folder->fd == -1) {
		return (dir_failed(folder->shown, diag));
	}
	/* An interrupted run may have left it to root. */
	if (geteuid() == 0 &&
	    fchown(folder->fd, dir->owner.uid, dir->owner.gid) == -1) {
		(void)dir_failed(folder->shown, diag);
		(void)close(folder->fd);
		return (STATUS_IO);
	}
	return (STATUS_OK);
}

/* A domain has A-labels: no slash, no leading dot. */
enum status
dir_open_folder(const struct dir *dir, struct str domain, bool create,
    struct dir_folder *folder, struct diag *diag)
{
	char name[DIR_NAME_BYTES];

	(void)snprintf(name, sizeof(name), "%.*s", STR_FMT(domain));
	(void)snprintf(folder->shown, sizeof(folder->shown), "%s/%s",
	    dir->path, name);
	if (create && mkdirat(dir->fd, name, 0700) == -1 && errno != EEXIST) {
		return (dir_failed(folder->shown, diag));
	}
	if (create) {
		return (open_to_write(dir, name, folder, diag));
	}
	return (files_open_to_read(dir->fd, name, O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC, folder->shown, &dir->owner, &folder->fd, diag));
}

void
dir_name_file(const struct dir_folder *folder, struct str selector,
    const char *end, char name[DIR_NAME_BYTES], char shown[DIR_PATH_BYTES])
{
	(void)snprintf(name, DIR_NAME_BYTES, "%.*s%s", STR_FMT(selector), end);
	(void)snprintf(shown, DIR_PATH_BYTES, "%.*s/%s",
	    DIR_PATH_BYTES - DIR_NAME_BYTES - 1, folder->shown, name);
}

bool
dir_has_file(const struct dir_folder *folder, struct str selector,
    const char *end)
{
	char name[DIR_NAME_BYTES], shown[DIR_PATH_BYTES];

	dir_name_file(folder, selector, end, name, shown);
	return (faccessat(folder->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
	    errno != ENOENT);
}

static enum status
parse_state(struct str text, struct str domain, struct str selector,
    const char *shown, struct arena *arena, struct keystore_key *key,
    struct diag *diag)
{
	enum status status = keystore_state_parse(arena, text, shown, key,
	    diag);

	if (status == STATUS_OK && (!str_eq(key->domain, domain) ||
	    !str_eq(key->selector, selector))) {
		diag_set(diag, shown, 0, "the state of another key");
		return (STATUS_SYNTAX);
	}
	return (status);
}

enum status
dir_read_state(const struct dir *dir, const struct dir_folder *folder,
    struct str domain, struct str selector, struct arena *arena,
    struct keystore_key *key, struct diag *diag)
{
	char name[DIR_NAME_BYTES], shown[DIR_PATH_BYTES];
	enum status status;
	struct buf text;

	dir_name_file(folder, selector, DIR_STATE, name, shown);
	buf_init(&text, KEYSTORE_STATE_MAX_BYTES);
	status = files_read_linked(folder->fd, name, shown, &dir->owner, &text,
	    NULL, diag);
	if (status == STATUS_OK) {
		status = parse_state(buf_str(&text), domain, selector, shown,
		    arena, key, diag);
	}
	buf_fini(&text);
	return (status);
}

enum status
dir_read_private(const struct dir *dir, const struct dir_folder *folder,
    struct str selector, struct buf *pem, struct diag *diag)
{
	char name[DIR_NAME_BYTES], shown[DIR_PATH_BYTES];
	enum status status;
	struct stat st;

	dir_name_file(folder, selector, DIR_PRIVATE, name, shown);
	status = files_read_linked(folder->fd, name, shown, &dir->owner, pem,
	    &st, diag);
	return (status == STATUS_OK ? access_check(&st, dir->owner.uid,
	    "the directory's owner", shown, diag) : status);
}

static enum status
dir_private(void *ctx, const struct keystore_key *key, struct buf *pem,
    struct diag *diag)
{
	const struct dir *dir = ctx;
	struct dir_folder folder;
	enum status status;

	status = dir_open_folder(dir, key->domain, false, &folder, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	status = dir_read_private(dir, &folder, key->selector, pem, diag);
	(void)close(folder.fd);
	return (status);
}

/* Of the directory and the revision file: a new domain changes the first, each
   writer the second. What is changed by hand inside a folder is not seen. */
static enum status
dir_revision(void *ctx, uint64_t *r, struct diag *diag)
{
	const struct dir *dir = ctx;
	struct {
		struct timespec	root;
		char		text[REVISION_BYTES];
	} seen;
	struct stat st;
	int fd;

	memset(&seen, 0, sizeof(seen));
	if (stat(dir->path, &st) == -1) {
		return (dir_failed(dir->path, diag));
	}
	seen.root = st.st_mtim;
	fd = openat(dir->fd, REVISION_FILE, O_RDONLY | O_CLOEXEC |
	    O_NOFOLLOW | O_NONBLOCK);
	if (fd != -1) {
		if (read(fd, seen.text, sizeof(seen.text)) == -1) {
			seen.text[0] = '\0';
		}
		(void)close(fd);
	}
	*r = str_hash(str_mem(&seen, sizeof(seen)));
	return (STATUS_OK);
}

enum status
dir_touch_revision(const struct dir *dir, struct diag *diag)
{
	char text[REVISION_BYTES + 1];
	enum status status;
	int fd;

	status = files_open(dir->fd, REVISION_FILE, dir->path, 0644,
	    &dir->owner, &fd, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	(void)snprintf(text, sizeof(text), "%08x%08x", arc4random(),
	    arc4random());
	if (!files_write(fd, str_from(text))) {
		diag_set(diag, dir->path, 0, "%s: %s", REVISION_FILE,
		    strerror(errno));
		status = STATUS_IO;
	}
	(void)close(fd);
	return (status);
}

static enum status
dir_lock(void *ctx, struct str domain, unsigned timeout_s, struct diag *diag)
{
	struct dir *dir = ctx;
	enum status status;

	status = lock_domain(&dir->lock, dir->fd, LOCK_FILE, dir->path,
	    &dir->owner, domain, timeout_s, diag);
	dir->locked = status == STATUS_OK;
	return (status);
}

static void
dir_unlock(void *ctx, struct str domain)
{
	struct dir *dir = ctx;

	unlock_domain(&dir->lock, domain);
	dir->locked = false;
}

enum status
keystore_open_dir(struct keystore *store, const char *path, bool create,
    struct diag *diag)
{
	static const struct keystore_ops ops = { dir_close, dir_list,
		dir_private, dir_revision, dir_lock, dir_unlock, dir_add,
		dir_save, dir_delete, NULL };
	struct dir *dir = calloc(1, sizeof(*dir));
	struct stat st;

	if (dir == NULL || (dir->path = strdup(path)) == NULL) {
		free(dir);
		diag_set(diag, path, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	store->ops = &ops;
	store->ctx = dir;
	dir->fd = -1;
	dir->lock.fd = -1;
	if (create && mkdir(path, 0700) == -1 && errno != EEXIST) {
		return (dir_failed(path, diag));
	}
	dir->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir->fd == -1) {
		return (access_failed(AT_FDCWD, path, path, diag));
	}
	if (fstat(dir->fd, &st) == -1) {
		return (dir_failed(path, diag));
	}
	dir->owner.uid = st.st_uid;
	dir->owner.gid = st.st_gid;
	return (STATUS_OK);
}
