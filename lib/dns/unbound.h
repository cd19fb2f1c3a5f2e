/* SPDX-License-Identifier: BSD-2-Clause */
/* unbound: how a context of libunbound is set up. */
#ifndef DNS_UNBOUND_H
#define DNS_UNBOUND_H

#include "base/diag.h"
#include "base/status.h"
#include "dns/dns.h"

struct ub_ctx;

/* Before the first question. Not OK: the diag says why. */
enum status	unbound_configure(struct ub_ctx *, const struct dns_opts *,
		    struct diag *) ATTR_MUST_CHECK;
/* What failed, and libunbound's reason, which is not 0. */
enum status	unbound_failed(struct diag *, const char *what, int error);

#endif
