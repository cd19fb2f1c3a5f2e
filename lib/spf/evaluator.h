/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * evaluator: the state machine behind check.h. It has a stack of frames: the
 * record under evaluation on top of the records that include it; a redirect
 * replaces the record of its frame. Each function of the machine returns an
 * enum spf_next, which says how to proceed.
 */
#ifndef SPF_EVALUATOR_H
#define SPF_EVALUATOR_H

#include "dns/name.h"
#include "spf/check.h"
#include "spf/macro.h"
#include "spf/record.h"

enum spf_next {
	SPF_GO_ON,		/* the state has changed: take another step */
	SPF_WAIT,		/* an answer is missing */
	SPF_READY,		/* from spf_need_names(): they are known */
	SPF_NO_MEMORY
};

enum spf_stage {
	SPF_STAGE_RECORD,	/* waits for the frame's record */
	SPF_STAGE_TERM,		/* at a term of the frame's record */
	SPF_STAGE_EXPLAIN,	/* the result is fail: expands exp= */
	SPF_STAGE_DONE
};

enum spf_names {		/* the client's names (RFC 7208 5.5) */
	SPF_NAMES_NOT_QUERIED,
	SPF_NAMES_PTR,		/* waits for the PTR records */
	SPF_NAMES_ADDRESSES,	/* waits for the addresses of the names */
	SPF_NAMES_KNOWN
};

struct spf_frame {
	struct str			 domain;
	bool				 redirected;
	struct dns_query		*query;		/* of the record */
	const struct spf_record		*record;
	size_t				 next;		/* term; n: redirect */
};

struct spf_work {		/* state of one term, zeroed for each */
	bool			 counted;	/* towards SPF_MAX_TERMS */
	bool			 begun;		/* target and query are set */
	struct str		 target;	/* absent: cannot match */
	struct dns_query	*query;
	bool			 void_counted;
	bool			 has_hosts;	/* mx: hosts are set */
	struct dns_query	*hosts[SPF_MAX_MX_NAMES];
	size_t			 hosts_n;
};

struct spf_evaluator {
	struct arena		*arena;
	struct dns_batch	*batch;
	struct ip_addr		 ip;
	struct spf_macro_values	 values;	/* domain and name change */
	bool			 local_is_ascii;

	struct spf_verdict	 verdict;
	enum spf_stage		 stage;
	struct spf_frame	 frames[SPF_MAX_TERMS + 1];
	size_t			 depth;		/* the current frame's index */
	struct spf_work		 work;

	unsigned		 terms;		/* towards SPF_MAX_TERMS */
	unsigned		 voids;		/* towards SPF_MAX_VOIDS */
	unsigned		 early;		/* queries sent early */

	enum spf_names		 names_stage;
	struct dns_query	*ptr;
	struct str		 names[SPF_MAX_PTR_NAMES];
	struct dns_query	*name_queries[SPF_MAX_PTR_NAMES];
	size_t			 names_n;	/* KNOWN: validated ones */
};

/* evaluator.c */

/* Sets the final result. */
enum spf_next	spf_finish(struct spf_evaluator *, enum spf_result,
		    const char *reason, struct str problem);
/* Ends the record of the top frame with this result. */
enum spf_next	spf_return(struct spf_evaluator *, enum spf_result,
		    const char *reason, struct str problem);
/* Starts a frame: queries the record of the domain. */
enum spf_next	spf_enter(struct spf_evaluator *, struct spf_frame *,
		    struct str domain);
/*
 * Count a term that queries DNS, and a void lookup if the answer is one.
 * False: the limit is exceeded, and the evaluation is finished.
 */
bool		spf_count_term(struct spf_evaluator *, struct str problem);
bool		spf_count_void(struct spf_evaluator *,
		    const struct dns_query *, struct str problem);
const char	*spf_error_reason(enum dns_result);

static inline struct spf_frame *
spf_top(struct spf_evaluator *ev)
{
	return (&ev->frames[ev->depth]);
}

/* target.c */

/* Expands the text of a domain-spec, in lower case, into a copy in the arena.
   Absent: not a valid name. */
enum status	spf_target_expand(struct arena *, struct str spec,
		    const struct spf_macro_values *, struct str *target_r)
    ATTR_MUST_CHECK;
/*
 * Expands a domain-spec in the current frame, in lower case. Absent: not a
 * valid name, or the term cannot match.
 */
enum status	spf_expand_target(struct spf_evaluator *,
		    const struct spf_spec *, struct str *target_r)
    ATTR_MUST_CHECK;
/* Sends the queries that the terms of the frame's record will need. */
enum spf_next	spf_query_early(struct spf_evaluator *);
/*
 * RFC 8616 4: a term with %{s} or %{l} does not match, and redirect= is not
 * followed, when the local-part is not ASCII.
 */
bool		spf_cannot_match(const struct spf_evaluator *,
		    const struct spf_spec *);
/* The type of the first query of a mechanism. */
enum dns_type	spf_query_type(const struct spf_evaluator *,
		    enum spf_mechanism);
/* A or AAAA, for the client's address family. */
enum dns_type	spf_address_type(const struct spf_evaluator *);
/* Determines the validated names of the client: READY once known. */
enum spf_next	spf_need_names(struct spf_evaluator *);
/* The value of %{p} in the current frame. */
struct str	spf_best_name(struct spf_evaluator *);

/* terms.c */

enum spf_next	spf_step_term(struct spf_evaluator *);
/* Whether the answer has the client's address. */
bool		spf_has_address(const struct spf_evaluator *,
		    const struct dns_answer *, unsigned bits4, unsigned bits6);

/* explain.c */

enum spf_next	spf_step_explain(struct spf_evaluator *);

#endif
