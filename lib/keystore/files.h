/* SPDX-License-Identifier: BSD-2-Clause */
/* files: files of a folder, read and replaced as a whole. */
#ifndef KEYSTORE_FILES_H
#define KEYSTORE_FILES_H

#include <sys/stat.h>
#include <sys/types.h>

#include <stdbool.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/status.h"
#include "base/str.h"

struct files_owner {		/* of new files; -1: as they come */
	uid_t	uid;
	gid_t	gid;
};

/*
 * All of a regular file into buf, whose ceiling counts (LIMIT); SYNTAX: it is
 * none. shown: what messages call the file. st_r may be NULL.
 */
enum status	 files_read(int dir, const char *name, const char *shown,
		    struct buf *, struct stat *st_r, struct diag *)
    ATTR_MUST_CHECK;
/*
 * The file as text, in place of any there was: written beside it, brought to
 * the disk, renamed, and the folder brought to the disk. IO: all is as it was.
 */
enum status	 files_replace(int dir, const char *name, const char *shown,
		    struct str text, mode_t, const struct files_owner *,
		    struct diag *) ATTR_MUST_CHECK;
/* Whether that writing used this name: what a run that was cut short left. */
bool		 files_is_temp(const char *name);
/* false: errno says why. */
bool		 files_write(int fd, struct str text);

#endif
