/* SPDX-License-Identifier: BSD-2-Clause */
/* dir_write: adds keys to a key directory and changes their state. */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "keystore/dir.h"
#include "mail/domain.h"
#include "wanted/record.h"

/* Takes the text. */
static enum status
write_file(const struct dir *dir, const struct dir_folder *folder,
    struct str selector, const char *end, struct buf *text, struct diag *diag)
{
	char name[DIR_NAME_BYTES], shown[DIR_PATH_BYTES];
	enum status status = text->status;

	dir_name_file(folder, selector, end, name, shown);
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
write_state(const struct dir *dir, const struct dir_folder *folder,
    const struct keystore_key *key, struct diag *diag)
{
	struct buf text;

	buf_init(&text, KEYSTORE_STATE_MAX_BYTES);
	keystore_state_write(&text, key);
	return (write_file(dir, folder, key->selector, DIR_STATE, &text,
	    diag));
}

static enum status
write_record(const struct dir *dir, const struct dir_folder *folder,
    const struct keystore_key *key, struct diag *diag)
{
	struct arena arena;
	enum status status;
	struct buf text;
	struct str owner;

	arena_init(&arena, DIR_NAME_BYTES * 4);
	buf_init(&text, KEYSTORE_STATE_MAX_BYTES);
	owner = domain_key_name(&arena, key->selector, key->domain);
	record_zone_line(&text, owner, "TXT", key->record);
	if (owner.p == NULL) {
		text.status = STATUS_NOMEM;
	}
	status = write_file(dir, folder, key->selector, DIR_RECORD, &text,
	    diag);
	arena_fini(&arena);
	return (status);
}

static enum status
fail_exists(const char *shown, struct diag *diag)
{
	diag_set(diag, shown, 0, "it exists already; choose another selector");
	return (STATUS_LIMIT);
}

/* There is no state. The private key may exist if it is the same and has its
   record: such a key has lost its state and gets a new one. */
static enum status
check_place(const struct dir *dir, const struct dir_folder *folder,
    const struct keystore_key *key, struct str pem, bool *stateless_r,
    struct diag *diag)
{
	char name[DIR_NAME_BYTES], shown[DIR_PATH_BYTES];
	struct diag ignored;
	enum status status;
	struct buf text;
	bool same;

