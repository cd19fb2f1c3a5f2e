/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * look: what each authoritative server of a zone says of one key's record,
 * asked one by one, past all caches and along CNAMEs (a _domainkey name that
 * is delegated). An address that does not answer is forgiven if another one of
 * the same server does: many hosts have no IPv6. With zone text there is one
 * "server".
 */
#ifndef KEYS_LOOK_H
#define KEYS_LOOK_H

#include "dns/authority.h"
#include "keys/life.h"
#include "keys/store.h"

/* Zone text tells no negative TTL. */
#define LOOK_ZONE_NEGATIVE_TTL_S	3600

struct look_server {		/* one address of one */
	struct str	 name;
	const char	*what;		/* what it says, in a phrase */
	bool		 answers;
	bool		 good;		/* as struct found has them */
	bool		 gone;
	bool		 revoked;
	bool		 foreign;
	bool		 testing;	/* t=y */
	int64_t		 ttl_s;		/* of the record; -1: none */
};

struct look {
	struct found		 found;
	struct str		 owner;		/* selector._domainkey.domain */
	struct str		 target;	/* the same behind its CNAMEs */
	struct str		 zone;		/* the target's; absent: unknown */
	struct look_server	*v;
	size_t			 n;		/* 0: found.why says why */
};

struct looker {			/* of one run */
	struct store		*store;
	const struct cli_dns	*opts;
	struct dns		*zone;		/* zone text; else NULL */
};

/* False: said why. */
bool	 looker_init(struct looker *, struct store *, const struct cli_dns *);
void	 looker_fini(struct looker *);
/*
 * All in the store's arena. Never fails: what could not be found out is said
 * in found.why. private: the key's; look takes the store's.
 */
void	 look(struct looker *, const struct keystore_key *, struct look *r);
void	 look_with(struct looker *, const struct keystore_key *,
	    const struct privkey *private, struct look *r);

#endif
