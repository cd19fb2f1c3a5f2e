/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "check/private.h"
#include "mail/domain.h"

#define KEEP_MAX_BYTES	(1024 * 1024)

/* The copy of a list of names, normalised. */
static enum status
copy_names(struct check *c, const struct str *from, size_t n,
    const struct str **r)
{
	struct str *names = arena_calloc(&c->keep, n + 1, sizeof(*names));
	enum status status = STATUS_OK;
	size_t i;

	*r = names;
	if (names == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < n && status == STATUS_OK; i++) {
		status = domain_normalize(&c->keep, from[i], &names[i]);
	}
	return (status);
}

static enum status
copy_selectors(struct check *c, const struct check_opts *o)
{
	struct check_selector *v;
	enum status status = STATUS_OK;
	size_t i;

	v = arena_calloc(&c->keep, o->selectors_n + 1, sizeof(*v));
	if (v == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < o->selectors_n && status == STATUS_OK; i++) {
		v[i].key = o->selectors[i].key;
		status = domain_normalize(&c->keep, o->selectors[i].name,
		    &v[i].name);
	}
	c->opts.selectors = v;
	return (status);
}

/* HELO is judged as it is given, lower case and without a trailing dot. */
static enum status
copy_helo(struct check *c, struct str helo)
{
	char *p;
	size_t i;

	if (helo.n == 0) {
		c->opts.helo = STR_NONE;
		return (STATUS_OK);
	}
	if (helo.p[helo.n - 1] == '.') {
		helo.n--;
	}
	p = arena_cstr(&c->keep, helo);
	if (p == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < helo.n; i++) {
		p[i] = char_lower(p[i]);
	}
	c->opts.helo = str_mem(p, helo.n);
	return (STATUS_OK);
}

static enum status
copy_ips(struct check *c, const struct check_opts *o)
{
	struct ip_addr *v = arena_calloc(&c->keep, o->ips_n + 1, sizeof(*v));
	size_t i;

	if (v == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < o->ips_n; i++) {
		v[i] = o->ips[i];
	}
	c->opts.ips = v;
	return (STATUS_OK);
}

static enum status
copy_opts(struct check *c, const struct check_opts *o, const char **what_r)
{
	enum status status;

	*what_r = "domain";
	status = domain_normalize(&c->keep, o->domain, &c->domain);
	if (status != STATUS_OK) {
		return (status);
	}
	*what_r = "selector";
	status = copy_selectors(c, o);
	if (status != STATUS_OK) {
		return (status);
	}
	*what_r = "helo";
	status = copy_helo(c, o->helo);
	if (status != STATUS_OK) {
		return (status);
	}
	*what_r = "ip";
	status = copy_ips(c, o);
	if (status != STATUS_OK) {
		return (status);
	}
	*what_r = "dnsbl";
	status = copy_names(c, o->dnsbl, o->dnsbl_n, &c->opts.dnsbl);
	if (status != STATUS_OK) {
		return (status);
	}
	*what_r = "dnsbl-domain";
	status = copy_names(c, o->dnsbl_domain, o->dnsbl_domain_n,
	    &c->opts.dnsbl_domain);
	if (status != STATUS_OK || o->mail_from.p == NULL) {
		return (status);
	}
	*what_r = "mail-from";
	return (domain_normalize(&c->keep, o->mail_from, &c->opts.mail_from));
}

enum status
check_new(const struct check_opts *o, struct dns *dns, const char **what_r,
    struct check **r)
{
	struct check *c = calloc(1, sizeof(*c));
	enum status status;

