/* SPDX-License-Identifier: BSD-2-Clause */
/* access: checks of owners and modes of files. */
#ifndef BASE_ACCESS_H
#define BASE_ACCESS_H

#include <sys/stat.h>
#include <sys/types.h>

#include "base/diag.h"
#include "base/status.h"

/*
 * A file of private keys must belong to us, to root or to user `also`, and
 * must give no permission to others, and to group none but reading, to our own
 * primary one alone: so containers mount secrets. Else SYNTAX, and diag names
 * path and mode. hint: names user `also` in the message.
 */
enum status	 access_check(const struct stat *, uid_t also, const char *hint,
		    const char *path, struct diag *) ATTR_MUST_CHECK;
/* The same for a process that will have that primary group. */
enum status	 access_check_group(const struct stat *, uid_t also,
		    gid_t group, const char *hint, const char *path,
		    struct diag *) ATTR_MUST_CHECK;

/*
 * Sets diag from errno, after a file could not be opened; with EACCES it names
 * owner, group and mode, and who we are. dir: AT_FDCWD, or of the folder.
 * Returns IO; errno stays.
 */
enum status	 access_failed(int dir, const char *name, const char *shown,
		    struct diag *);

/* Whether our user may create a file at path. Else IO, and diag names path and
   reason. what: starts the reason, "PidFile: " or "". */
enum status	 access_make(const char *path, const char *what, struct diag *)
    ATTR_MUST_CHECK;

#endif
