/* SPDX-License-Identifier: BSD-2-Clause */
/* files: reads and replaces files of a folder as a whole. */
#ifndef KEYSTORE_FILES_H
#define KEYSTORE_FILES_H

#include <sys/stat.h>
#include <sys/types.h>

#include <stdbool.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/status.h"
#include "base/str.h"

struct files_owner {		/* of new files; -1: unchanged */
	uid_t	uid;
	gid_t	gid;
};

/*
 * Opens what is there to read, also through a symbolic link: containers mount
 * secrets that way. Whoever may make links in the folder could have root or us
 * read what they lead to, so a link must belong to root or to us and lead to
 * what belongs to root, us or the owner; or link and target both belong to the
 * owner. On failure IO, and errno and diag say why; ELOOP: not such a link.
 */
enum status	 files_open_to_read(int dir, const char *name, int flags,
		    const char *shown, const struct files_owner *, int *fd_r,
		    struct diag *) ATTR_MUST_CHECK;
/*
 * Reads a regular file into buf; LIMIT: it exceeds the ceiling of buf. SYNTAX:
 * not a regular file. shown: its name in messages. st_r may be NULL.
 */
enum status	 files_read(int dir, const char *name, const char *shown,
		    struct buf *, struct stat *st_r, struct diag *)
    ATTR_MUST_CHECK;
/* The same, opened as above. */
enum status	 files_read_linked(int dir, const char *name,
		    const char *shown, const struct files_owner *,
		    struct buf *, struct stat *st_r, struct diag *)
    ATTR_MUST_CHECK;
/*
 * Writes text to a temporary file, syncs it, renames it to name and syncs the
 * folder. IO: nothing has changed.
 */
enum status	 files_replace(int dir, const char *name, const char *shown,
		    struct str text, mode_t, const struct files_owner *,
		    struct diag *) ATTR_MUST_CHECK;
/*
 * Opens a file of the store to read and write; root makes it the owner's. A
 * file that is there may be a trap of a user who may write the folder: it must
 * be regular, have one link only, and belong to root, the owner or us.
 * Messages: shown, name and reason.
 */
enum status	 files_open(int dir, const char *name, const char *shown,
		    mode_t, const struct files_owner *, int *fd_r,
		    struct diag *) ATTR_MUST_CHECK;
/* Whether it is the name of a temporary file of files_replace. */
bool		 files_is_temp(const char *name);
/* On failure errno is set. */
bool		 files_write(int fd, struct str text);

#endif
