/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dir_list: lists the keys of a key directory. To list all domains costs two
 * open and a getdents for each, so that several threads share the folders, and
 * what a signer keeps in memory is read while its folder is open.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keystore/dir.h"
#include "keystore/entries.h"
#include "keystore/passphrase.h"
#include "mail/domain.h"

#define THREADS_MAX	4
#define SHARE_MIN	200		/* folders for each thread */
#define NAMES_BYTES	((size_t)1 << 30)

/*
 * Of a list of all domains, shared by its threads. Each takes the next folder
 * until none is left or one of them fails.
 */
struct walk {
	const struct dir	*dir;
	const struct keystore_query *query;	/* of the caller */
	const char		**names;	/* of the folders */
	size_t			 names_n;
	atomic_size_t		 next;
	pthread_mutex_t		 lock;	/* for what follows and query's calls */
	enum status		 status;	/* the first failure */
	struct diag		*diag;		/* of it */
};

/*
 * One broken key must not hide the others. But a failure that is not of the key
 * (no memory, no file descriptors, a bad disk) ends the list: without keys that
 * exist, mail would not be signed.
 */
static bool
is_of_key(enum status status)
{
	return (status == STATUS_SYNTAX || status == STATUS_LIMIT ||
	    (status == STATUS_IO && (errno == EACCES || errno == ENOENT ||
	    errno == ELOOP || errno == ENOTDIR)));
}

/* Counts one of the private keys that are to be read. */
static bool
wants_copy(const struct keystore_query *query)
{
	size_t left = query->copies != NULL ? atomic_load(query->copies) : 0;

	while (left > 0 && !atomic_compare_exchange_weak(query->copies, &left,
	    left - 1)) {
		continue;
	}
	return (left > 0);
}

/* Nothing if it cannot be read: whoever needs it will find out why. */
static void
add_copy(const struct dir *dir, const struct dir_folder *folder,
    struct keystore_key *key, struct buf *pem)
{
	struct diag ignored;

	diag_init(&ignored);
	if (dir_read_private(dir, folder, key->selector, pem, &ignored) ==
	    STATUS_OK && !passphrase_is_used(buf_str(pem))) {
		key->pem = buf_str(pem);
		key->is_copy = true;
	}
}

static enum status
list_state(const struct dir *dir, const struct dir_folder *folder,
    struct str domain, struct str selector, const struct keystore_query *query,
    struct diag *diag_r)
{
	struct keystore_key key;
	enum status status;
	struct diag diag;
	struct buf pem;

	diag_init(&diag);
	status = dir_read_state(dir, folder, domain, selector,
	    query->scratch, &key, &diag);
	if (status != STATUS_OK && !is_of_key(status)) {
		diag_set(diag_r, NULL, 0, "%s", diag.text);
		return (status);
	}
	if (status != STATUS_OK) {
		keystore_report(query, domain, selector, &diag);
		return (STATUS_OK);
	}
	if (query->active && key.stage == KEY_REMOVED) {
		arena_reset(query->scratch);
		return (STATUS_OK);
	}
	/* A signer opens it anyway. */
	if (!query->active) {
		keystore_mark(&key, dir_has_file(folder, selector,
		    DIR_PRIVATE));
	}
	buf_init(&pem, KEYSTORE_PEM_MAX_BYTES);
	if (key.stage == KEY_ACTIVE && wants_copy(query)) {
		add_copy(dir, folder, &key, &pem);
	}
	status = keystore_deliver(query, &key);
	buf_fini_secret(&pem);
	return (status);
}

/* The selector of "SELECTOR.state" or another ending. */
static bool
has_ending(const char *file, struct str end, struct str *selector_r)
{
	struct str name = str_from(file);

	if (name.p[0] == '.' || !str_ends_ci(name, end) ||
	    name.n >= DIR_NAME_BYTES) {
		return (false);
	}
	*selector_r = str_first(name, name.n - end.n);
	return (true);
}

