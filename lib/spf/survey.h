/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * survey: what a policy costs in the worst case, for tools that judge a domain
 * before mail does. Every record is visited as if nothing matched (RFC 7208
 * 4.6.4): each include, a, mx, ptr and exists counts as one term, and redirect
 * in a record without "all"; %{p} counts as one more; terms after "all" are
 * never reached. Parser, macros and limits are those of the evaluation, so
 * that a client whom no term matches gets permerror for too many terms exactly
 * if terms > SPF_MAX_TERMS (unless another error comes first).
 *
 * Void lookups are those of a, mx, exists, include and redirect that find
 * nothing; not those of the addresses of MX hosts and of the client's names. A
 * target that depends on what is not known (the client's address or name) is
 * counted, but not followed.
 *
 * A survey never blocks: with answers missing it is incomplete (open). Call it
 * again with the same batch when more are there. It visits at most
 * SPF_SURVEY_MAX_RECORDS records and SPF_SURVEY_MAX_TERMS terms.
 */
#ifndef SPF_SURVEY_H
#define SPF_SURVEY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/ip.h"
#include "base/status.h"
#include "base/str.h"
#include "dns/dns.h"
#include "spf/record.h"

#define SPF_SURVEY_MAX_RECORDS	64
#define SPF_SURVEY_MAX_TERMS	100	/* that query DNS */
#define SPF_SURVEY_MAX_PROBLEMS	64

struct spf_visit {		/* a record, in the order of evaluation */
	const struct spf_visit	*from;		/* its includer; NULL: first */
	struct str		 domain;
	struct str		 text;		/* the record */
	const struct spf_record	*record;
	bool			 redirected;	/* by redirect=, not include */
	bool			 own;		/* the domain's own policy: the
						   first one, or reached by
						   redirects only */
	bool			 passing;	/* what it passes, passes */
	unsigned		 terms;		/* that it counts, with those
						   of the records it includes */
};

enum spf_problem_kind {
	SPF_PROBLEM_LOOP,	/* the name comes back to itself */
	SPF_PROBLEM_NONE,	/* no SPF record at the name */
	SPF_PROBLEM_BROKEN,	/* several, or a syntax error */
	SPF_PROBLEM_MX_NAMES,	/* more than SPF_MAX_MX_NAMES */
	SPF_PROBLEM_FAILED	/* DNS did not answer */
};

struct spf_problem {
	enum spf_problem_kind	 kind;
	struct str		 name;		/* that was looked up */
	struct str		 owner;		/* of the record that names
						   it ... */
	struct str		 record;	/* that record, and its term
						   that does; absent for the */
	struct str		 term;		/* first record */
	const char		*reason;	/* static phrase */
};

struct spf_survey {
	struct spf_visit	 visits[SPF_SURVEY_MAX_RECORDS];
	size_t			 visits_n;
	struct spf_problem	 problems[SPF_SURVEY_MAX_PROBLEMS];
	size_t			 problems_n;
	unsigned		 terms;		/* that query DNS */
	unsigned		 voids;		/* except those of problems */
	struct str		 void_name;	/* the last one */
	bool			 truncated;	/* a limit above was reached */
	bool			 open;		/* answers are missing */
};

struct spf_survey_opts {
	struct str		 domain;	/* normalised */
	const struct ip_addr	*ip;		/* NULL: unknown, IPv4 */
	struct str		 helo;		/* or absent */
	int64_t			 now_s;
	bool			 given_up;	/* missing answers are
						   timeouts */
};

/* The survey and its texts live in the arena and the batch. */
enum status	spf_survey(struct arena *, const struct spf_survey_opts *,
		    struct dns_batch *, const struct spf_survey **r)
    ATTR_MUST_CHECK;

#endif
