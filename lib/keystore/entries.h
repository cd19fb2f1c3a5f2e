/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entries: the names in a folder, in no order. fdopendir(3) and readdir(3) need
 * three more system calls and an allocation for each folder, which a store of
 * 100,000 would notice.
 */
#ifndef KEYSTORE_ENTRIES_H
#define KEYSTORE_ENTRIES_H

#include <dirent.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/status.h"

#define ENTRIES_BYTES	(32 * 1024)	/* read at once, as readdir does */

struct entries {
	int		 fd;
	size_t		 n;		/* octets in block */
	size_t		 at;		/* of the next entry */
	union {
		struct dirent64	 first;		/* for its alignment */
		char		 octets[ENTRIES_BYTES];
	} block;
};

/* fd: of the folder, at its start; borrowed. */
void		 entries_init(struct entries *, int fd);
/* *name_r: valid until the next call; NULL: there are no more, as in a folder
   that has been deleted meanwhile. IO: errno says why. */
enum status	 entries_next(struct entries *, const char **name_r)
    ATTR_MUST_CHECK;

#endif