/* The record is written last: a private key with its record had a state. */
static void
report_stateless(const struct dir_folder *folder, struct str domain,
    struct str selector, const struct keystore_query *query)
{
	char name[DIR_NAME_BYTES], shown[DIR_PATH_BYTES];
	struct diag diag;

	/* In the order in which a writer makes or removes them. */
	if (dir_has_file(folder, selector, DIR_STATE) ||
	    !dir_has_file(folder, selector, DIR_PRIVATE) ||
	    !dir_has_file(folder, selector, DIR_RECORD)) {
		return;
	}
	diag_init(&diag);
	dir_name_file(folder, selector, DIR_STATE, name, shown);
	diag_set(&diag, shown, 0, "missing, but there is a private key with "
	    "its record; see dkimkeygen(1), FILES");
	keystore_report(query, domain, selector, &diag);
}

static enum status
list_file(const struct dir *dir, const struct dir_folder *folder,
    const char *name, struct str domain, const struct keystore_query *query,
    struct diag *diag)
{
	struct str selector;

	if (has_ending(name, STR(DIR_STATE), &selector)) {
		return (list_state(dir, folder, domain, selector, query, diag));
	}
	if (has_ending(name, STR(DIR_RECORD), &selector)) {
		report_stateless(folder, domain, selector, query);
	} else if (dir->locked && query->domain.p != NULL &&
	    files_is_temp(name)) {
		(void)unlinkat(folder->fd, name, 0);
	}
	return (STATUS_OK);
}

/* Closes the folder. */
static enum status
list_folder(const struct dir *dir, const struct dir_folder *folder,
    struct str domain, const struct keystore_query *query, struct diag *diag)
{
	struct entries entries;
	enum status status;
	const char *name;

	entries_init(&entries, folder->fd);
	do {
		status = entries_next(&entries, &name);
		if (status != STATUS_OK) {
			status = dir_failed(folder->shown, diag);
		} else if (name != NULL) {
			status = list_file(dir, folder, name, domain, query,
			    diag);
		}
	} while (status == STATUS_OK && name != NULL);
	(void)close(folder->fd);
	return (status);
}

/* Excludes folders such as "lost+found". */
static bool
is_domain(struct arena *scratch, const char *name)
{
	struct str r;
	enum status status = domain_normalize(scratch, str_from(name), &r);

	arena_reset(scratch);
	return (status == STATUS_OK || status == STATUS_NOMEM);
}

/* A folder that cannot be read is reported like a broken state; a file is
   ignored. */
static enum status
list_entry(const struct dir *dir, const char *name,
    const struct keystore_query *query, struct diag *diag_r)
{
	struct dir_folder folder;
	enum status status;
	struct diag diag;
	struct stat st;

	if (!is_domain(query->scratch, name)) {
		return (STATUS_OK);
	}
	diag_init(&diag);
	status = dir_open_folder(dir, str_from(name), false, &folder, &diag);
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
		keystore_report(query, str_from(name), STR_NONE, &diag);
	}
	return (STATUS_OK);
}

static enum status
walk_take(void *ctx, const struct keystore_key *key)
{
	struct walk *walk = ctx;
	enum status status;

	pthread_mutex_lock(&walk->lock);
	if (walk->status == STATUS_OK) {
		walk->status = walk->query->take(walk->query->ctx, key);
	}
	status = walk->status;
	pthread_mutex_unlock(&walk->lock);
	return (status);
}

static void
walk_bad(void *ctx, struct str domain, struct str selector,
    const struct diag *diag)
{
	struct walk *walk = ctx;

	pthread_mutex_lock(&walk->lock);
	if (walk->status == STATUS_OK && walk->query->bad != NULL) {
		walk->query->bad(walk->query->ctx, domain, selector, diag);
	}
	pthread_mutex_unlock(&walk->lock);
}

static void
walk_fail(struct walk *walk, enum status status, const struct diag *diag)
{
	pthread_mutex_lock(&walk->lock);
	if (walk->status == STATUS_OK) {
		walk->status = status;
		if (diag->text[0] != '\0') {
			diag_set(walk->diag, NULL, 0, "%s", diag->text);
		}
	}
	pthread_mutex_unlock(&walk->lock);
	atomic_store(&walk->next, walk->names_n);
}

