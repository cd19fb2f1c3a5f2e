/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>

#include <errno.h>

#include "keystore/entries.h"

void
entries_init(struct entries *e, int fd)
{
	e->fd = fd;
	e->n = e->at = 0;
}

enum status
entries_next(struct entries *e, const char **name_r)
{
	const struct dirent64 *entry;
	ssize_t got;

	*name_r = NULL;
	if (e->at == e->n) {
		got = getdents64(e->fd, e->block.octets, ENTRIES_BYTES);
		if (got <= 0) {
			e->n = e->at = 0;
			return (got == 0 || errno == ENOENT ? STATUS_OK :
			    STATUS_IO);
		}
		e->n = (size_t)got;
		e->at = 0;
	}
	entry = (const void *)(e->block.octets + e->at);
	e->at += entry->d_reclen;
	*name_r = entry->d_name;
	return (STATUS_OK);
}
