/* SPDX-License-Identifier: BSD-2-Clause */
/* The store that is a directory: a folder per domain, three files per key. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/access.h"
#include "keystore/files.h"
#include "keystore/lock.h"
#include "keystore/private.h"
#include "keystore/record.h"
#include "mail/domain.h"

#define PATH_BYTES	4096
#define NAME_BYTES	300		/* selector and what follows it */
#define LOCK_FILE	".lock"
#define REVISION_FILE	".revision"
#define REVISION_BYTES	16
#define STATE_END	".state"
#define PRIVATE_END	".private"
#define RECORD_END	".txt"

struct dir {
	char			*path;
	const struct env	*env;
	int			 fd;
	struct lock_file	 lock;
	bool			 locked;	/* a domain, by us */
	struct files_owner	 owner;
};

/* A folder of one domain, open. */
struct folder {
	int	fd;
	char	shown[PATH_BYTES];		/* its path, for messages */
};

static enum status
failed(const char *shown, struct diag *diag)
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

/* Domains are A-labels: no slash, no dot in front. */
static enum status
open_folder(const struct dir *dir, struct str domain, bool create,
    struct folder *folder, struct diag *diag)
{
	char name[NAME_BYTES];

	(void)snprintf(name, sizeof(name), "%.*s", STR_FMT(domain));
	(void)snprintf(folder->shown, sizeof(folder->shown), "%s/%s",
	    dir->path, name);
	if (create && mkdirat(dir->fd, name, 0700) == -1 && errno != EEXIST) {
		return (failed(folder->shown, diag));
	}
	folder->fd = openat(dir->fd, name, O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC | O_NOFOLLOW);
	if (folder->fd == -1) {
		return (failed(folder->shown, diag));
	}
	/* A run that was cut short may have left it to root. */
	if (create && geteuid() == 0 &&
	    fchown(folder->fd, dir->owner.uid, dir->owner.gid) == -1) {
		(void)failed(folder->shown, diag);
		(void)close(folder->fd);
		return (STATUS_IO);
	}
	return (STATUS_OK);
}

/* "SELECTOR" and an ending; shown: with the folder's path. */
static void
file_name(const struct folder *folder, struct str selector, const char *end,
    char name[NAME_BYTES], char shown[PATH_BYTES])
{
	(void)snprintf(name, NAME_BYTES, "%.*s%s", STR_FMT(selector), end);
	(void)snprintf(shown, PATH_BYTES, "%.*s/%s",
	    PATH_BYTES - NAME_BYTES - 1, folder->shown, name);
}

static enum status
read_state(const struct folder *folder, struct str domain,
    struct str selector, struct arena *arena, struct keystore_key *key,
    struct diag *diag)
{
	char name[NAME_BYTES], shown[PATH_BYTES];
	enum status status;
	struct buf text;

	file_name(folder, selector, STATE_END, name, shown);
	buf_init(&text, KEYSTORE_STATE_MAX_BYTES);
	status = files_read(folder->fd, name, shown, &text, NULL, diag);
	if (status == STATUS_OK) {
		status = keystore_state_parse(arena, buf_str(&text), shown,
		    key, diag);
	}
	if (status == STATUS_OK && (!str_eq(key->domain, domain) ||
	    !str_eq(key->selector, selector))) {
		diag_set(diag, shown, 0, "it is the state of another key");
		status = STATUS_SYNTAX;
	}
	buf_fini(&text);
	return (status);
}

/*
 * One broken key must not hide the others; but what has nothing to do with the
 * key (no memory, no file descriptors, a disk that fails) ends the list: a
 * picture without keys that are there would send mail unsigned.
 */
static bool
is_of_key(enum status status)
{
	return (status == STATUS_SYNTAX || status == STATUS_LIMIT ||
	    (status == STATUS_IO && (errno == EACCES || errno == ENOENT ||
	    errno == ELOOP || errno == ENOTDIR)));
}

