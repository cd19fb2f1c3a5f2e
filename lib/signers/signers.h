/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signers: selects and loads the keys that sign a message, by its author.
 * Built from the configuration and immutable except for the cache of loaded
 * keys; shared by threads. The sources are searched in this order, and the
 * first one that has a rule for the author applies:
 *
 *	Domain, Selector, KeyFile	the longest Domain that matches is d=,
 *					each key makes one signature
 *	SigningTable and KeyTable	OpenDKIM's files (table.h)
 *	KeyStore			key stores, in their order: the active
 *					keys of the domain or, with SubDomains,
 *					of the nearest one above it (stored.h)
 *
 * Lookups are hashed. Keys of tables and stores are loaded on first use into a
 * bounded cache, or all at the start, without holding a lock.
 */
#ifndef SIGNERS_SIGNERS_H
#define SIGNERS_SIGNERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/env.h"
#include "base/status.h"
#include "base/str.h"
#include "conf/conf.h"
#include "crypto/crypto.h"

/* Signatures of one message; with MultipleSignatures, by the first rules. */
#define SIGNERS_PICKS_MAX	32
/* A longer local part matches no rule (RFC 5321 4.5.3.1.1: 64). */
#define SIGNERS_LOCAL_MAX_BYTES	998
/* Of stores with so many keys, a second more between two looks. */
#define SIGNERS_LOCAL_KEYS	100
/* After this time a key that could not be loaded is retried. */
#define SIGNERS_RETRY_US	(60 * 1000000ULL)

struct signers;

enum signers_loss {		/* rules of a SigningTable may be gone, and
				   keys of a KeyTable; see kept.c */
	SIGNERS_LOSE_ANY,	/* at the start, or if a person says so */
	SIGNERS_LOSE_NOTHING,	/* STATUS_TEMP; IO: of keys, also with WHOLE */
	SIGNERS_LOSE_WHOLE	/* if it has rules and ends with a line end */
};

enum signers_kind { SIGNERS_GIVEN, SIGNERS_TABLE, SIGNERS_STORE };

enum signers_why {		/* why a pick has no key */
	SIGNERS_KEY_UNREADABLE,
	SIGNERS_NO_ACTIVE_KEY,
	SIGNERS_STORE_UNREACHABLE
};

/* Names a key to the process that has it. */
struct signers_want {
	enum signers_kind kind;
	uint32_t	 index;		/* GIVEN: of keys; STORE: of the store;
					   TABLE: 0 */
	struct str	 name;		/* TABLE: in the KeyTable; STORE: the
					   selector; GIVEN: empty */
	struct str	 domain;	/* TABLE: d=; STORE: of the key; GIVEN:
					   empty */
};

/* The keys are with another process, and so are the files and stores. */
struct signers_remote {
	/* OK: a key. NOMEM; others with diag. *why_r: of a failure. Called by
	   many threads at once. */
	enum status	(*load)(void *ctx, const struct signers_want *,
			    struct privkey **key_r, enum signers_why *why_r,
			    struct diag *);
	/* The last signers that load so are gone. */
	void		(*free)(void *ctx);
	void		*ctx;
	struct str	 picture;	/* of the rules (picture.h); used by
					   signers_new only */
};

struct signers_opts {		/* all of it outlives the signers */
	const struct env	*env;
	const char		*user_id;	/* may own key files; or NULL */
	/* Domain (normalised), SubDomains, Selector and KeyFile */
	const struct str	*domains;
	size_t			 domains_n;
	bool			 subdomains;
	const struct conf_key	*keys;
	size_t			 keys_n;
	/* KeyTable, SigningTable: both or none; MultipleSignatures */
	const char		*key_table;
	const char		*signing_table;
	bool			 signing_patterns;	/* refile: */
	bool			 multiple;
	/* KeyStore */
	const char *const	*key_stores;
	size_t			 key_stores_n;
	bool			 key_stores_optional;	/* need not exist at
							   the start */
	const char		*passphrase_file; /* KeyPassphraseFile; NULL */
	enum signers_loss	 lose;		/* in comparison to before */
	/* KeyCache */
	size_t			 cache_max;	/* keys; 0: all, at the start */
	/* Copied. Takes ctx over, also on failure. Then paths and places above
	   are for messages only. NULL: the keys are in this process. */
	const struct signers_remote *remote;
};