	*stateless_r = false;
	dir_name_file(folder, key->selector, DIR_STATE, name, shown);
	if (dir_has_file(folder, key->selector, DIR_STATE)) {
		return (fail_exists(shown, diag));
	}
	if (!dir_has_file(folder, key->selector, DIR_PRIVATE) &&
	    !dir_has_file(folder, key->selector, DIR_RECORD)) {
		return (STATUS_OK);
	}
	diag_init(&ignored);
	buf_init(&text, KEYSTORE_PEM_MAX_BYTES);
	dir_name_file(folder, key->selector, DIR_PRIVATE, name, shown);
	status = files_read_linked(folder->fd, name, shown, &dir->owner, &text,
	    NULL, &ignored);
	same = status == STATUS_OK && str_eq(buf_str(&text), pem) &&
	    dir_has_file(folder, key->selector, DIR_RECORD);
	buf_fini_secret(&text);
	*stateless_r = same;
	return (same ? STATUS_OK : fail_exists(shown, diag));
}

static enum status
write_files(const struct dir *dir, const struct dir_folder *folder,
    const struct keystore_key *key, struct str pem, struct diag *diag)
{
	char name[DIR_NAME_BYTES], shown[DIR_PATH_BYTES];
	enum status status;

	dir_name_file(folder, key->selector, DIR_PRIVATE, name, shown);
	status = files_replace(folder->fd, name, shown, pem, 0600,
	    &dir->owner, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	status = write_state(dir, folder, key, diag);
	return (status == STATUS_OK ? write_record(dir, folder, key, diag) :
	    status);
}

/* Removes what write_files wrote, in reverse order. */
static void
remove_files(const struct dir_folder *folder, struct str selector)
{
	static const char *const ends[] = { DIR_RECORD, DIR_STATE,
		DIR_PRIVATE };
	char name[DIR_NAME_BYTES], shown[DIR_PATH_BYTES];
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		dir_name_file(folder, selector, ends[i], name, shown);
		(void)unlinkat(folder->fd, name, 0);
	}
}

static enum status
add_files(const struct dir *dir, const struct dir_folder *folder,
    const struct keystore_key *key, struct str pem, struct diag *diag)
{
	enum status status;
	bool stateless;

	status = check_place(dir, folder, key, pem, &stateless, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	if (stateless) {
		return (write_state(dir, folder, key, diag));
	}
	status = write_files(dir, folder, key, pem, diag);
	if (status != STATUS_OK) {
		remove_files(folder, key->selector);
	}
	return (status);
}

/* After the state: the next run completes an interrupted one. */
static enum status
remove_private(const struct dir_folder *folder, const struct keystore_key *key,
    struct diag *diag)
{
	char name[DIR_NAME_BYTES], shown[DIR_PATH_BYTES];

	dir_name_file(folder, key->selector, DIR_PRIVATE, name, shown);
	if (unlinkat(folder->fd, name, 0) == -1 && errno != ENOENT) {
		return (dir_failed(shown, diag));
	}
	return (fsync(folder->fd) == 0 || errno == EINVAL ? STATUS_OK :
	    dir_failed(shown, diag));
}

static enum status
replace_files(const struct dir *dir, const struct dir_folder *folder,
    const struct keystore_key *before, const struct keystore_key *key,
    struct diag *diag)
{
	enum status status;

	if (!str_eq(before->record, key->record)) {
		status = write_record(dir, folder, key, diag);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	status = write_state(dir, folder, key, diag);
	if (status != STATUS_OK || key->stage != KEY_REMOVED) {
		return (status);
	}
	return (remove_private(folder, key, diag));
}

/* After a change, whole or partial, so that no reader keeps the old state under
   the new revision. */
static enum status
touch_again(const struct dir *dir, enum status status, struct diag *diag)
{
	struct diag ignored;
	enum status touched;

	diag_init(&ignored);
	touched = dir_touch_revision(dir, status == STATUS_OK ? diag :
	    &ignored);
	return (status == STATUS_OK ? touched : status);
}

/* Only the stage matters to a signer. The revision changes before as well, so
   that an interrupted run is seen. */
static enum status
save_files(const struct dir *dir, const struct dir_folder *folder,
    const struct keystore_key *before, const struct keystore_key *key,
    struct diag *diag)
{
	enum status status;

	if (before->stage == key->stage) {
		return (replace_files(dir, folder, before, key, diag));
	}
	status = dir_touch_revision(dir, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	return (touch_again(dir, replace_files(dir, folder, before, key,
	    diag), diag));
}

enum status
dir_add(void *ctx, const struct keystore_key *key, struct str pem,
    struct diag *diag)
{
	const struct dir *dir = ctx;
	struct dir_folder folder;
	enum status status = dir_open_folder(dir, key->domain, true, &folder,
	    diag);

	if (status != STATUS_OK) {
		return (status);
	}
	status = dir_touch_revision(dir, diag);
	if (status == STATUS_OK) {
		status = touch_again(dir, add_files(dir, &folder, key, pem,
		    diag), diag);
	}
	(void)close(folder.fd);
	return (status);
}

enum status
dir_save(void *ctx, const struct keystore_key *key, struct diag *diag)
{
	const struct dir *dir = ctx;
	struct keystore_key before;
	struct dir_folder folder;
	struct arena arena;
	enum status status = dir_open_folder(dir, key->domain, false, &folder,
	    diag);

	if (status != STATUS_OK) {
		return (status);
	}
	arena_init(&arena, 4 * KEYSTORE_STATE_MAX_BYTES);
	status = dir_read_state(dir, &folder, key->domain, key->selector,
	    &arena, &before, diag);
	if (status == STATUS_OK) {
		status = save_files(dir, &folder, &before, key, diag);
	}
	arena_fini(&arena);
	(void)close(folder.fd);
	return (status);
}

/* The state goes last: until then the key is listed, and can be deleted. */
static enum status
delete_files(const struct dir_folder *folder, const struct keystore_key *key,
    struct diag *diag)
{
	static const char *const ends[] = { DIR_PRIVATE, DIR_RECORD,
		DIR_STATE };
	char name[DIR_NAME_BYTES], shown[DIR_PATH_BYTES];
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		dir_name_file(folder, key->selector, ends[i], name, shown);
		if (unlinkat(folder->fd, name, 0) == -1 && errno != ENOENT) {
			return (dir_failed(shown, diag));
		}
	}
	return (fsync(folder->fd) == 0 || errno == EINVAL ? STATUS_OK :
	    dir_failed(folder->shown, diag));
}

enum status
dir_delete(void *ctx, const struct keystore_key *key, struct diag *diag)
{
	const struct dir *dir = ctx;
	struct dir_folder folder;
	enum status status = dir_open_folder(dir, key->domain, false, &folder,
	    diag);

	if (status != STATUS_OK) {
		return (status);
	}
	status = dir_touch_revision(dir, diag);
	if (status == STATUS_OK) {
		status = touch_again(dir, delete_files(&folder, key, diag),
		    diag);
	}
	(void)close(folder.fd);
	if (status == STATUS_OK) {
		/* It stays if it has other files. */
		(void)rmdir(folder.shown);
	}
	return (status);
}
