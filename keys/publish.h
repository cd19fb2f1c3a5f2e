/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * publish: has a record put into the DNS, or taken out of it, by nsupdate(1)
 * or a hook program; dkimkeygen(1) has the contract of both under PUBLISHING.
 * Whether it is there is for keys/look.h to see: done here only means asked
 * for. Each may be repeated at any time.
 */
#ifndef KEYS_PUBLISH_H
#define KEYS_PUBLISH_H

#include "keys/look.h"

enum publish_what {
	PUBLISH_RECORD,		/* where nothing stands yet */
	PUBLISH_REVOKED,	/* p= in place of the record */
	PUBLISH_NOTHING		/* in place of either */
};

/*
 * TEMP: it failed, the diag says how. *asked_r: whether somebody was asked;
 * with "print" nobody is, the operator publishes it.
 */
enum status	 publish(struct store *, const char *how,
		    const struct keystore_key *, const struct look *,
		    enum publish_what, bool *asked_r, struct diag *)
    ATTR_MUST_CHECK;
/* The private half, as a file for all to see. False: the diag says why. */
bool		 publish_private(struct store *, const char *dir,
		    const struct keystore_key *, struct diag *);

#endif
