/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * external: whether reports about a policy domain may go to a host of somebody
 * else (RFC 9990 4; RFC 9991 5 for failure reports). A host of the same
 * organisational domain may get them always. Another one must say so in a
 * record at <policy domain>._report._dmarc.<host>, and may name another
 * address there, at the same host.
 *
 * Nothing that is refused here may get a report. A lookup that fails is no
 * answer: the question is to be asked again later.
 */
#ifndef DMARC_EXTERNAL_H
#define DMARC_EXTERNAL_H

#include <stdint.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/status.h"
#include "base/str.h"
#include "dmarc/psl.h"
#include "dmarc/record.h"
#include "dns/dns.h"

enum dmarc_external {
	DMARC_EXTERNAL_OWN,	/* the same organisation: nothing was asked */
	DMARC_EXTERNAL_YES,
	DMARC_EXTERNAL_REPLACED, /* yes, but to another address of the host */
	DMARC_EXTERNAL_ELSEWHERE, /* the record names only addresses of other
				   hosts, or none that can be used: send
				   nothing */
	DMARC_EXTERNAL_NO,
	DMARC_EXTERNAL_UNKNOWN	/* a lookup failed */
};

struct dmarc_external_opts {
	struct dns		*dns;
	const struct env	*env;
	const struct dmarc_psl	*psl;		/* as in dmarc_opts */
	const struct dmarc_psl	*suffixes;
	uint64_t		 timeout_us;	/* for each of two rounds */
};

/*
 * policy_domain: where the record was found; host: of the address. Both are
 * normalised. tag: DMARC_TAG_RUA or DMARC_TAG_RUF. *uri_r: the address to use,
 * in the arena, for DMARC_EXTERNAL_REPLACED, else absent. Blocks. Fails with
 * NOMEM only.
 */
enum status	dmarc_external_ask(const struct dmarc_external_opts *,
		    struct arena *, struct str policy_domain, struct str host,
		    enum dmarc_tag tag, enum dmarc_external *r,
		    struct str *uri_r) ATTR_MUST_CHECK;
/* A phrase for a log: "not authorised by the host", ... */
const char	*dmarc_external_text(enum dmarc_external);

#endif
