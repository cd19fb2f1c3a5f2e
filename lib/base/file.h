/* SPDX-License-Identifier: BSD-2-Clause */
/* file: reads an open file as a whole. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/status.h"

/*
 * Appends all that is left of the file, pipe or socket to buf. LIMIT: it is
 * larger than the ceiling of buf. IO and NOMEM as usual. diag: as shown calls
 * the file. An empty buffer is allocated once for a regular file, so that no
 * copy of a secret stays in freed memory.
 */
enum status	 file_read(int fd, const char *shown, struct buf *,
		    struct diag *) ATTR_MUST_CHECK;
/* The same for what fstat(2) called a regular file of that size, not 0; 0: it
   is not known. A read that gives exactly that, and less than was asked for, is
   the last one: the end of a regular file. */
enum status	 file_read_sized(int fd, const char *shown, size_t size,
		    struct buf *, struct diag *) ATTR_MUST_CHECK;

#endif
