/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stored: the active keys of a key store (lib/keystore) as it was when it was
 * read: an immutable, counted snapshot. Private keys of a directory are read
 * on first use; those of a database are in memory, as they are stored, so that
 * they stay in service while the database does not answer.
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

struct passphrase;
struct stored;
struct stored_secret;		/* a private key; counted, since the next
				   snapshot has most of them as well */

struct stored_key {
	struct stored_key	*next;		/* of the same domain,
						   younger */
	struct stored		*stored;
	struct str		 domain;
	struct str		 selector;
	struct str		 name;		/* for the cache and messages */
	int64_t			 created_s;
	struct stored_secret	*secret;	/* NULL: in its file */
	struct str		 trouble;	/* absent; or why the domain has
						   no usable key: then this
						   entry is its only one */
};

struct stored {
	char			*where;		/* as keystore_open takes it */
	struct str		 name;		/* the same, without a
						   password */
	const struct env	*env;
	struct arena		 memory;
	struct strmap		 domains;	/* to its first stored_key */
	size_t			 keys_n;	/* usable ones */
	uint64_t		 revision;
	atomic_bool		 lost;		/* did not answer the last
						   time */
	atomic_uint		 references;
};

/*
 * before: the snapshot of the same store in service, or NULL. It is returned
 * again if the store does not answer; a key whose state is broken now is taken
 * from it. Both are logged. A domain with broken keys only gets an entry with
 * trouble.
 */
enum status	 stored_read(const char *where, struct stored *before,
		    const struct env *, struct stored **r, struct diag *)
    ATTR_MUST_CHECK;
void		 stored_release(struct stored *);	/* accepts NULL */
/* The current revision of the store; that of the snapshot if the store does not
   answer. */
uint64_t	 stored_look(struct stored *);
/* The keys of exactly this domain, or NULL. */
const struct stored_key	*stored_find(const struct stored *, struct str domain);
/* passphrase: of an encrypted key; may be NULL. */
enum status	 stored_load(const struct stored_key *,
		    const struct passphrase *, struct privkey **key_r,
		    struct diag *) ATTR_MUST_CHECK;

#endif
