/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keystore: DKIM keys with the stage of their life. A store is a key
 * directory, an SQLite file or a PostgreSQL database, all with the same
 * interface. dkimkeygen writes it, the daemon reads it.
 *
 *	DIR/DOMAIN/SELECTOR.private	PEM, PKCS#8, mode 0600
 *	DIR/DOMAIN/SELECTOR.txt		the record, as one line of a zone file
 *	DIR/DOMAIN/SELECTOR.state	the stage: a field and a value by line
 *
 * Each file is written under a temporary name, synced and renamed; in a
 * database each change is a transaction. A process that is killed at any point
 * leaves the old or the new state. The private key is written first and the
 * record last: a private key without both is left by an interrupted run and
 * ignored; one with its record but without a state is broken, since its state
 * was lost. Removing a key deletes its private key and keeps its state, so
 * that the selector is never used again.
 * New files belong to the owner of the directory, so that root may run
 * dkimkeygen for a daemon that is not root. A database may hold private keys
 * encrypted (passphrase.h).
 *
 * A store belongs to one thread. Errors: SYNTAX (broken state; diag names file
 * and line), IO (diag names path and reason), TEMP (the database does not
 * answer; try again later), LIMIT, NOMEM.
 */
#ifndef KEYSTORE_KEYSTORE_H
#define KEYSTORE_KEYSTORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/status.h"
#include "base/str.h"
#include "crypto/crypto.h"

#define KEYSTORE_STATE_MAX_BYTES	(16 * 1024)	/* of a state file */
#define KEYSTORE_PEM_MAX_BYTES		(64 * 1024)
#define KEYSTORE_MAX_KEYS		1000000		/* of a store */

enum key_stage {		/* in the order of a key's life */
	KEY_PENDING,		/* made; not all servers have its record */
	KEY_PUBLISHED,		/* every authoritative server has the record */
	KEY_ACTIVE,		/* signs */
	KEY_RETIRED,		/* no longer signs; its record stays */
	KEY_REVOKED,		/* the record is p= (or gone) */
	KEY_REMOVED		/* record and private key are gone */
};

struct keystore_key {
	struct str		 domain;	/* A-labels, lower case */
	struct str		 selector;	/* the same */
	enum crypto_key_type	 type;
	unsigned		 bits;
	enum key_stage		 stage;
	int64_t			 created_s;	/* Unix time */
	int64_t			 since_s;	/* when this stage began */
	int64_t			 seen_s;	/* since when all authoritative
						   servers have the record of
						   this stage; -1: not yet */
	int64_t			 asked_s;	/* when publishing was requested
						   last; -1: never */
	struct str		 record;	/* "v=DKIM1; k=rsa; p=..." */
	struct str		 note;		/* what it waits for, one line
						   of text; or absent */
	struct str		 pem;		/* the private key as it is
						   stored; set by
						   keystore_active only */
	bool			 is_copy;	/* pem is of a file; the same */
	bool			 lost;		/* pending to active, without a
						   private key; as the next, set
						   by keystore_list only */
	bool			 has_private;	/* false: it is certain that
						   there is no private key */
};

struct keystore;
struct passphrase;

/* where: a directory, "sqlite:PATH" or "postgres:CONNINFO". create: makes the
   directory or the SQLite file if it does not exist. */
enum status	 keystore_open(const char *where, bool create,
		    struct keystore **r, struct diag *) ATTR_MUST_CHECK;
void		 keystore_close(struct keystore *);	/* accepts NULL */
/* Encrypts private keys that are added to a database, and decrypts. The
   passphrase outlives the store; NULL: none. */
void		 keystore_use_passphrase(struct keystore *,
		    const struct passphrase *);
/* As passed to keystore_open, for messages: "postgres" without the conninfo,
   which may hold a password. */
const char	*keystore_name(const struct keystore *);
/* The same for a store that is not open. */
const char	*keystore_shown(const char *where);
/* Whether it is a file or a directory, not in a database server. */
bool		 keystore_is_local(const char *where);