	*r = NULL;
	*what_r = NULL;
	if (o->ips_n > CHECK_MAX_IPS || o->dnsbl_n > CHECK_MAX_LISTS ||
	    o->dnsbl_domain_n > CHECK_MAX_LISTS ||
	    o->selectors_n > CHECK_MAX_SELECTORS) {
		free(c);
		return (STATUS_LIMIT);
	}
	if (c == NULL) {
		return (STATUS_NOMEM);
	}
	arena_init(&c->keep, KEEP_MAX_BYTES);
	arena_init(&c->memory, CHECK_ARENA_BYTES);
	c->opts = *o;
	status = copy_opts(c, o, what_r);
	c->batch = dns_batch_new(dns);
	c->now_s = env_now_s(o->env);
	c->probe = arena_printf(&c->keep, "no-such-name-%08x",
	    (unsigned)env_random(o->env));
	c->findings = calloc(CHECK_MAX_FINDINGS, sizeof(*c->findings));
	c->records = calloc(CHECK_MAX_RECORDS, sizeof(*c->records));
	if (status == STATUS_OK && (c->batch == NULL || c->probe.p == NULL ||
	    c->findings == NULL || c->records == NULL)) {
		status = STATUS_NOMEM;
	}
	if (status != STATUS_OK) {
		check_free(c);
		return (status);
	}
	*r = c;
	return (STATUS_OK);
}

void
check_free(struct check *c)
{
	if (c == NULL) {
		return;
	}
	dns_batch_free(c->batch);
	arena_fini(&c->memory);
	arena_fini(&c->keep);
	free(c->findings);
	free(c->records);
	free(c);
}

/* Whether both texts begin with the same version, "v=spf1" ... */
static bool
is_same_kind(struct str a, struct str b)
{
	size_t i;

	for (i = 0; i < a.n && i < b.n && a.p[i] == b.p[i]; i++) {
		if (a.p[i] == ' ' || a.p[i] == ';') {
			return (true);
		}
	}
	return (i == a.n && i == b.n);
}

static bool
is_same_record(const struct check_fix *a, const struct check_fix *b)
{
	return (a->where == b->where && !a->remove && !b->remove &&
	    str_eq(a->owner, b->owner) &&
	    str_eq(str_from(a->type), STR("TXT")) &&
	    str_eq(str_from(b->type), STR("TXT")) &&
	    is_same_kind(a->value, b->value));
}

/* Fixes of one record build on each other: all findings offer the last one. */
static void
merge_fixes(struct check *c)
{
	const struct check_fix *last;
	struct check_fix *fix;
	size_t i, j, k, m;

	for (i = 0; i < c->report.n; i++) {
		for (k = 0; k < c->findings[i].fix_n; k++) {
			fix = &c->findings[i].fix[k];
			for (j = i + 1; j < c->report.n; j++) {
				for (m = 0; m < c->findings[j].fix_n; m++) {
					last = &c->findings[j].fix[m];
					if (is_same_record(fix, last)) {
						fix->value = last->value;
					}
				}
			}
		}
	}
}

/* Evaluates all subjects with the answers that are there. */
static void
run_pass(struct check *c)
{
	arena_reset(&c->memory);
	c->open = false;
	c->facts = (struct check_facts){ .parked = false };
	c->report = (struct check_report){ .domain = c->domain,
		.findings = c->findings, .records = c->records,
		.spf = SPF_NONE, .dkim = DKIM_NONE, .dmarc = DMARC_NONE };
	if (!check_domain(c)) {
		return;
	}
	/* Whether the domain is parked, which SPF says, matters to MX; so does
	   whether HELO can be its host. */
	check_spf(c);
	check_helo(c);
	check_mx(c);
	check_hosts(c);
	check_dkim(c);
	check_dmarc(c);
	check_dnsbl(c);
	check_transport(c);
	check_verdict(c);
	check_fix_aliases(c);
	merge_fixes(c);
}

enum status
check_start(struct check *c)
{
	(void)dns_batch_wait_any(c->batch, 0);
	run_pass(c);
	return (c->status);
}

enum status
check_run(struct check *c, uint64_t deadline_us)
{
	for (;;) {
		run_pass(c);
		if (c->status != STATUS_OK || !c->open) {
			return (c->status);
		}
		if (!dns_batch_wait_any(c->batch, deadline_us)) {
			c->given_up = true;
		}
	}
}

const struct check_report *
check_get(const struct check *c)
{
	return (&c->report);
}
