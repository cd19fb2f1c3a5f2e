/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reported: what the stored reports of other hosts (mailseal report read
 * --store) say of the keys that sign in the place of retired ones
 * (RetireAfterReports). A store that cannot be read is reported once and leaves
 * it unknown: the retired keys wait. Root uses a file with the permissions of
 * its owner: root must not leave files beside it that the daemon cannot write,
 * nor follow the daemon's links.
 */
#ifndef KEYS_REPORTED_H
#define KEYS_REPORTED_H

#include "keys/store.h"

/* Sets life->reporters, in the store's arena, if the policy has keys wait for
   reports. False: no memory, printed that. */
bool	 reported_fill(struct store *, struct life *);
void	 reported_close(struct store *);

#endif