struct signers_counts {
	size_t	 rules;		/* rules of the SigningTable and domains, of
				   Domain and of the stores */
	size_t	 keys;		/* loaded or not */
	size_t	 kept;		/* of the KeyTable, not as it has them now */
};

struct signers_pick {		/* one signature to be made */
	enum signers_kind kind;		/* of its source */
	struct str	 domain;	/* d= */
	struct str	 selector;	/* s= */
	struct str	 identity;	/* i=; absent: none */
	struct privkey	*key;		/* held; NULL: see error */
	struct str	 error;		/* absent; or why there is no key, which
					   is already logged */
	enum signers_why why;		/* with error */
	bool		 any_author;	/* the rule matches any domain: it does
					   not make this one ours */
	const void	*rule;		/* for signers_describe */
	const void	*source;	/* for signers_load */
};

struct signers_picks {		/* views into the signers and the arena */
	struct signers_pick	*v;	/* the first becomes the topmost
					   field */
	size_t			 n;
};

/*
 * before: the signers in service, or NULL. What they sign is not lost: keys
 * that can no longer be read stay in service (stored.h, cache.h). Errors name
 * file and line. So do warnings (a glob with an octet of a regular expression,
 * a rule that is never reached, a repeated name), which are logged.
 */
enum status	 signers_new(const struct signers_opts *,
		    const struct signers *before, struct signers **r,
		    struct diag *)
    ATTR_MUST_CHECK;
/* A number that changes with the tables and stores: as they were read, and as
   they are now, which may wait for a database. A change by hand inside a folder
   of a key directory is not seen. */
uint64_t	 signers_revision(const struct signers *);
uint64_t	 signers_look(const struct signers *);
/*
 * Whether a store that is not in a database server has changed since it was
 * read. *now_r: a number that changes with these stores. A key whose state is
 * broken is no change.
 */
bool		 signers_look_local(const struct signers *, uint64_t *now_r);
/* How often that is worth it, in seconds, as a change is followed by a load of
   all keys; 0: there is no such store. */
int64_t		 signers_local_s(const struct signers *);
void		 signers_free(struct signers *);	/* accepts NULL */
void		 signers_count(const struct signers *,
		    struct signers_counts *r);
/* When the oldest key of a store that signs was made, in Unix time; -1: there
   is none. */
int64_t		 signers_oldest_key(const struct signers *);
/*
 * Loads each key that would be loaded on first use, except those with "%" in
 * their path, logs each failure and returns how many there were. Warns of
 * domains that have keys in a store of which none signs.
 */
size_t		 signers_check_keys(struct signers *);
/*
 * Selects the keys that sign mail of this author, the first From mailbox
 * (domain: A-labels, lower case). Loads no key. n is 0 if no source has a
 * rule. A pick may have an error already. The picks must not outlive the
 * signers. Fails with NOMEM only.
 */
enum status	 signers_pick(struct signers *, struct arena *,
		    struct str local, struct str domain,
		    struct signers_picks *r) ATTR_MUST_CHECK;
/* Whether a store has keys of the domain of which none has been active yet. */
bool		 signers_wait(const struct signers *, struct str domain);
/* Whether a store exists; whether that or another source of keys does. */
bool		 signers_have_stores(const struct signers *);
bool		 signers_have_sources(const struct signers *);
/* Loads the keys; each pick then has a key or an error. NOMEM only. */
enum status	 signers_load(struct signers *, struct arena *,
		    struct signers_picks *) ATTR_MUST_CHECK;
/*
 * For the process that has the keys: loads one that was named by its
 * signers_want, which is not trusted. OK and NULL: *error_r says why not, in
 * the arena; NOMEM.
 */
enum status	 signers_load_wanted(struct signers *, struct arena *,
		    const struct signers_want *, struct privkey **key_r,
		    enum signers_why *why_r, struct str *error_r)
    ATTR_MUST_CHECK;
/* Releases the keys. Accepts picks that are all zero. */
void		 signers_picks_fini(struct signers_picks *);
/* Appends its rule: "Domain", "SigningTable /etc/x:12 *@example.com". */
void		 signers_describe(const struct signers *,
		    const struct signers_pick *, struct buf *);

#endif
