/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stored: the active keys of a key store (lib/keystore) as it was when it was
 * read: an immutable, counted snapshot. Private keys are in memory, as they are
 * stored, so that they stay in service while the store cannot be read: all of a
 * database, STORED_COPIES_MAX of a directory, whose file is tried first.
 *
 * A domain of the store leaves a snapshot only by what the store says of its
 * keys (dkimkeygen wrote another stage), never by what is missing:
 *
 *	the store cannot be read		the snapshot before stays
 *	a key's state is broken			the key is as it was before
 *	the domain or its active keys are gone	the keys are as before
 *	a private key cannot be read		the one in memory signs
 *	all keys are retired or revoked, or	the domain has an entry with
 *	broken, and there is none before	error: its mail is not signed
 *						and handled by OnSignFailure
 *	no key has been active yet		not signed; see stored_is_idle
 *
 * Each loss is logged as an error when it begins. A restart has no snapshot
 * before: then what is gone is unknown.
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
#define STORED_COPIES_MAX	10000	/* private keys of a directory that are
					   kept in memory */

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
	bool			 is_copy;	/* the file is tried first */
	bool			 kept;		/* from the snapshot before,
						   since it is gone */
	bool			 inactive;	/* with error: there are keys,
						   but none is active */
	struct str		 error;		/* absent; or why the domain has
						   no usable key: then this
						   entry is its only one */
};

struct stored_idle {		/* a domain with a key that does not sign */
	struct str	 domain;
	bool		 has_signed;
};

struct stored {
	char			*where;		/* as keystore_open takes it */
	struct str		 name;		/* the same, without a
						   password */
	uint32_t		 index;		/* among the stores; set if it
						   was read from a picture */
	const struct env	*env;
	struct arena		 memory;
	struct strmap		 domains;	/* to its first stored_key */
	struct strmap		 idle;		/* to its stored_idle */
	bool			 absent;	/* it did not exist, and need
						   not */
	size_t			 keys_n;	/* usable ones */
	uint64_t		 revision;
	atomic_bool		 lost;		/* did not answer the last
						   time */
	atomic_uint		 references;
};

/*
 * before: the snapshot of the same store in service, or NULL. optional: without
 * it, a directory that does not exist is a store without keys.
 */
enum status	 stored_read(const char *where, bool optional,
		    struct stored *before, const struct env *,
		    struct stored **r, struct diag *) ATTR_MUST_CHECK;
void		 stored_release(struct stored *);	/* accepts NULL */
/* The current revision of the store; that of the snapshot if the store does not
   answer. */
uint64_t	 stored_look(struct stored *);
/* The keys of exactly this domain, or NULL. */
const struct stored_key	*stored_find(const struct stored *, struct str domain);
/* Whether the domain has keys of which none has been active yet. */
bool		 stored_is_idle(const struct stored *, struct str domain);
/* passphrase: of an encrypted key; may be NULL. */
enum status	 stored_load(const struct stored_key *,
		    const struct passphrase *, struct privkey **key_r,
		    struct diag *) ATTR_MUST_CHECK;

#endif
