/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stored: the keys of a key store (lib/keystore) that sign, as they were when
 * it was read: an immutable, counted picture. The keys of a directory are read
 * from their files when they are first used; those of a database are in
 * memory, so that a lost database keeps serving what is known.
 */
#ifndef SIGNERS_STORED_H
#define SIGNERS_STORED_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/env.h"
#include "base/status.h"
#include "base/str.h"
#include "base/strmap.h"
#include "crypto/crypto.h"

#define STORED_MAX_BYTES	(1024 * 1024 * 1024)	/* of one store */

struct stored;

struct stored_secret;		/* a private half; counted, since the next
				   picture has most of them, too */

struct stored_key {
	struct stored_key	*next;		/* of the same domain, younger */
	struct stored		*stored;
	struct str		 domain;
	struct str		 selector;
	struct str		 name;		/* for the cache and for people */
	int64_t			 created_s;
	struct stored_secret	*secret;	/* NULL: in its file */
	struct str		 trouble;	/* absent; or why the domain has no
						   key, which is all there is */
};

struct stored {
	char			*where;		/* as keystore_open takes it */
	struct str		 name;		/* without a password */
	const struct env	*env;
	struct arena		 memory;
	struct strmap		 domains;	/* to its first stored_key */
	size_t			 keys_n;	/* without those in trouble */
	uint64_t		 revision;
	atomic_bool		 lost;		/* did not answer at last */
	atomic_uint		 references;
};

/*
 * before: the picture in service, or NULL. If it is of the same store, it stays
 * while the store does not answer, and of it each key whose state is broken;
 * that is logged. A domain that has no key but a broken one is in trouble.
 */
enum status	 stored_read(const char *where, struct stored *before,
		    const struct env *, struct stored **r, struct diag *)
    ATTR_MUST_CHECK;
struct stored	*stored_hold(struct stored *);
void		 stored_release(struct stored *);	/* NULL is fine */
/* Its revision by now; that of the picture when the store does not answer. */
uint64_t	 stored_look(struct stored *);
/* The keys of exactly this domain, or NULL. */
const struct stored_key	*stored_find(const struct stored *, struct str domain);
/* key_loader: ctx is a struct stored_key. */
enum status	 stored_load(void *ctx, struct privkey **key_r, struct diag *)
    ATTR_MUST_CHECK;

#endif
