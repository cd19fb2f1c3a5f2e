/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signers: whose mail is signed, and with which keys. Built whole from what
 * the configuration names, immutable from then on but for its cache of loaded
 * keys; shared by threads, counted. The sources, asked in this order; the
 * first that has a rule for the author decides:
 *
 *	Domain, Selector, KeyFile	in the configuration itself: the
 *					longest Domain that fits is d=, each
 *					key makes one signature
 *	SigningTable and KeyTable	OpenDKIM's files (table.h)
 *	KeyStore			key stores, in their order: the active
 *					keys of the domain, or of the nearest
 *					above it with SubDomains (stored.h)
 *
 * Lookups are hashed: with 100,000 domains a pick costs microseconds. Keys of
 * tables are loaded on first use into a bounded cache, or all at the start.
 * Nothing is loaded while a lock is held.
 */
#ifndef SIGNERS_SIGNERS_H
#define SIGNERS_SIGNERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/env.h"
#include "base/status.h"
#include "base/str.h"
#include "conf/conf.h"
#include "crypto/crypto.h"

/* Signatures on one message; with MultipleSignatures, the first rules count. */
#define SIGNERS_PICKS_MAX	32
/* An author whose local part is longer has no rule (RFC 5321 4.5.3.1.1: 64). */
#define SIGNERS_LOCAL_MAX_BYTES	998
/* A key that cannot be loaded is tried again after this time. */
#define SIGNERS_RETRY_US	(60 * 1000000ULL)

struct signers;

struct signers_opts {		/* outlives the signers, but for key_stores */
	const struct env	*env;
	const char		*user_id;	/* may own key files; NULL */
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
	/* KeyStore; read by signers_new only */
	const char *const	*key_stores;
	size_t			 key_stores_n;
	/* KeyCache */
	size_t			 cache_max;	/* keys; 0: all, at the start */
};

struct signers_counts {
	size_t	 rules;		/* of a SigningTable; and domains, of Domain
				   and in stores */
	size_t	 keys;		/* known of, loaded or not */
};

enum signers_kind { SIGNERS_GIVEN, SIGNERS_TABLE, SIGNERS_STORE };

struct signers_pick {		/* one signature to be made */
	enum signers_kind kind;		/* of its source */
	struct str	 domain;	/* d= */
	struct str	 selector;	/* s= */
	struct str	 identity;	/* i=; absent: none */
	struct privkey	*key;		/* held; NULL: see trouble */
	struct str	 trouble;	/* absent; or why there is no key:
					   logged already */
	bool		 any_author;	/* the rule is for whatever domain: it
					   does not make this one ours */
	const void	*rule;		/* for signers_describe */
	const void	*source;	/* for signers_load */
};

struct signers_picks {		/* views into the signers and the arena */
	struct signers_pick	*v;	/* the first ends up on top */
	size_t			 n;
};

/*
 * before: the signers in service until now, or NULL: what a database told
 * them stays while it does not answer. Errors name file and
 * line, and so do warnings (a glob that was a regex by accident, a rule that
 * is never reached, a name given twice), which go to env's log.
 */
enum status	 signers_new(const struct signers_opts *,
		    const struct signers *before, struct signers **r,
		    struct diag *)
    ATTR_MUST_CHECK;
/* What tells one state of all files and stores from the next: as it was read,
   and as it is now, for which a database may be waited for. Of a directory,
   what is changed by hand inside a domain's folder is not seen. */
uint64_t	 signers_revision(const struct signers *);
uint64_t	 signers_look(const struct signers *);
void		 signers_free(struct signers *);	/* accepts NULL */
void		 signers_count(const struct signers *,
		    struct signers_counts *r);
/*
 * Tries the keys that would be loaded on first use, but for those with "%" in
 * their path, and logs each that cannot be. How many these are. Warns of domains
 * that have keys in a store, none of which signs.
 */
size_t		 signers_check_keys(struct signers *);
/*
 * What signs mail of this author, the first From mailbox (domain: A-labels,
 * lower case). Cheap: no key is loaded, all are NULL. n is 0 when no source
 * has a rule. A pick may have its trouble already. The picks must not outlive
 * the signers. NOMEM only.
 */
enum status	 signers_pick(struct signers *, struct arena *,
		    struct str local, struct str domain,
		    struct signers_picks *r) ATTR_MUST_CHECK;
/* Loads their keys: each pick has its key or its trouble then. NOMEM only. */
enum status	 signers_load(struct signers *, struct arena *,
		    struct signers_picks *) ATTR_MUST_CHECK;
/* Lets go of the keys, which are held until then. All zero is fine. */
void		 signers_picks_fini(struct signers_picks *);
/* What picked it: "Domain", "SigningTable /etc/x:12 *@example.com". */
void		 signers_describe(const struct signers *,
		    const struct signers_pick *, struct buf *);

#endif
