/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of lib/signers share. */
#ifndef SIGNERS_PRIVATE_H
#define SIGNERS_PRIVATE_H

#include <stdatomic.h>

#include "base/strmap.h"
#include "signers/cache.h"
#include "signers/signers.h"
#include "signers/table.h"

struct signers {
	struct signers_opts	 opts;
	struct strmap		 domains;	/* Domain: to the name itself */
	struct key_table	 key_table;	/* both empty: none */
	struct signing_table	 signing_table;
	struct key_cache	*cache;		/* NULL: no source needs it */
	atomic_uint		 references;
};

/* given.c: Domain, Selector, KeyFile. */
enum status	 signers_given_init(struct signers *) ATTR_MUST_CHECK;
enum status	 signers_given_pick(const struct signers *, struct arena *,
		    struct str domain, struct signers_picks *r)
    ATTR_MUST_CHECK;
/* tables.c: KeyTable, SigningTable. */
enum status	 signers_tables_init(struct signers *, struct diag *)
    ATTR_MUST_CHECK;
void		 signers_tables_fini(struct signers *);
enum status	 signers_tables_pick(const struct signers *, struct arena *,
		    struct str local, struct str domain,
		    struct signers_picks *r) ATTR_MUST_CHECK;
/* A pick that one of its rules made. */
enum status	 signers_tables_load(struct signers *, struct arena *,
		    struct signers_pick *) ATTR_MUST_CHECK;

#endif