static bool
has_file(const struct folder *folder, struct str selector, const char *end)
{
	char name[NAME_BYTES], shown[PATH_BYTES];

	file_name(folder, selector, end, name, shown);
	return (faccessat(folder->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
	    errno != ENOENT);
}

static enum status
list_state(const struct folder *folder, struct str domain,
    struct str selector, const struct keystore_query *query,
    struct diag *diag_r)
{
	struct keystore_key key;
	enum status status;
	struct diag diag;

	diag_init(&diag);
	status = read_state(folder, domain, selector, query->scratch, &key,
	    &diag);
	if (status == STATUS_OK && query->active && key.stage != KEY_ACTIVE) {
		arena_reset(query->scratch);
		return (STATUS_OK);
	}
	if (status == STATUS_OK) {
		/* Who signs opens it soon enough. */
		key.lost = !query->active && key.stage <= KEY_ACTIVE &&
		    !has_file(folder, selector, PRIVATE_END);
		return (keystore_give(query, &key));
	}
	if (!is_of_key(status)) {
		diag_set(diag_r, NULL, 0, "%s", diag.text);
		return (status);
	}
	keystore_tell(query, domain, selector, &diag);
	return (STATUS_OK);
}

/* The selector of "SELECTOR.state", or whatever the ending is. */
static bool
is_named(const char *file, struct str end, struct str *selector_r)
{
	struct str name = str_from(file);

	if (name.p[0] == '.' || !str_ends_ci(name, end) ||
	    name.n >= NAME_BYTES) {
		return (false);
	}
	*selector_r = str_first(name, name.n - end.n);
	return (true);
}

/* A key is made with its record last: with both halves, but without a state, it
   was a key once. */
static void
tell_stateless(const struct folder *folder, struct str domain,
    struct str selector, const struct keystore_query *query)
{
	char name[NAME_BYTES], shown[PATH_BYTES];
	struct diag diag;

	/* In the order in which they would come or go. */
	if (has_file(folder, selector, STATE_END) ||
	    !has_file(folder, selector, PRIVATE_END) ||
	    !has_file(folder, selector, RECORD_END)) {
		return;
	}
	diag_init(&diag);
	file_name(folder, selector, STATE_END, name, shown);
	diag_set(&diag, shown, 0, "it is missing, beside a private key and "
	    "its record: dkimkeygen(1), FILES, says what to do");
	keystore_tell(query, domain, selector, &diag);
}

/* Closes it. */
static enum status
list_folder(const struct dir *dir, const struct folder *folder,
    struct str domain, const struct keystore_query *query, struct diag *diag)
{
	DIR *stream = fdopendir(folder->fd);
	enum status status = STATUS_OK;
	struct dirent *entry;
	struct str selector;

	if (stream == NULL) {
		status = failed(folder->shown, diag);
		(void)close(folder->fd);
		return (status);
	}
	while (status == STATUS_OK && (entry = readdir(stream)) != NULL) {
		if (is_named(entry->d_name, STR(STATE_END), &selector)) {
			status = list_state(folder, domain, selector, query,
			    diag);
		} else if (is_named(entry->d_name, STR(RECORD_END),
		    &selector)) {
			tell_stateless(folder, domain, selector, query);
		} else if (dir->locked && query->domain.p != NULL &&
		    files_is_temp(entry->d_name)) {
			(void)unlinkat(folder->fd, entry->d_name, 0);
		}
		errno = 0;
	}
	if (status == STATUS_OK && errno != 0) {
		status = failed(folder->shown, diag);
	}
	(void)closedir(stream);
	return (status);
}

/* Nor a folder that no domain can have, such as "lost+found". */
static bool
is_domain(struct arena *scratch, const char *name)
{
	struct str r;
	enum status status = domain_normalize(scratch, str_from(name), &r);

	arena_reset(scratch);
	return (status == STATUS_OK || status == STATUS_NOMEM);
}

/* A folder that cannot be read is told of, like a broken state; a file that is
   none of ours is not. */
static enum status
list_entry(const struct dir *dir, const char *name,
    const struct keystore_query *query,
    struct diag *diag_r)
{
	struct folder folder;
	enum status status;
	struct diag diag;
	struct stat st;

	diag_init(&diag);
	status = open_folder(dir, str_from(name), false, &folder, &diag);
	if (status == STATUS_OK) {
		return (list_folder(dir, &folder, str_from(name), query,
		    diag_r));
	}
	if (!is_of_key(status)) {
		diag_set(diag_r, NULL, 0, "%s", diag.text);
		return (status);
	}
	if (errno != ENOTDIR ||
	    (fstatat(dir->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(st.st_mode))) {
		keystore_tell(query, str_from(name), STR_NONE, &diag);
	}
	return (STATUS_OK);
}

static enum status
list_all(const struct dir *dir, const struct keystore_query *query,
    struct diag *diag)
{
	int fd = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd != -1 ? fdopendir(fd) : NULL;
	enum status status = STATUS_OK;
	struct dirent *entry;

	if (stream == NULL) {
		status = failed(dir->path, diag);
		if (fd != -1) {
			(void)close(fd);
		}
		return (status);
	}
	while (status == STATUS_OK && (entry = readdir(stream)) != NULL) {
		if (entry->d_name[0] != '.' &&
		    strlen(entry->d_name) < NAME_BYTES &&
		    is_domain(query->scratch, entry->d_name)) {
			status = list_entry(dir, entry->d_name, query, diag);
		}
		errno = 0;
	}
	if (status == STATUS_OK && errno != 0) {
		status = failed(dir->path, diag);
	}
	(void)closedir(stream);
	return (status);
}

static enum status
list_domain(const struct dir *dir, const struct keystore_query *query,
    struct diag *diag)
{
	struct folder folder;
	enum status status = open_folder(dir, query->domain, false, &folder,
	    diag);

	if (status == STATUS_IO && errno == ENOENT) {
		return (STATUS_OK);
	}
	return (status == STATUS_OK ? list_folder(dir, &folder, query->domain,
	    query, diag) : status);
}

static enum status
dir_list(void *ctx, const struct keystore_query *query, struct diag *diag)
{
	const struct dir *dir = ctx;
	enum status status = query->domain.p == NULL ?
	    list_all(dir, query, diag) : list_domain(dir, query, diag);

	if (status == STATUS_NOMEM || status == STATUS_LIMIT) {
		diag_set(diag, dir->path, 0, "%s", status_text(status));
	}
	return (status);
}

static enum status
dir_private(void *ctx, const struct keystore_key *key, struct buf *pem,
    struct diag *diag)
{
	char name[NAME_BYTES], shown[PATH_BYTES];
	const struct dir *dir = ctx;
	struct folder folder;
	enum status status;
	struct stat st;

	status = open_folder(dir, key->domain, false, &folder, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	file_name(&folder, key->selector, PRIVATE_END, name, shown);
	status = files_read(folder.fd, name, shown, pem, &st, diag);
	if (status == STATUS_OK) {
		status = access_check(&st, dir->owner.uid,
		    "the directory's owner", shown, diag);
	}
	(void)close(folder.fd);
	return (status);
}

/* Each writer changes the file's text, and a new domain the directory. What is
   changed by hand inside a folder is not seen. */
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
		return (failed(dir->path, diag));
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

/* Not brought to the disk: who was not running then has seen nothing yet. */
static enum status
touch_revision(const struct dir *dir, struct diag *diag)
{
	int fd = openat(dir->fd, REVISION_FILE, O_WRONLY | O_CREAT |
	    O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
	enum status status = STATUS_OK;
	char text[REVISION_BYTES + 1];

	(void)snprintf(text, sizeof(text), "%08x%08x", arc4random(),
	    arc4random());
	if (fd == -1 || (geteuid() == 0 &&
	    fchown(fd, dir->owner.uid, dir->owner.gid) == -1) ||
	    !files_write(fd, str_from(text))) {
		diag_set(diag, dir->path, 0, "%s: %s", REVISION_FILE,
		    strerror(errno));
		status = STATUS_IO;
	}
	if (fd != -1) {
		(void)close(fd);
	}
	return (status);
}

/* Takes the text over. */
static enum status
put(const struct dir *dir, const struct folder *folder, struct str selector,
    const char *end, struct buf *text, struct diag *diag)
{
	char name[NAME_BYTES], shown[PATH_BYTES];
	enum status status = text->status;

	file_name(folder, selector, end, name, shown);
	if (status == STATUS_OK) {
		status = files_replace(folder->fd, name, shown,
		    buf_str(text), 0644, &dir->owner, diag);
	} else {
		diag_set(diag, shown, 0, "%s", status_text(status));
	}
	buf_fini(text);
	return (status);
}

static enum status
write_state(const struct dir *dir, const struct folder *folder,
    const struct keystore_key *key, struct diag *diag)
{
	struct buf text;

	buf_init(&text, KEYSTORE_STATE_MAX_BYTES);
	keystore_state_write(&text, key);
	return (put(dir, folder, key->selector, STATE_END, &text, diag));
}

static enum status
write_record(const struct dir *dir, const struct folder *folder,
    const struct keystore_key *key, struct diag *diag)
{
	struct arena arena;
	enum status status;
	struct buf text;
	struct str owner;

	arena_init(&arena, NAME_BYTES * 4);
	buf_init(&text, KEYSTORE_STATE_MAX_BYTES);
	owner = domain_key_name(&arena, key->selector, key->domain);
	record_zone_line(&text, owner, key->record);
	if (owner.p == NULL) {
		text.status = STATUS_NOMEM;
	}
	status = put(dir, folder, key->selector, RECORD_END, &text, diag);
	arena_fini(&arena);
	return (status);
}

static enum status
exists(const char *shown, struct diag *diag)
{
	diag_set(diag, shown, 0, "it exists already; choose another selector");
	return (STATUS_LIMIT);
}

/* No state is there. The private half may be, if it is the same and its record
   is there as well: then it has lost its state, and gets one now. */
static enum status
check_place(const struct folder *folder, const struct keystore_key *key,
    struct str pem, bool *stateless_r, struct diag *diag)
{
	char name[NAME_BYTES], shown[PATH_BYTES];
	struct diag ignored;
	enum status status;
	struct buf text;
	bool same;

	*stateless_r = false;
	file_name(folder, key->selector, STATE_END, name, shown);
	if (has_file(folder, key->selector, STATE_END)) {
		return (exists(shown, diag));
	}
	if (!has_file(folder, key->selector, PRIVATE_END) &&
	    !has_file(folder, key->selector, RECORD_END)) {
		return (STATUS_OK);
	}
	diag_init(&ignored);
	buf_init(&text, KEYSTORE_PEM_MAX_BYTES);
	file_name(folder, key->selector, PRIVATE_END, name, shown);
	status = files_read(folder->fd, name, shown, &text, NULL, &ignored);
	same = status == STATUS_OK && str_eq(buf_str(&text), pem) &&
	    has_file(folder, key->selector, RECORD_END);
	buf_fini_secret(&text);
	*stateless_r = same;
	return (same ? STATUS_OK : exists(shown, diag));
}

/* Without its state a key is not there; its record comes last, see above. */
static enum status
add_files(const struct dir *dir, const struct folder *folder,
    const struct keystore_key *key, struct str pem, struct diag *diag)
{
	static const char *const ends[] = { RECORD_END, STATE_END,
		PRIVATE_END };
	char name[NAME_BYTES], shown[PATH_BYTES];
	enum status status;
	bool stateless;
	size_t i;

	status = check_place(folder, key, pem, &stateless, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	if (stateless) {
		return (write_state(dir, folder, key, diag));
	}
	file_name(folder, key->selector, PRIVATE_END, name, shown);
	status = files_replace(folder->fd, name, shown, pem, 0600,
	    &dir->owner, diag);
	if (status == STATUS_OK) {
		status = write_state(dir, folder, key, diag);
	}
	if (status == STATUS_OK) {
		status = write_record(dir, folder, key, diag);
	}
	/* The last comes first. */
	for (i = 0; status != STATUS_OK && i < sizeof(ends) / sizeof(ends[0]);
	    i++) {
		file_name(folder, key->selector, ends[i], name, shown);
		(void)unlinkat(folder->fd, name, 0);
	}
	return (status);
}

/* The state says so already: a run that is cut short is finished by the next. */
static enum status
destroy(const struct folder *folder, const struct keystore_key *key,
    struct diag *diag)
{
	char name[NAME_BYTES], shown[PATH_BYTES];

	file_name(folder, key->selector, PRIVATE_END, name, shown);
	if (unlinkat(folder->fd, name, 0) == -1 && errno != ENOENT) {
		return (failed(shown, diag));
	}
	return (fsync(folder->fd) == 0 || errno == EINVAL ? STATUS_OK :
	    failed(shown, diag));
}

static enum status
replace_files(const struct dir *dir, const struct folder *folder,
    const struct keystore_key *before, const struct keystore_key *key,
    struct diag *diag)
{
	enum status status = STATUS_OK;

	if (!str_eq(before->record, key->record)) {
		status = write_record(dir, folder, key, diag);
	}
	if (status == STATUS_OK) {
		status = write_state(dir, folder, key, diag);
	}
	if (status == STATUS_OK && key->stage == KEY_REMOVED) {
		status = destroy(folder, key, diag);
	}
	return (status);
}

/* Behind a change, and half a change, so that nobody has the old state with the
   new revision. */
static enum status
touch_again(const struct dir *dir, enum status status, struct diag *diag)
{
	struct diag ignored;
	enum status touched;

	diag_init(&ignored);
	touched = touch_revision(dir, status == STATUS_OK ? diag : &ignored);
	return (status == STATUS_OK ? touched : status);
}

/* Touched before as well, so that a run which is cut short is seen. Only the
   stage is of interest to those that sign. */
static enum status
save_files(const struct dir *dir, const struct folder *folder,
    const struct keystore_key *key, struct diag *diag)
{
	struct keystore_key before;
	struct arena arena;
	enum status status;
	bool touches;

	arena_init(&arena, 4 * KEYSTORE_STATE_MAX_BYTES);
	status = read_state(folder, key->domain, key->selector, &arena,
	    &before, diag);
	touches = status == STATUS_OK && before.stage != key->stage;
	if (touches) {
		status = touch_revision(dir, diag);
	}
	if (status == STATUS_OK) {
		status = replace_files(dir, folder, &before, key, diag);
	}
	if (touches) {
		status = touch_again(dir, status, diag);
	}
	arena_fini(&arena);
	return (status);
}

static enum status
dir_add(void *ctx, const struct keystore_key *key, struct str pem,
    struct diag *diag)
{
	const struct dir *dir = ctx;
	struct folder folder;
	enum status status = open_folder(dir, key->domain, true, &folder,
	    diag);

	if (status != STATUS_OK) {
		return (status);
	}
	status = touch_revision(dir, diag);
	if (status == STATUS_OK) {
		status = touch_again(dir, add_files(dir, &folder, key, pem,
		    diag), diag);
	}
	(void)close(folder.fd);
	return (status);
}

static enum status
dir_save(void *ctx, const struct keystore_key *key, struct diag *diag)
{
	const struct dir *dir = ctx;
	struct folder folder;
	enum status status = open_folder(dir, key->domain, false, &folder,
	    diag);

	if (status == STATUS_OK) {
		status = save_files(dir, &folder, key, diag);
		(void)close(folder.fd);
	}
	return (status);
}

enum status
keystore_open_dir(struct keystore *store, const char *path, bool create,
    const struct env *env, struct diag *diag)
{
	static const struct keystore_ops ops = { dir_close, dir_list,
		dir_private, dir_revision, dir_lock, dir_unlock, dir_add,
		dir_save };
	struct dir *dir = calloc(1, sizeof(*dir));
	struct stat st;

	if (dir == NULL || (dir->path = strdup(path)) == NULL) {
		free(dir);
		diag_set(diag, path, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	store->ops = &ops;
	store->ctx = dir;
	dir->env = env;
	dir->lock.fd = -1;
	if (create && mkdir(path, 0700) == -1 && errno != EEXIST) {
		dir->fd = -1;
		return (failed(path, diag));
	}
	dir->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir->fd == -1 || fstat(dir->fd, &st) == -1) {
		return (failed(path, diag));
	}
	dir->owner.uid = st.st_uid;
	dir->owner.gid = st.st_gid;
	return (STATUS_OK);
}
