/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * evaluator: check.h from inside. The machine is a stack of frames, one for
 * the record that is evaluated and each record whose include led there; a
 * redirect replaces the record of its frame. Each part of the machine says
 * with enum spf_next what to do after it.
 */
#ifndef SPF_EVALUATOR_H
#define SPF_EVALUATOR_H

#include "dns/name.h"
#include "spf/check.h"
#include "spf/macro.h"
#include "spf/record.h"

enum spf_next {
	SPF_GO_ON,		/* something changed: look again */
	SPF_WAIT,		/* an answer is missing */
	SPF_READY,		/* of spf_need_names(): they are known */
	SPF_NO_MEMORY
};

enum spf_stage {
	SPF_STAGE_RECORD,	/* the frame's record was asked for */
	SPF_STAGE_TERM,		/* at a term of the frame's record */
	SPF_STAGE_EXPLAIN,	/* it is a fail: what does exp= say? */
	SPF_STAGE_DONE
};

enum spf_names {		/* the client's names (RFC 7208 5.5) */
	SPF_NAMES_UNASKED,
	SPF_NAMES_PTR,		/* the PTR records were asked for */
	SPF_NAMES_ADDRESSES,	/* the names' addresses were asked for */
	SPF_NAMES_KNOWN
};

struct spf_frame {
	struct str			 domain;
	bool				 redirected;
	struct dns_query		*query;		/* of the record */
	const struct spf_record		*record;
	size_t				 next;		/* term; n: redirect */
};

struct spf_work {		/* on one term; zeroed before each */
	bool			 counted;	/* against the limit of terms */
	bool			 begun;		/* target and query are set */
	struct str		 target;	/* absent: cannot match */
	struct dns_query	*query;
	bool			 void_counted;
	bool			 has_hosts;	/* of mx: hosts are set */
	struct dns_query	*hosts[SPF_MAX_MX_NAMES];
	size_t			 hosts_n;
};

struct spf_evaluator {
	struct arena		*arena;
	struct dns_batch	*batch;
	struct ip_addr		 ip;
	struct spf_macro_values	 values;	/* d and p change */
	bool			 local_is_ascii;

	struct spf_verdict	 verdict;
	enum spf_stage		 stage;
	struct spf_frame	 frames[SPF_MAX_TERMS + 1];
	size_t			 depth;		/* the current frame's index */
	struct spf_work		 work;

	unsigned		 terms;		/* counted against ... */
	unsigned		 voids;		/* ... the limits */
	unsigned		 ahead;		/* asked ahead */

	enum spf_names		 names_stage;
	struct dns_query	*ptr;
	struct str		 names[SPF_MAX_PTR_NAMES];
	struct dns_query	*name_queries[SPF_MAX_PTR_NAMES];
	size_t			 names_n;	/* KNOWN: validated ones */
};

/* -- evaluator.c --------------------------------------------------------- */

/* The end of it all. */
enum spf_next	spf_finish(struct spf_evaluator *, enum spf_result,
		    const char *reason, struct str problem);
/* The frame's record has this result; what that means for the one below. */
enum spf_next	spf_return(struct spf_evaluator *, enum spf_result,
		    const char *reason, struct str problem);
/* Makes a frame ask for the record of the domain. */
enum spf_next	spf_enter(struct spf_evaluator *, struct spf_frame *,
		    struct str domain);
/*
 * One more term that asks DNS; one more, perhaps, that found nothing there.
 * False: it was one too many, and that was the end.
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

/* -- target.c ------------------------------------------------------------ */

/*
 * What a domain-spec means in the current frame, lower case: absent if that is
 * no name that DNS can be asked for, or a term that cannot match.
 */
enum status	spf_expand_target(struct spf_evaluator *,
		    const struct spf_spec *, struct str *target_r)
    ATTR_MUST_CHECK;
/* Asks what the terms of the frame's record will need. */
enum spf_next	spf_ask_ahead(struct spf_evaluator *);
/*
 * RFC 8616 4: a term with %{s} or %{l} does not match, and redirect= is not
 * followed, when the local-part is not ASCII.
 */
bool		spf_cannot_match(const struct spf_evaluator *,
		    const struct spf_spec *);
/* What the mechanism asks for first. */
enum dns_type	spf_question_type(const struct spf_evaluator *,
		    enum spf_mechanism);
/* Of addresses of the client's family. */
enum dns_type	spf_address_type(const struct spf_evaluator *);
/* The client's names: READY once they are known. */
enum spf_next	spf_need_names(struct spf_evaluator *);
/* What %{p} is in the current frame. */
struct str	spf_best_name(struct spf_evaluator *);

/* -- terms.c ------------------------------------------------------------- */

enum spf_next	spf_step_term(struct spf_evaluator *);
/* The client's address is among those of the answer. */
bool		spf_has_address(const struct spf_evaluator *,
		    const struct dns_answer *, unsigned bits4, unsigned bits6);

/* -- explain.c ----------------------------------------------------------- */

enum spf_next	spf_step_explain(struct spf_evaluator *);

#endif