static void *
walk_folders(void *ctx)
{
	struct walk *walk = ctx;
	struct keystore_query query = { .active = walk->query->active,
		.copies = walk->query->copies, .take = walk_take,
		.bad = walk_bad, .ctx = walk };
	enum status status;
	struct arena scratch;
	struct diag diag;
	size_t i;

	arena_init(&scratch, KEYSTORE_SCRATCH_BYTES);
	query.scratch = &scratch;
	while ((i = atomic_fetch_add(&walk->next, 1)) < walk->names_n) {
		diag_init(&diag);
		status = list_entry(walk->dir, walk->names[i], &query, &diag);
		if (status != STATUS_OK) {
			walk_fail(walk, status, &diag);
			break;
		}
	}
	arena_fini(&scratch);
	return (NULL);
}

/* The calling thread is one of them; without another one it does all. */
static void
walk_run(struct walk *walk)
{
	pthread_t threads[THREADS_MAX];
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t i, n = walk->names_n / SHARE_MIN, started = 0;

	if (processors > 0 && n > (size_t)processors) {
		n = (size_t)processors;
	}
	n = n > THREADS_MAX ? THREADS_MAX : n;
	while (started + 1 < n && pthread_create(&threads[started], NULL,
	    walk_folders, walk) == 0) {
		started++;
	}
	(void)walk_folders(walk);
	for (i = 0; i < started; i++) {
		(void)pthread_join(threads[i], NULL);
	}
}

static enum status
add_name(struct arena *arena, struct walk *walk, size_t *cap, const char *name)
{
	const char **names;

	if (name[0] == '.' || strlen(name) >= DIR_NAME_BYTES) {
		return (STATUS_OK);
	}
	names = arena_grow(arena, walk->names, walk->names_n, cap,
	    sizeof(*names));
	if (names == NULL) {
		return (STATUS_NOMEM);
	}
	walk->names = names;
	names[walk->names_n] = arena_cstr(arena, str_from(name));
	return (names[walk->names_n++] != NULL ? STATUS_OK : STATUS_NOMEM);
}

static enum status
read_names(struct arena *arena, struct walk *walk, struct diag *diag)
{
	int fd = openat(walk->dir->fd, ".", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	struct entries entries;
	enum status status;
	const char *name;
	size_t cap = 0;

	if (fd == -1) {
		return (dir_failed(walk->dir->path, diag));
	}
	entries_init(&entries, fd);
	do {
		status = entries_next(&entries, &name);
		if (status != STATUS_OK) {
			status = dir_failed(walk->dir->path, diag);
		} else if (name != NULL) {
			status = add_name(arena, walk, &cap, name);
		}
	} while (status == STATUS_OK && name != NULL);
	(void)close(fd);
	return (status);
}

static enum status
list_all(const struct dir *dir, const struct keystore_query *query,
    struct diag *diag)
{
	struct walk walk = { .dir = dir, .query = query, .diag = diag,
		.lock = PTHREAD_MUTEX_INITIALIZER };
	enum status status;
	struct arena arena;

	arena_init(&arena, NAMES_BYTES);
	status = read_names(&arena, &walk, diag);
	if (status == STATUS_OK) {
		walk_run(&walk);
		status = walk.status;
	}
	pthread_mutex_destroy(&walk.lock);
	arena_fini(&arena);
	return (status);
}

static enum status
list_domain(const struct dir *dir, const struct keystore_query *query,
    struct diag *diag)
{
	struct dir_folder folder;
	enum status status = dir_open_folder(dir, query->domain, false,
	    &folder, diag);

	if (status == STATUS_IO && errno == ENOENT) {
		return (STATUS_OK);
	}
	if (status != STATUS_OK) {
		return (status);
	}
	return (list_folder(dir, &folder, query->domain, query, diag));
}

enum status
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
