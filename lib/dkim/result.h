/* SPDX-License-Identifier: BSD-2-Clause */
/* result: the result of one signature, as defined by RFC 8601 2.7.1. */
#ifndef DKIM_RESULT_H
#define DKIM_RESULT_H

enum dkim_result {
	DKIM_NONE,
	DKIM_PASS,
	DKIM_FAIL,		/* body hash or signature differs */
	DKIM_POLICY,		/* refused by local policy: limits, time */
	DKIM_NEUTRAL,		/* cannot be processed: syntax, unknown */
	DKIM_TEMPERROR,		/* the key lookup failed for now */
	DKIM_PERMERROR		/* missing tag, no key, revoked ... */
};

const char	*dkim_result_name(enum dkim_result);

#endif
