/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kept_keys: key files that only root can read. A daemon that starts as root
 * reads KeyFile before it becomes UserID. A keys process that is started again
 * later has only the permissions of UserID, and no key, would it not inherit
 * descriptors: the parent opens the files before the drop and keeps those that
 * UserID cannot open. It never reads them, and the mail process closes them
 * first of all.
 *
 * The keys process reads a file by its path if it may, else by the descriptor:
 * then a file that has replaced it is not seen until the daemon is restarted. A
 * reload, which is asked for to read what is new, does not use them, and fails.
 * After a reload that succeeds they are not needed, since UserID can read all.
 */
#ifndef MILTER_KEPT_KEYS_H
#define MILTER_KEPT_KEYS_H

#include <stddef.h>

#include "base/env.h"
#include "conf/conf.h"

#define KEPT_KEYS_MAX	256	/* descriptors that are left for the rest */

struct kept_keys {		/* zeroed: none */
	struct conf_opened	*v;
	size_t			 n;
};

/* Before privileges are dropped. Does nothing if they are not to be. */
void	kept_keys_open(struct kept_keys *, const struct conf *);
/* After that: closes what UserID can open, and logs what remains, or that it
   cannot be kept, with the remedy. */
void	kept_keys_settle(struct kept_keys *, const struct conf *,
	    const struct env *);
/* Closes all; again: nothing. */
void	kept_keys_close(struct kept_keys *);

#endif
