/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keystore: keys that have a life: where they are kept, and in which stage
 * each of them is. A store is a key directory, an SQLite file or a PostgreSQL
 * database; all are the same to their users. dkimkeygen writes, the daemon
 * reads.
 *
 *	DIR/DOMAIN/SELECTOR.private	PEM, PKCS#8, mode 0600
 *	DIR/DOMAIN/SELECTOR.txt		the record, one line of master file
 *	DIR/DOMAIN/SELECTOR.state	the stage: "name value" by line
 *
 * Each change is written to a temporary file, brought to the disk and renamed
 * (a transaction in a database): whoever is killed at any point leaves the old
 * or the new state. The private half is made first, the record last: a private
 * half alone is of a run that was cut short, and is ignored; one with its
 * record, but without a state, has lost that, and is broken. A key that is
 * removed loses its private half and keeps its state, so that its selector is
 * never used again.
 * New files belong to the owner of the directory, so that root may run
 * dkimkeygen for a daemon that is not root.
 *
 * A store belongs to one thread. Errors: SYNTAX (broken state: the diag names
 * file and line), IO (the diag names path and reason), TEMP (the database does
 * not answer: ask again later), LIMIT, NOMEM.
 */
#ifndef KEYSTORE_KEYSTORE_H
#define KEYSTORE_KEYSTORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/env.h"
#include "base/status.h"
#include "base/str.h"
#include "crypto/crypto.h"

#define KEYSTORE_STATE_MAX_BYTES	(16 * 1024)	/* of a state file */
#define KEYSTORE_PEM_MAX_BYTES		(64 * 1024)
#define KEYSTORE_MAX_KEYS		1000000		/* of a store */
#define KEYSTORE_DOMAIN_MAX_KEYS	1000		/* of one domain, with
							   those removed */

enum key_stage {		/* in this order; none is skipped backwards */
	KEY_PENDING,		/* made; its record is not seen everywhere */
	KEY_PUBLISHED,		/* every authoritative server has the record */
	KEY_ACTIVE,		/* signs */
	KEY_RETIRED,		/* signs no more; its record stays */
	KEY_REVOKED,		/* the record is p= (or gone) */
	KEY_REMOVED		/* record and private half are gone */
};

struct keystore_key {		/* what is known of one key but its secret */
	struct str		 domain;	/* A-labels, lower case */
	struct str		 selector;	/* the same */
	enum crypto_key_type	 type;
	unsigned		 bits;
	enum key_stage		 stage;
	int64_t			 created_s;	/* Unix time */
	int64_t			 since_s;	/* when this stage began */
	int64_t			 seen_s;	/* since when every authoritative
						   server shows what the stage
						   asks for; -1: not yet */
	int64_t			 asked_s;	/* when publishing was asked for
						   last; -1: never */
	struct str		 record;	/* "v=DKIM1; k=rsa; p=..." */
	struct str		 note;		/* one line for people; or absent:
						   what it waits for */
	struct str		 pem;		/* the private half; absent but
						   from keystore_active */
	bool			 lost;		/* it signs, or is to, and has no
						   private half; keystore_list
						   alone looks */
};

struct keystore;

/* where: a directory, "sqlite:PATH" or "postgres:CONNINFO". create: makes the
   directory or the database's tables if they are not there. env outlives it. */
enum status	 keystore_open(const char *where, bool create,
		    const struct env *, struct keystore **r, struct diag *)
    ATTR_MUST_CHECK;
void		 keystore_close(struct keystore *);	/* NULL is fine */
/* As given to keystore_open; for messages (a conninfo without its password). */
const char	*keystore_name(const struct keystore *);
/* The same of what keystore_open takes. */
const char	*keystore_shown(const char *where);

/* Told of each key whose state is broken, which the list goes on without.
   domain and selector: as the store has them, may be none at all; selector
   absent: no key of the domain can be read. */
typedef void	 keystore_bad(void *ctx, struct str domain,
		    struct str selector, const struct diag *);
/* All keys, or those of one domain (absent: all), by domain and then by age.
   bad: may be NULL. */
enum status	 keystore_list(struct keystore *, struct arena *,
		    struct str domain, struct keystore_key **v_r, size_t *n_r,
		    keystore_bad *bad, void *ctx, struct diag *)
    ATTR_MUST_CHECK;
/* Views that end with the call. Not OK ends the list with that. */
typedef enum status keystore_take(void *ctx, const struct keystore_key *);
/*
 * Each key that signs, in no order, one at a time: there may be many. With the
 * private half, if the store is a database. take and bad must not use it.
 */
enum status	 keystore_active(struct keystore *, keystore_take *,
		    keystore_bad *, void *ctx, struct diag *)
    ATTR_MUST_CHECK;
/* The private half as PEM; the caller zeroes the buffer. */
enum status	 keystore_private(struct keystore *, const struct keystore_key *,
		    struct buf *pem_r, struct diag *) ATTR_MUST_CHECK;
/* A number that differs once anything that signers look at has changed; cheap. */
enum status	 keystore_revision(struct keystore *, uint64_t *r, struct diag *)
    ATTR_MUST_CHECK;

/* -- for dkimkeygen -------------------------------------------------------- */

/*
 * One writer of a domain's keys at a time; waits at most timeout_s. TEMP:
 * another process holds the lock. A writer reads the keys again once it has the
 * lock, and keeps it for the change alone, never while it waits for the network.
 * Closing the store, or the end of the process, releases it.
 */
enum status	 keystore_lock(struct keystore *, struct str domain,
		    unsigned timeout_s, struct diag *) ATTR_MUST_CHECK;
void		 keystore_unlock(struct keystore *, struct str domain);
/* LIMIT: the selector is in use, or was. A directory's key that has lost its
   state gets this one. */
enum status	 keystore_add(struct keystore *, const struct keystore_key *,
		    struct str pem, struct diag *) ATTR_MUST_CHECK;
/* The new state of a key that is there. KEY_REMOVED destroys the private half,
   first the state, then the half. */
enum status	 keystore_save(struct keystore *, const struct keystore_key *,
		    struct diag *) ATTR_MUST_CHECK;

const char	*key_stage_name(enum key_stage);
bool		 key_stage_parse(struct str, enum key_stage *r);

/*
 * The text of a state file, and back. `name`: for messages. A record or a note
 * has no line ends.
 */
enum status	 keystore_state_parse(struct arena *, struct str text,
		    const char *name, struct keystore_key *r, struct diag *)
    ATTR_MUST_CHECK;
void		 keystore_state_write(struct buf *,
		    const struct keystore_key *);

#endif
