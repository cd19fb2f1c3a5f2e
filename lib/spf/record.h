/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record: an SPF record (RFC 7208 4.5, 4.6, 5, 6, 12). It is parsed as a whole
 * before evaluation, and cached with the DNS answer. Immutable, shared by
 * threads; its texts are views into the answer.
 */
#ifndef SPF_RECORD_H
#define SPF_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/str.h"
#include "dns/dns.h"
#include "spf/result.h"

#define SPF_RECORD_MAX_TERMS	1024	/* mechanisms; more: permerror */

enum spf_mechanism {
	SPF_ALL, SPF_INCLUDE, SPF_A, SPF_MX, SPF_PTR, SPF_IP4, SPF_IP6,
	SPF_EXISTS
};

struct spf_spec {		/* a domain-spec */
	struct str	text;	/* absent: the current domain */
	unsigned	uses;	/* SPF_USES_... of macro.h */
};

struct spf_term {		/* a directive */
	struct str		text;		/* the whole term */
	enum spf_mechanism	mechanism;
	enum spf_result		result;		/* of its qualifier */
	uint8_t			bits4;		/* prefix lengths */
	uint8_t			bits6;
	struct spf_spec		spec;
	unsigned char		octets[16];	/* of ip4 (4 of them), ip6 */
};

struct spf_record {
	struct str		 text;		/* of the whole record */
	const char		*error;		/* static phrase; NULL: valid */
	struct str		 problem;	/* the invalid term */
	struct spf_term		*v;		/* in order */
	size_t			 n;
	struct spf_spec		 redirect;	/* text absent: none */
	struct spf_spec		 exp;
};

/* text: starts with "v=spf1". NOMEM only; a bad record has its error set. */
enum status	spf_record_parse(struct str text, struct spf_record *r)
    ATTR_MUST_CHECK;
void		spf_record_fini(struct spf_record *);
/* Whether it starts with "v=spf1" and SP, or is only that (RFC 7208 4.5). */
bool		spf_record_is(struct str text);

/* The policy of an answer, for dns_answer_object(). */
struct spf_policy {
	size_t			count;	/* SPF records in the answer */
	struct spf_record	record;	/* valid if count == 1 */
};
extern const struct dns_parser	spf_policy_parser;

#endif
