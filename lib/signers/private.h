/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of lib/signers. */
#ifndef SIGNERS_PRIVATE_H
#define SIGNERS_PRIVATE_H

#include "base/strmap.h"
#include "signers/cache.h"
#include "signers/signers.h"
#include "signers/stored.h"
#include "signers/table.h"

struct signers {
	struct signers_opts	 opts;
	struct signers_remote	 remote;	/* opts.remote, if any */
	struct strmap		 domains;	/* Domain; each to itself */
	struct key_table	 key_table;	/* empty: none */
	struct signing_table	 signing_table;
	bool			 signing_table_whole;	/* see opts.lose */
	size_t			 kept_n;	/* lines of the KeyTable; see
						   kept.c */
	struct stored		**stores;	/* KeyStore, in its order */
	size_t			 stores_n;
	struct passphrase	*passphrase;	/* KeyPassphraseFile; or NULL */
	struct key_cache	*cache;		/* NULL: not needed */
	uint64_t		 revision;	/* of all files and stores */
};

/* given.c: Domain, Selector, KeyFile. */
enum status	 signers_given_init(struct signers *) ATTR_MUST_CHECK;
enum status	 signers_given_pick(const struct signers *, struct arena *,
		    struct str domain, struct signers_picks *r)
    ATTR_MUST_CHECK;
/* tables.c: KeyTable, SigningTable. */
enum status	 signers_tables_load_all(struct signers *, struct diag *)
    ATTR_MUST_CHECK;
enum status	 signers_tables_load_again(struct signers *) ATTR_MUST_CHECK;
enum status	 signers_tables_init(struct signers *,
		    const struct signers *before, struct diag *)
    ATTR_MUST_CHECK;
/* Whether the key can be loaded from where it is. domain: d=. */
enum status	 signers_tables_try(const struct signers *, struct arena *,
		    const struct table_key *, struct str domain,
		    struct diag *) ATTR_MUST_CHECK;
void		 signers_tables_fini(struct signers *);
size_t		 signers_tables_check(const struct signers *);
enum status	 signers_tables_pick(const struct signers *, struct arena *,
		    struct str local, struct str domain,
		    struct signers_picks *r) ATTR_MUST_CHECK;
/* Loads the key of a pick of signers_tables_pick. */
enum status	 signers_tables_load(struct signers *, struct arena *,
		    struct signers_pick *) ATTR_MUST_CHECK;

/* sources.c: KeyStore. */
enum status	 signers_sources_init(struct signers *,
		    const struct signers *before, struct diag *)
    ATTR_MUST_CHECK;
enum status	 signers_sources_load_all(struct signers *) ATTR_MUST_CHECK;
void		 signers_sources_fini(struct signers *);
/* The keys of exactly this domain in the first store that has any, or NULL. */
const struct stored_key	*signers_sources_find(const struct signers *,
		    struct str domain);
/* A usable key of exactly this name, or NULL. */
const struct stored_key	*signers_sources_named(const struct signers *,
		    uint32_t store, struct str domain, struct str selector);
/* As signers_wait. */
bool		 signers_sources_wait(const struct signers *,
		    struct str domain);
size_t		 signers_sources_check(const struct signers *);
enum status	 signers_sources_pick(const struct signers *, struct arena *,
		    struct str domain, struct signers_picks *r)
    ATTR_MUST_CHECK;
enum status	 signers_sources_load(struct signers *, struct arena *,
		    struct signers_pick *) ATTR_MUST_CHECK;

/* pictured.c: in place of tables and stores. SYNTAX, with diag, NOMEM. */
enum status	 signers_pictured_init(struct signers *, struct diag *)
    ATTR_MUST_CHECK;

/* kept.c. Keys in service that the KeyTable would take out of it stay: NOMEM.
   Then, with the SigningTable: those that no rule needs are dropped. Once the
   tables are taken: the others are logged. The revision of the files that are
   waited for. */
enum status	 signers_kept_take(struct signers *,
		    const struct signers *before) ATTR_MUST_CHECK;
void		 signers_kept_settle(struct signers *,
		    const struct signers *before);
void		 signers_kept_log(const struct signers *);
uint64_t	 signers_kept_revision(const struct signers *, bool look);

/* lost.c. Logs what is lost, or refuses it with TEMP; NOMEM. */
enum status	 signers_lost_check(struct signers *,
		    const struct signers *before, struct diag *)
    ATTR_MUST_CHECK;

/* overlap.c: warns of domains in a store that Domain or the tables cover. */
void		 signers_overlap_warn(const struct signers *);
/* Warns of domains in the stores without an active key; reads the stores. */
void		 signers_overlap_warn_waiting(struct signers *);

#endif
