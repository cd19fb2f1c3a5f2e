/* SPDX-License-Identifier: BSD-2-Clause */
/* access: whether a file of private keys is closed to those it is not for. */
#ifndef BASE_ACCESS_H
#define BASE_ACCESS_H

#include <sys/stat.h>
#include <sys/types.h>

#include "base/diag.h"
#include "base/status.h"

/*
 * It must be ours, root's or of `also`, and nothing to group and others:
 * SYNTAX, and the diag names path and mode. hint: what follows "neither to root
 * nor to us nor to".
 */
enum status	 access_check(const struct stat *, uid_t also, const char *hint,
		    const char *path, struct diag *) ATTR_MUST_CHECK;

/* Whether the user that we are may make a file at path: IO, the diag names path
   and reason. what: about it, "PidFile: ", or "". */
enum status	 access_make(const char *path, const char *what, struct diag *)
    ATTR_MUST_CHECK;

#endif
