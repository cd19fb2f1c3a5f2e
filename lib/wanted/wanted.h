/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wanted: the one table of the records that a domain which sends mail should
 * have: where each stands, its type, its usual value, and who publishes it.
 * dkimkeygen prints records from it, mailseal check its fixes, mailseal setup
 * what is missing. So what one of them prints, another calls right.
 *
 * These are values for a domain that has none yet. A record that is there is
 * changed, not replaced: SPF is merged (check/spf_edit.c), DMARC stays. Nothing
 * is asked of the network.
 */
#ifndef WANTED_WANTED_H
#define WANTED_WANTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/ip.h"
#include "base/status.h"
#include "base/str.h"
#include "crypto/crypto.h"

enum wanted_place {		/* where something is changed */
	WANTED_AT_DNS,		/* in the domain's zone */
	WANTED_AT_HOSTER,	/* of the address: reverse names */
	WANTED_AT_POSTFIX,	/* on this host */
	WANTED_AT_PROVIDER	/* somebody else's zone or list */
};

enum wanted {
	WANTED_MX,		/* to the host; of a parked domain: to none */
	WANTED_SPF,		/* of the domain */
	WANTED_DKIM,		/* needs the key */
	WANTED_DMARC,
	WANTED_REPORTS,		/* the receiver of reports takes them (RFC 9990
				   4) */
	WANTED_TLS_REPORTS,
	WANTED_MTA_STS,
	WANTED_HOST_SPF,	/* of the host, for bounces */
	WANTED_HOST_ADDRESS,	/* of the host, for the first address */
	WANTED_REVERSE		/* of the first address */
};
#define WANTED_N	(WANTED_REVERSE + 1)

/* What stands in place of a revoked key's record (RFC 6376 3.6.1, p=). */
#define WANTED_REVOKED	"v=DKIM1; p="

struct wanted_about {
	struct str		 domain;	/* normalised */
	struct str		 host;		/* that sends, its name in HELO;
						   absent: mail.DOMAIN */
	const struct ip_addr	*ips;		/* that send */
	size_t			 ips_n;
	bool			 parked;	/* nothing sends */
	struct str		 selector;
	const struct privkey	*key;		/* NULL: not known */
	const char		*flags;		/* t= of its record; NULL or "":
						   none */
	const char		*policy;	/* of DMARC; NULL: none */
	struct str		 rua;		/* an address for reports;
						   absent: postmaster */
	struct str		 receiver;	/* the host of such an address,
						   of another organisation */
	int64_t			 now_s;
};

struct wanted_record {		/* in the arena */
	const char		*name;		/* "dkim": stable, for JSON */
	enum wanted_place	 place;
	bool			 required;	/* else advice */
	struct str		 owner;		/* without a final dot */
	const char		*type;
	struct str		 value;		/* as in record.h; absent: it
						   cannot be known */
};

/* NOMEM only. */
enum status	 wanted_make(struct arena *, enum wanted,
		    const struct wanted_about *, struct wanted_record *r)
    ATTR_MUST_CHECK;
/* The name of the record alone, and its value alone. p == NULL: out of memory,
   or a value that cannot be known. */
struct str	 wanted_owner(struct arena *, enum wanted,
		    const struct wanted_about *) ATTR_MUST_CHECK;
/* Appends the value; nothing if it cannot be known. */
void		 wanted_value(struct buf *, enum wanted,
		    const struct wanted_about *);
/* The host's name; p == NULL: out of memory. */
struct str	 wanted_host(struct arena *, const struct wanted_about *)
    ATTR_MUST_CHECK;
/* "ip4:192.0.2.1", a term of SPF. */
#define WANTED_TERM_BYTES	(IP_TEXT_BYTES + 4)
void		 wanted_spf_term(const struct ip_addr *,
		    char text_r[WANTED_TERM_BYTES]);
/* "dns", "hoster", "postfix", "provider". */
const char	*wanted_place_name(enum wanted_place);

#endif
