/* SPDX-License-Identifier: BSD-2-Clause */
/* memory: a file without a name (memfd_create(2)), to be passed to another
   process, which cannot change it. */
#ifndef MILTER_MEMORY_H
#define MILTER_MEMORY_H

#include "base/attr.h"
#include "base/status.h"
#include "base/str.h"

/* NOMEM: it could not be made. */
enum status	memory_write(const char *name, struct str, int *fd_r)
    ATTR_MUST_CHECK;
/* Maps it read-only. IO: it is not such a file; errno. */
enum status	memory_map(int fd, struct str *r) ATTR_MUST_CHECK;
void		memory_unmap(struct str);

#endif
