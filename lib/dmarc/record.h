/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record: the policy record at _dmarc.<domain> (RFC 9989 4.7, 4.8). It is
 * parsed once and cached with the DNS answer. Immutable, shared by threads;
 * its views point into the answer.
 *
 * Unlike a DKIM tag list, a record is only refused for its version; a tag with
 * any other syntax error is ignored. Tag names and keywords are compared
 * without regard to case. Of a repeated tag the first one applies.
 */
#ifndef DMARC_RECORD_H
#define DMARC_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "dns/dns.h"

enum dmarc_policy {		/* in increasing strictness */
	DMARC_P_NONE,
	DMARC_P_QUARANTINE,
	DMARC_P_REJECT
};

enum dmarc_psd {		/* psd= */
	DMARC_PSD_UNKNOWN,
	DMARC_PSD_YES,		/* a public suffix */
	DMARC_PSD_NO		/* an organisational domain */
};

enum dmarc_flaw {		/* RFC 9989 4.10.1: an invalid p, sp or np */
	DMARC_SOUND,
	DMARC_AS_NONE,		/* rua has a URI: treated as p=none */
	DMARC_BAD_SUBDOMAIN,	/* sp or np, no rua: the record is not used */
	DMARC_BAD_POLICY	/* p, no rua: the record is not used */
};

/* fo=, a set; DMARC_FO_0 if absent or invalid */
#define DMARC_FO_0	0x1u	/* all mechanisms failed */
#define DMARC_FO_1	0x2u	/* any failed */
#define DMARC_FO_D	0x4u	/* a DKIM signature failed */
#define DMARC_FO_S	0x8u	/* SPF failed */

struct dmarc_record {
	enum dmarc_policy	 p;	/* none if absent; all are none for
					   DMARC_AS_NONE */
	enum dmarc_policy	 sp;	/* p if absent */
	enum dmarc_policy	 np;	/* sp if absent */
	bool			 has_p;	/* published with a valid value */
	bool			 has_sp;
	bool			 has_np;
	enum dmarc_flaw		 flaw;
	enum dmarc_psd		 psd;
	bool			 testing;	/* t=y */
	bool			 adkim_strict;
	bool			 aspf_strict;
	unsigned		 fo;
	struct str		 rua;	/* list for dmarc_uri_next(); absent
					   if it has no valid URI */
	struct str		 ruf;	/* as rua */
	bool			 repeated;	/* it repeats a tag */
};

enum dmarc_tag {
	DMARC_TAG_V, DMARC_TAG_P, DMARC_TAG_SP, DMARC_TAG_NP, DMARC_TAG_ADKIM,
	DMARC_TAG_ASPF, DMARC_TAG_PSD, DMARC_TAG_T, DMARC_TAG_RUA,
	DMARC_TAG_RUF, DMARC_TAG_FO,
	DMARC_TAGS			/* none of these */
};

/*
 * The next "name = value" of a record's text without the white space; false at
 * the end. *name_r is absent for a piece that is not empty and has no "=".
 */
bool		 dmarc_tag_next(struct str *rest, struct str *name_r,
		    struct str *value_r);
enum dmarc_tag	 dmarc_tag_find(struct str name);
/* Whether the tag's value is one that RFC 9989 4.7 defines; always for v, rua
   and ruf. */
bool		 dmarc_tag_is_valid(enum dmarc_tag, struct str value);

/* False: no policy record: the first tag is not v=DMARC1 (RFC 9989 4.7). */
bool		 dmarc_record_parse(struct str text, struct dmarc_record *r);

/* "none", "quarantine", "reject". */
const char	*dmarc_policy_name(enum dmarc_policy);

/* An answer's policy records, for dns_answer_object(). */
struct dmarc_records {
	size_t			n;	/* policy records in the answer */
	struct dmarc_record	record;	/* valid if n == 1: several records
					   are discarded */
};
extern const struct dns_parser	dmarc_records_parser;

#endif
