/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dmarc: libopendmarc's verdict on the message, as at a site with OpenDKIM and
 * OpenDMARC: by RFC 7489, with the public suffix list, from the verdicts of
 * libopendkim and our SPF result. Records come from the message's batch.
 *
 * Where it differs from us (test/cross/dmarc_rules.py has all): of several
 * signatures it keeps one; a record without p or with an invalid value is an
 * error; it does not know t, np and psd.
 */
#ifndef SECOND_DMARC_H
#define SECOND_DMARC_H

#include "second/second.h"

#define SECOND_DMARC_RECORD_BYTES 4096	/* a longer record is ignored */

struct second_dmarc {
	enum second_word result;	/* none, pass, fail, temperror,
					   permerror; or absent */
	const char	*policy;	/* none, quarantine, reject; NULL: no
					   record */
	const char	*reason;	/* static phrase, or NULL */
};

struct second_dmarc_query {
	struct str			 from;	/* author domain, A-labels,
						   lower case */
	struct str			 spf_domain;	/* lower case; absent:
							   SPF has no result */
	enum second_word		 spf_result;
	const struct second_dkim	*dkim;	/* NULL: no signature */
};

/* Waits for answers until the deadline. */
enum status	second_dmarc_check(struct second *, struct arena *,
		    struct dns_batch *, const struct second_dmarc_query *,
		    uint64_t dns_deadline_us, struct second_dmarc *r)
    ATTR_MUST_CHECK;

#endif
