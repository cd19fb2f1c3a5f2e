/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * overlay: another source of answers, with the TXT records of some names
 * replaced: what a zone would look like with records that are not published
 * yet, or as one of its servers has it. All else is asked below, whose own
 * cache is not used.
 *
 * The answers of replaced names have a TTL of 0: they are not cached, so that
 * they may be replaced again. They are DNS_INSECURE. Such a name has no CNAME,
 * so that nothing is asked below about a name that does not exist yet.
 */
#ifndef DNS_OVERLAY_H
#define DNS_OVERLAY_H

#include <stddef.h>

#include "base/status.h"
#include "base/str.h"
#include "dns/dns.h"

#define OVERLAY_MAX_NAMES	64
#define OVERLAY_MAX_RECORDS	64	/* of one name */

struct dns_overlay;		/* lives as long as its struct dns */

/* Takes the reference to below, even when this fails. */
enum status	 dns_new_overlay(const struct dns_opts *, struct dns *below,
		    struct dns **r, struct dns_overlay **overlay_r)
    ATTR_MUST_CHECK;
/*
 * The TXT records of a name from now on, which are copied; result: DNS_OK if
 * n > 0, else how it is answered. SYNTAX: not a name. LIMIT: too many.
 */
enum status	 dns_overlay_set(struct dns_overlay *, struct str name,
		    enum dns_result, const struct str *v, size_t n)
    ATTR_MUST_CHECK;

#endif
