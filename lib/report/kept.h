/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kept: what is kept of a message for the aggregate reports that this host
 * sends (RFC 9990), and its text forms, which are columns of the store.
 *
 * A policy configuration is what policy_published of a report says, with the
 * addresses that the reports go to. A fact is what a record says of a message;
 * messages with equal facts are counted together. Both have a canonical text,
 * one value a line, in the order of the columns: equal texts, equal rows.
 *
 * All values are printable ASCII of limited length: other octets become "?".
 * Domains and selectors are lower-case A-labels; a signature whose domain or
 * selector is not is left out, since no report can name it (RFC 9990 3.1.1.12).
 * There are no addresses, no times and nothing of a message's content.
 */
#ifndef REPORT_KEPT_H
#define REPORT_KEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/ip.h"
#include "base/status.h"
#include "base/str.h"
#include "report/report.h"

#define KEPT_MAX_SIGNATURES	100	/* RFC 9990 3.1.3 */
#define KEPT_MAX_REASONS	4
#define KEPT_COMMENT_MAX_BYTES	500	/* a seal of RFC 8617 7.2.2 */
#define KEPT_RUA_MAX_BYTES	4096
#define KEPT_ERROR_MAX_BYTES	200
#define KEPT_SIGNATURES_MAX_BYTES 8192
#define KEPT_TEXT_MAX_BYTES	16384	/* of a policy or of a fact */

struct kept_policy {		/* a policy configuration */
	struct str	domain;		/* where the record was found */
	struct str	discovery;	/* "treewalk", "psl" */
	struct str	p;		/* "none", "quarantine", "reject" */
	struct str	sp;		/* empty: not published */
	struct str	np;		/* the same */
	struct str	adkim;		/* "r", "s" */
	struct str	aspf;
	struct str	fo;		/* "0", "1:d:s" */
	struct str	testing;	/* "y", "n" */
	struct str	rua;		/* valid URIs as published, in order,
					   separated by commas */
	struct str	error;		/* what is wrong with the record; or
					   empty */
};
#define KEPT_POLICY_COLUMNS	11

struct kept_signature {
	struct str	domain;
	struct str	selector;
	struct str	result;		/* RFC 8601 2.7.1 */
};

struct kept_reason {
	struct str	type;		/* RFC 9990 3.1.6 */
	struct str	comment;	/* empty: none */
};

struct kept_fact {
	struct str	ip;		/* RFC 5952, no IPv4-mapped one */
	struct str	disposition;	/* report_disposition_name() */
	struct str	dkim;		/* aligned: "pass", "fail" */
	struct str	spf;
	struct kept_reason reasons[KEPT_MAX_REASONS];
	size_t		reasons_n;
	struct str	header_from;	/* a domain */
	struct str	envelope_from;	/* a domain; empty: null reverse-path,
					   or none that can be named */
	struct kept_signature *signatures;	/* in order of preference,
						   RFC 9990 3.1.3 */
	size_t		signatures_n;
	struct str	spf_domain;	/* empty: SPF was not evaluated */
	struct str	spf_result;	/* RFC 8601 2.7.2; or empty */
};
#define KEPT_FACT_COLUMNS	10

/* How a message counts for the decision whether a report is sent. */
struct kept_weight {
	int64_t		messages;
	int64_t		ordinary;	/* neither a report nor about one */
	int64_t		accepted;	/* ordinary, and not refused */
	int64_t		passed;		/* ordinary, DMARC pass */
};

/* Append the canonical text, without a line end at its end. */
void		 kept_policy_write(struct buf *, const struct kept_policy *);
void		 kept_fact_write(struct buf *, const struct kept_fact *);
/* Splits a canonical text into n columns; false: it has another number. */
bool		 kept_split(struct str text, struct str *columns, int n);
/* From columns, which *r borrows. */
void		 kept_policy_read(const struct str *columns,
		    struct kept_policy *r);
/* The same; the signatures are allocated in the arena. */
enum status	 kept_fact_read(struct arena *, const struct str *columns,
		    struct kept_fact *r) ATTR_MUST_CHECK;
/* Whether it is a lower-case A-label name as a report may show it. */
bool		 kept_is_name(struct str);

#endif
