/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unbound: libunbound as the backend: a forwarder that validates. Made only
 * when there is a trust anchor.
 */
#ifndef DNS_UNBOUND_H
#define DNS_UNBOUND_H

#include "base/diag.h"
#include "base/status.h"
#include "dns/dns.h"

struct ub_ctx;

enum status	dns_new_unbound(const struct dns_opts *, struct dns **r,
		    struct diag *) ATTR_MUST_CHECK;
/* Before the first question. Not OK: the diag says why. */
enum status	unbound_configure(struct ub_ctx *, const struct dns_opts *,
		    struct diag *) ATTR_MUST_CHECK;
/* Reports what failed, and the reason: libunbound's error, not 0. */
enum status	unbound_failed(struct diag *, const char *what, int error);

#endif
