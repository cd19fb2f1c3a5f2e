/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * look: what the DNS has for one key, from one of three sources: every
 * authoritative server of the zone, asked one by one; the configured resolver;
 * or zone text. The latter two count as one server. An address of a server that
 * does not answer is ignored if another address of the same server does: many
 * hosts have no IPv6.
 */
#ifndef KEYS_LOOK_H
#define KEYS_LOOK_H

#include "authority/authority.h"
#include "dkim/key.h"
#include "keys/store.h"

/* Zone text and a resolver do not tell the negative TTL. */
#define LOOK_NEGATIVE_TTL_S	3600

enum look_state {		/* of the name at one server */
	LOOK_GOOD,		/* the key's record, alone and usable */
	LOOK_GONE,		/* no record */
	LOOK_REVOKED,		/* p= is empty */
	LOOK_OTHER,		/* another record, or an unusable one */
	LOOK_SILENT		/* no answer, or an error */
};

struct look_server {		/* one address of one server */
	struct str	 name;
	enum look_state	 state;
	const char	*says;		/* the state, in a phrase */
	const char	*todo;		/* what may help; while not LOOK_GOOD */
	struct str	*records;
	size_t		 records_n;
	bool		 doubled;	/* it has the record under the name
					   with the zone's twice */
	int64_t		 ttl_s;		/* of the record; -1: none */
	bool		 bogus;		/* DNSSEC; a resolver's answer */
	bool		 usable;	/* it has one record, a usable key: */
	enum crypto_key_type type;
	unsigned	 bits;
	bool		 testing;	/* t=y */
	bool		 strict;	/* t=s */
};

struct look {			/* in the store's arena */
	struct life_found	 found;
	struct str		 owner;		/* selector._domainkey.domain */
	struct str		 target;	/* the same after its CNAMEs */
	struct str		 zone;		/* target's; absent: unknown */
	struct look_server	*v;
	size_t			 n;		/* 0: found.why says why */
};

struct looker {			/* one run */
	struct store		*store;
	struct dns_opts		 opts;
	struct authority	*authority;	/* NULL: dns is the source */
	struct dns		*dns;
	const char		*dns_name;	/* of that source */
};

struct looked_for {		/* whose record it should be */
	const struct keystore_key *key;
	const struct privkey	*private;	/* NULL: there is none */
	bool			 any;		/* any usable record will do */
};

/* resolver: ask it, not the authoritative servers. False: printed why. */
bool	 looker_init(struct looker *, struct store *, const struct cli_dns *,
	    bool resolver);
void	 looker_fini(struct looker *);
/* Never fails: what could not be found is named in found.why. look_up() takes
   the store's private half. */
void	 look_up(struct looker *, const struct keystore_key *, struct look *r);
void	 look_for(struct looker *, const struct looked_for *, struct look *r);
#endif
