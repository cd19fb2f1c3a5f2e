/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/cli.h"

struct dns *
cli_dns_open(const struct cli_dns *from, const struct env *env)
{
	struct dns_opts opts;
	struct dns *dns = NULL;
	struct diag diag;
	enum status status;

	diag_init(&diag);
	dns_opts_init(&opts);
	opts.env = env;
	opts.timeout_us = cli_dns_timeout_us(from);
	opts.nameservers = from->nameservers;
	opts.nameservers_n = from->nameservers_n;
	opts.trust_anchor_file = from->trust_anchor;
	status = from->zone != NULL ? dns_new_zone(&opts, from->zone, &dns,
	    &diag) : dns_new_resolver(&opts, &dns, &diag);
	if (status != STATUS_OK) {
		(void)cli_fail("DNS: %s", diag.text[0] != '\0' ? diag.text :
		    status_text(status));
		return (NULL);
	}
	return (dns);
}
