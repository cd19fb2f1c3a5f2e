/* SPDX-License-Identifier: BSD-2-Clause */
/* result: the results of SPF (RFC 7208 2.6, RFC 8601 2.7.2). */
#ifndef SPF_RESULT_H
#define SPF_RESULT_H

enum spf_result {
	SPF_NONE,		/* no domain, or it publishes no policy */
	SPF_NEUTRAL,		/* the policy asserts nothing of the client */
	SPF_PASS,
	SPF_FAIL,
	SPF_SOFTFAIL,
	SPF_TEMPERROR,		/* DNS did not answer */
	SPF_PERMERROR		/* the policy is invalid */
};

const char	*spf_result_name(enum spf_result);

#endif
