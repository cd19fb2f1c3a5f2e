/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * publish: has a record put into the DNS, or taken out of it, by nsupdate(1)
 * or a hook program; dkimkeygen(1) describes the contract of both under
 * PUBLISHING. Success only means that it was requested: keys/look.h shows
 * whether it was done. Each request may be repeated at any time.
 */
#ifndef KEYS_PUBLISH_H
#define KEYS_PUBLISH_H

#include "keys/look.h"

enum publish_what {
	PUBLISH_RECORD,		/* where there is no record yet */
	PUBLISH_REVOKED,	/* p= in place of the record */
	PUBLISH_NOTHING		/* in place of either */
};

/* Whether the operator publishes records: "print". */
bool		 publish_is_by_hand(const char *how);
/*
 * TEMP: it failed, the diag says how. *asked_r: whether it was requested; by
 * hand it is not.
 */
enum status	 publish(struct store *, const char *how,
		    const struct keystore_key *, const struct look *,
		    enum publish_what, bool *asked_r, struct diag *)
    ATTR_MUST_CHECK;
/*
 * Another TXT record of a domain, for mailseal setup, in place of the old one
 * if there is one: other records of the name stay. A program is run with
 * "merge", which one that only knows keys refuses.
 * TEMP as above; "print" is not for this.
 */
struct publish_text {
	struct str	 domain;
	struct str	 owner;
	struct str	 target;	/* of its CNAMEs */
	struct str	 zone;
	struct str	 old;		/* absent: none */
	struct str	 value;
};
enum status	 publish_text(struct store *, const char *how,
		    const struct publish_text *, struct diag *)
    ATTR_MUST_CHECK;
/*
 * The private half, as a file that everybody may read. *done_r: false if the
 * store has none. False: the diag says why.
 */
bool		 publish_private(struct store *, const char *dir,
		    const struct keystore_key *, bool *done_r, struct diag *);

#endif
