/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether the domain exists, and whether every name below it does. */
#include "check/private.h"

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
	c->facts.wildcard = probe->result == DNS_OK ||
	    probe->result == DNS_NODATA;
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
