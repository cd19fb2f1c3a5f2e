/* SPDX-License-Identifier: BSD-2-Clause */
/* The results of a message of the domain at a receiver. */
#include "check/private.h"

/* In the order of how bad they are. */
static unsigned
result_rank(enum spf_result result)
{
	static const enum spf_result order[] = {
		SPF_PASS, SPF_NONE, SPF_NEUTRAL, SPF_SOFTFAIL, SPF_FAIL,
		SPF_TEMPERROR, SPF_PERMERROR
	};
	unsigned i = 0;

	while (order[i] != result) {
		i++;
	}
	return (i);
}

static void
judge_spf(struct check *c, struct str sender)
{
	struct spf_opts o = { .identity = SPF_MAILFROM, .helo = c->opts.helo,
		.now_s = c->now_s };
	enum spf_result worst = SPF_PASS;
	struct spf_verdict v;
	size_t i;

	o.mail_from = check_text(c, "postmaster@%.*s", STR_FMT(sender));
	for (i = 0; i < c->opts.ips_n; i++) {
		o.ip = c->opts.ips[i];
		check_run_spf(c, &o, &v);
		c->report.spf_passes += v.result == SPF_PASS;
		if (result_rank(v.result) > result_rank(worst)) {
			worst = v.result;
		}
	}
	if (c->opts.ips_n > 0) {
		c->report.spf = worst;
	}
}

static void
judge_dkim(struct check *c)
{
	if (c->opts.selectors_n == 0) {
		return;
	}
	c->report.dkim = c->facts.keys_usable > 0 ? DKIM_PASS :
	    c->facts.keys_failed > 0 ? DKIM_TEMPERROR : DKIM_PERMERROR;
}

void
check_verdict(struct check *c)
{
	struct str sender = c->opts.mail_from.p != NULL ? c->opts.mail_from :
	    c->domain;
	const struct dmarc_verdict *v;

	judge_spf(c, sender);
	judge_dkim(c);
	if (c->opts.ips_n == 0 && c->opts.selectors_n == 0) {
		return;
	}
	v = check_run_dmarc(c, c->domain, c->report.spf_passes > 0 &&
	    c->report.spf_passes == c->opts.ips_n ? sender : STR_NONE,
	    c->facts.keys_usable > 0 ? c->domain : STR_NONE);
	if (v != NULL) {
		c->report.dmarc = v->result;
	}
}
