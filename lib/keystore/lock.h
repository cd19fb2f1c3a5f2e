/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock: exclusion by domain, by range locks on one file: each domain has an
 * octet of its own, far beyond the end. The kernel drops the locks of a
 * process that ends in whatever way.
 */
#ifndef KEYSTORE_LOCK_H
#define KEYSTORE_LOCK_H

#include "base/diag.h"
#include "base/status.h"
#include "base/str.h"
#include "keystore/files.h"

struct lock_file {
	int	fd;		/* -1: not open */
};

/*
 * The file is made at first use, for that owner. TEMP: another process holds
 * the domain's lock and did not release it in time. shown: for messages.
 */
enum status	 lock_domain(struct lock_file *, int dir, const char *name,
		    const char *shown, const struct files_owner *,
		    struct str domain, unsigned timeout_s, struct diag *)
    ATTR_MUST_CHECK;
void		 unlock_domain(struct lock_file *, struct str domain);
void		 lock_file_close(struct lock_file *);

#endif
