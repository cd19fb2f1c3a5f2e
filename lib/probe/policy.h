/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy: reads the MTA-STS policy of a domain from the response of its web
 * server (RFC 8461 3.2, 3.3), which nobody vouches for: at most
 * PROBE_MAX_OCTETS, of which POLICY_MAX_MX hosts count.
 */
#ifndef PROBE_POLICY_H
#define PROBE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define POLICY_MAX_MX	64
#define POLICY_MAX_BYTES (64 * 1024)	/* RFC 8461 3.2 */
#define POLICY_MAX_AGE_S 31557600	/* RFC 8461 3.2 */
#define POLICY_PATH	"/.well-known/mta-sts.txt"

enum policy_mode { POLICY_NONE, POLICY_TESTING, POLICY_ENFORCE };

struct policy {			/* views into the response */
	enum policy_mode mode;
	uint64_t	 max_age_s;
	struct str	 mx[POLICY_MAX_MX];	/* names, or "*.name" */
	size_t		 mx_n;
};

/* False: it is not one; *trouble_r says why. */
bool	 policy_read(struct str response, struct policy *r,
	    const char **trouble_r);
/* Whether the policy allows that MX host (RFC 8461 4.1). */
bool	 policy_has(const struct policy *, struct str host);

#endif
