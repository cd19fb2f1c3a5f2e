/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether the domain exists, and whether every name below it does. */
#include "check/private.h"

/* DNSSEC; only a resolver that validates knows that it is missing. */
static void
judge_security(struct check *c, const struct dns_answer *txt,
    const struct dns_answer *mx)
{
	if (txt->security == DNS_BOGUS || mx->security == DNS_BOGUS) {
		(void)check_add(c, "dnssec.bogus", CHECK_ERROR, c->domain,
		    "the DNSSEC signatures of %.*s are wrong: validating "
		    "resolvers see no record of it at all. Sign the zone "
		    "again, or have the DS record removed", CHECK_FMT(
		    c->domain));
	} else if (check_failed(txt) || check_failed(mx)) {
		return;
	} else if (txt->security == DNS_SECURE && mx->security ==
	    DNS_SECURE) {
		(void)check_add(c, "dnssec.missing", CHECK_GOOD, c->domain,
		    "the zone is signed (DNSSEC)");
	} else if (c->opts.validates) {
		(void)check_add(c, "dnssec.missing", CHECK_INFO, c->domain,
		    "the zone is not signed (DNSSEC)");
	}
}

bool
check_domain(struct check *c)
{
	const struct dns_answer *txt, *mx, *probe;
	struct check_finding *f;
	struct str name;

	txt = check_ask(c, c->domain, DNS_TXT);
	mx = check_ask(c, c->domain, DNS_MX);
	name = check_text(c, "%.*s.%.*s", STR_FMT(c->probe),
	    STR_FMT(c->domain));
	probe = check_ask(c, name, DNS_TXT);
	if (txt->result == DNS_NXDOMAIN || mx->result == DNS_NXDOMAIN) {
		(void)check_add(c, "domain.missing", CHECK_ERROR, c->domain,
		    "%.*s does not exist in the DNS; nothing else can be "
		    "checked. Is it spelt right, and is it registered and "
		    "delegated?", CHECK_FMT(c->domain));
		return (false);
	}
	judge_security(c, txt, mx);
	if (probe->result == DNS_OK) {
		f = check_add(c, "domain.wildcard-txt", CHECK_INFO, c->domain,
		    "a wildcard answers TXT queries for every name below "
		    "%.*s: all of them exist, so np= of DMARC never applies, "
		    "and records that are missing look present",
		    CHECK_FMT(c->domain));
		check_found(c, f, probe->v[0].data);
	}
	return (true);
}
