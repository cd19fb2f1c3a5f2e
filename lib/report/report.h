/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report: what a report says: an aggregate report (RFC 9990, RFC 7489 7.2), a
 * failure report (RFC 9991, RFC 6591) or a report of TLS failures (RFC 8460).
 * Texts are as the reporter wrote them, trimmed and in UTF-8 if they are
 * well-formed; nothing is cleaned. Whoever shows one escapes it.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/ip.h"
#include "base/status.h"
#include "base/str.h"

#define REPORT_TIME_NONE	INT64_MIN
#define REPORT_WARNINGS_MAX	20	/* of one report; others are counted */
#define REPORT_SELECTORS_MAX	1000	/* of one report; others are left out */

enum report_disposition {	/* RFC 9990 3.1.1.9 */
	REPORT_NONE,
	REPORT_PASS,
	REPORT_QUARANTINE,
	REPORT_REJECT,
	REPORT_OTHER		/* absent, or none of the above */
};
#define REPORT_DISPOSITIONS	(REPORT_OTHER + 1)

enum report_auth {		/* the raw result of SPF or of a signature */
	REPORT_AUTH_ABSENT,
	REPORT_AUTH_NONE,
	REPORT_AUTH_PASS,
	REPORT_AUTH_FAIL,	/* fail, softfail, hardfail, policy, neutral */
	REPORT_AUTH_ERROR	/* temperror, permerror, and anything else */
};

/* Why a receiver did other than the policy says; a set. */
#define REPORT_REASON_LOCAL	0x01	/* local_policy */
#define REPORT_REASON_LIST	0x02	/* mailing_list */
#define REPORT_REASON_FORWARDER	0x04	/* trusted_forwarder, forwarded */
#define REPORT_REASON_TEST	0x08	/* policy_test_mode, sampled_out */
#define REPORT_REASON_OTHER	0x10	/* other, and unknown types */

/*
 * A record, in little space: of its signatures only the one that says most
 * about the author domain. Texts are in the report's arena, never NULL.
 */
struct report_row {
	struct ip_addr	 ip;		/* if ip_text is NULL */
	const char	*ip_text;	/* source_ip that is no address */
	int64_t		 count;		/* messages, >= 0 */
	const char	*header_from;
	const char	*dkim_domain;	/* "": no signature */
	const char	*dkim_selector;
	const char	*spf_domain;	/* "": no result */
	unsigned char	 disposition;	/* enum report_disposition */
	unsigned char	 dkim_result;	/* enum report_auth */
	unsigned char	 spf_result;	/* enum report_auth */
	unsigned char	 reasons;	/* set of REPORT_REASON_ */
	bool		 dkim_aligned;	/* policy_evaluated/dkim is pass */
	bool		 spf_aligned;
};

/* A key that signatures in the records name, in lower case. */
struct report_selector {
	const char	*domain;
	const char	*selector;
	int64_t		 pass;		/* signatures, in messages */
	int64_t		 fail;		/* with any other result */
	struct report_selector *next;
};

struct report_aggregate {
	const char	*org;		/* texts: "" if absent */
	const char	*email;
	const char	*id;
	const char	*domain;	/* of the policy */
	const char	*p;
	const char	*xml_namespace;
	const char	*version;	/* NULL if absent */
	int64_t		 begin_s;	/* Unix time, or REPORT_TIME_NONE */
	int64_t		 end_s;
	bool		 damaged;	/* cut off or not well-formed: values
					   and records may be missing */
	size_t		 records;	/* in the document */
	size_t		 rows_n;	/* records with a usable count */
	size_t		 rows_cap;
	struct report_row *rows;
	struct report_selector *selectors;	/* of all signatures, the first
						   one first */
	/* Sums over the rows, in messages. */
	int64_t		 messages;
	int64_t		 disposition[REPORT_DISPOSITIONS];
	int64_t		 dkim_aligned;
	int64_t		 spf_aligned;
	int64_t		 dmarc_pass;
	int64_t		 overrides;	/* with a reason */
};

struct report_failure {			/* fields as they are; "" if absent */
	const char	*feedback_type;
	const char	*auth_failure;
	const char	*identity_alignment;
	const char	*source_ip;	/* without a comment */
	const char	*reported_domain;
	const char	*original_mail_from;	/* without angle brackets */
	const char	*delivery_result;
	const char	*dkim_domain;
	const char	*dkim_selector;
	const char	*incidents;	/* "1" if absent */
	const char	*arrival_date;
};

struct report_tls_policy {
	const char	*domain;
	const char	*type;
	int64_t		 success;	/* sessions */
	int64_t		 failure;
};

struct report_tls {
	const char	*org;
	const char	*id;
	int64_t		 begin_s;	/* Unix time, or REPORT_TIME_NONE */
	int64_t		 end_s;
	struct report_tls_policy *policies;
	size_t		 policies_n;
};

enum report_kind { REPORT_AGGREGATE, REPORT_FAILURE, REPORT_TLS };

struct report {
	enum report_kind	 kind;
	union {
		struct report_aggregate	 aggregate;
		struct report_failure	 failure;
		struct report_tls	 tls;
	};
	/* What is wrong with it, or odd: phrases in the arena. */
	const char		*warnings[REPORT_WARNINGS_MAX];
	size_t			 warnings_n;
	size_t			 warnings_more;	/* that found no room */
	struct report		*next;		/* for the owner of a list */
	struct arena		 arena;
};

/* NULL: out of memory. max_bytes: of all its texts and rows. */
struct report	*report_new(enum report_kind, size_t max_bytes);
void		 report_free(struct report *);	/* accepts NULL */
/* Adds a warning, unless it is there already. */
void		 report_warn(struct report *, const char *fmt, ...)
    ATTR_PRINTF(2, 3);

/* The words of RFC 9990, any case; REPORT_OTHER: another word. */
enum report_disposition	 report_disposition_parse(struct str);
const char	*report_disposition_name(enum report_disposition);
enum report_auth report_auth_parse(struct str);
/* One of REPORT_REASON_; 0: the empty word. */
unsigned char	 report_reason_parse(struct str);
/* Makes room for one more row; NOMEM. */
enum status	 report_aggregate_grow(struct report_aggregate *)
    ATTR_MUST_CHECK;
/* Adds a row to the sums. */
void		 report_aggregate_add(struct report_aggregate *,
		    const struct report_row *);
/* a + b for numbers >= 0; INT64_MAX when the sum is larger. */
int64_t		 report_sum(int64_t a, int64_t b);

#endif