/* Called for each key whose state is broken; the list goes on without it.
   domain and selector: as the store has them, perhaps invalid or empty;
   selector absent: no key of the domain can be read. */
typedef void	 keystore_bad(void *ctx, struct str domain,
		    struct str selector, const struct diag *);
/* All keys, or those of one domain (absent: all), by domain and then by age.
   bad: may be NULL. */
enum status	 keystore_list(struct keystore *, struct arena *,
		    struct str domain, struct keystore_key **v_r, size_t *n_r,
		    keystore_bad *bad, void *ctx, struct diag *)
    ATTR_MUST_CHECK;
/* The key is valid during the call. A status other than OK ends the list. */
typedef enum status keystore_take(void *ctx, const struct keystore_key *);
/*
 * Passes each key that is not removed to take, in any order, one at a time; an
 * active one with its private key if the store is a database, and in a
 * directory as many of them as copies says, if they can be read and are not
 * encrypted. A large directory is read by several threads, which call take and
 * bad in turn. take and bad must not use the store.
 */
enum status	 keystore_active(struct keystore *, size_t copies,
		    keystore_take *, keystore_bad *, void *ctx, struct diag *)
    ATTR_MUST_CHECK;
/* The private key as PEM, decrypted; free it with buf_fini_secret(). */
enum status	 keystore_private(struct keystore *,
		    const struct keystore_key *,
		    struct buf *pem_r, struct diag *) ATTR_MUST_CHECK;
/* A number that changes with anything that matters to a signer; cheap. */
enum status	 keystore_revision(struct keystore *, uint64_t *r,
		    struct diag *)
    ATTR_MUST_CHECK;

/* For dkimkeygen */

/*
 * One writer of a domain's keys at a time; waits at most timeout_s. TEMP:
 * another process holds the lock. A writer reads the keys again once it has the
 * lock, and keeps it for the change alone, never while it waits for DNS.
 * Closing the store, or the end of the process, releases it.
 */
enum status	 keystore_lock(struct keystore *, struct str domain,
		    unsigned timeout_s, struct diag *) ATTR_MUST_CHECK;
void		 keystore_unlock(struct keystore *, struct str domain);
/* LIMIT: the selector is or was in use. In a directory, a key that has lost its
   state gets this one. */
enum status	 keystore_add(struct keystore *, const struct keystore_key *,
		    struct str pem, struct diag *) ATTR_MUST_CHECK;
/* Writes the state of an existing key. KEY_REMOVED also deletes the private
   key, after the state is written. */
enum status	 keystore_save(struct keystore *, const struct keystore_key *,
		    struct diag *) ATTR_MUST_CHECK;

/* Deletes the key with all that is known of it, as if it had never been: its
   selector may be used again. For a key that never signed. */
enum status	 keystore_delete(struct keystore *,
		    const struct keystore_key *, struct diag *)
    ATTR_MUST_CHECK;

/* Whether keystore_encrypt may be called: the store is a database and has a
   passphrase. */
bool		 keystore_can_encrypt(const struct keystore *, struct diag *);
/* Encrypts the private key in the store. *changed_r: it was not encrypted; else
   SYNTAX unless the passphrase decrypts it. */
enum status	 keystore_encrypt(struct keystore *,
		    const struct keystore_key *, bool *changed_r,
		    struct diag *) ATTR_MUST_CHECK;

const char	*key_stage_name(enum key_stage);
bool		 key_stage_parse(struct str, enum key_stage *r);

/*
 * Parses and writes the text of a state file. `name`: of the file, for
 * messages. A record or a note has no line ends.
 */
enum status	 keystore_state_parse(struct arena *, struct str text,
		    const char *name, struct keystore_key *r, struct diag *)
    ATTR_MUST_CHECK;
void		 keystore_state_write(struct buf *,
		    const struct keystore_key *);

#endif
