/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check: judges what a domain publishes about its mail (MX, SPF, DKIM, DMARC,
 * MTA-STS, TLS reports, BIMI) and the hosts that send for it (PTR, HELO, block
 * lists). Findings come from the parsers and engines that judge mail.
 *
 * One check is for one domain and belongs to one thread. It asks everything in
 * one batch under one deadline: the subjects are evaluated again, from the
 * start, whenever an answer has arrived, until none is missing; at the deadline
 * missing answers are failures. So the result does not depend on the order of
 * the answers.
 *
 * - A failed query is CHECK_UNKNOWN: never "missing", never "listed", never ok.
 * - Every finding is independent of the others; none hides another one, except
 *   where a subject ends because nothing more can be said. So that a record
 *   with a thousand faults hides no other's, CHECK_MAX_SAME of one kind are
 *   reported.
 * - Texts in findings hold octets from outside: whoever prints them escapes
 *   them. A quoted record is cut to CHECK_QUOTE_MAX_BYTES.
 * - Whatever the zone holds, a check sends at most DNS_BATCH_MAX_QUERIES
 *   queries, uses at most CHECK_ARENA_BYTES and returns at most
 *   CHECK_MAX_FINDINGS findings.
 *
 * The ids of findings and their conditions are in mailseal(1); an id never
 * changes its meaning.
 */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/env.h"
#include "base/ip.h"
#include "base/status.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "dkim/result.h"
#include "dmarc/dmarc.h"
#include "dns/dns.h"
#include "spf/result.h"
#include "wanted/wanted.h"

#define CHECK_MAX_IPS		16
#define CHECK_MAX_SELECTORS	32
#define CHECK_MAX_LISTS		16	/* of each kind */
#define CHECK_MAX_FINDINGS	1000
#define CHECK_MAX_SAME		20	/* findings of one id, unless they are
					   about different subjects */
#define CHECK_MAX_RECORDS	200
#define CHECK_MAX_FOUND		4	/* of one finding */
#define CHECK_MAX_FIXES		4	/* of one finding */
#define CHECK_QUOTE_MAX_BYTES	1000
#define CHECK_ARENA_BYTES	((size_t)64 * 1024 * 1024)

enum check_severity {
	CHECK_ERROR,		/* mail is refused, or anyone may send */
	CHECK_WARN,		/* works, but is weak or at risk */
	CHECK_INFO,		/* advice */
	CHECK_UNKNOWN,		/* could not be found out */
	CHECK_GOOD
};
#define CHECK_SEVERITIES	(CHECK_GOOD + 1)

struct check_fix {
	enum wanted_place	 where;
	struct str		 owner;		/* a name without a final dot,
						   or a file */
	const char		*type;		/* "TXT", "main.cf" ... */
	struct str		 value;
	bool			 remove;	/* else publish it, in place of
						   a record that was found */
};

struct check_finding {
	const char		*check;		/* the id, "spf.missing" */
	enum check_severity	 severity;
	const char		*rule;		/* "RFC 7208 4.5", or NULL */
	struct str		 subject;	/* a name, an address, a list */
	struct str		 text;
	struct str		 found[CHECK_MAX_FOUND];
	size_t			 found_n;
	struct check_fix	 fix[CHECK_MAX_FIXES];
	size_t			 fix_n;
};

struct check_record {		/* a record that was judged */
	struct str	 owner;
	const char	*type;
	struct str	 value;		/* as in a zone file, TXT joined and not
					   quoted */
	uint32_t	 ttl_s;
};

struct check_selector {
	struct str		 name;
	const struct privkey	*key;		/* its private half, or NULL */
};

struct check_opts {		/* the strings are copied */
	const struct env		*env;
	struct str			 domain;
	bool				 validates;	/* the dns has a trust
							   anchor */
	const struct dmarc_psl		*suffixes;	/* borrowed; as in
							   dmarc_opts */
	const struct ip_addr		*ips;	/* that send for it */
	size_t				 ips_n;
	struct str			 helo;	/* or absent */
	const struct check_selector	*selectors;	/* keys are borrowed */
	size_t				 selectors_n;
	struct str			 mail_from;	/* the domain of the
							   return path; absent:
							   the same */
	const struct str		*dnsbl;		/* of addresses */
	size_t				 dnsbl_n;
	const struct str		*dnsbl_domain;	/* of domains */
	size_t				 dnsbl_domain_n;
};

struct check_report {
	struct str			 domain;	/* normalised */
	const struct check_finding	*findings;
	size_t				 n;
	size_t				 counts[CHECK_SEVERITIES];
	const struct check_record	*records;
	size_t				 records_n;
	bool				 truncated;	/* a limit was reached:
							   not all is said */
	/* The results of a message of the domain. */
	enum spf_result			 spf;	/* the worst of the addresses;
						   none without one */
	enum dkim_result		 dkim;
	enum dmarc_result		 dmarc;
	size_t				 spf_passes;	/* addresses */
};

struct check;

/* SYNTAX: *what_r says which of the names is invalid ("domain" ...). LIMIT:
   more than one of the limits above allows. */
enum status	check_new(const struct check_opts *, struct dns *,
		    const char **what_r, struct check **r) ATTR_MUST_CHECK;
/* Sends the queries that are known by now and never blocks, so that several
   checks can be under way. */
enum status	check_start(struct check *) ATTR_MUST_CHECK;
enum status	check_run(struct check *, uint64_t deadline_us)
    ATTR_MUST_CHECK;
/* After check_run; valid until check_free. */
const struct check_report	*check_get(const struct check *);
void		check_free(struct check *);	/* NULL is valid */

/* Whether nobody outside sees the address (RFC 6890); documentation ranges are
   not private. */
bool		check_ip_is_private(const struct ip_addr *);
/* "error", "warn", "info", "unknown", "ok". */
const char	*check_severity_name(enum check_severity);
/* The standard behind an id; NULL: none. *known_r: whether there is such an
   id. */
const char	*check_rule(const char *id, bool *known_r);
/* Each id by its index; NULL behind the last one. */
const char	*check_id(size_t i);

#endif
