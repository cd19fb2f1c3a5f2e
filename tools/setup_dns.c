/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the zone's own name servers have at the names that matter, and what the
 * checks say about that. A resolver is asked for everything else only: a "no"
 * in its cache would stay there after the records are published.
 */
#include "mail/domain.h"
#include "spf/record.h"
#include "tools/setup.h"

bool
setup_dns_open(struct setup *s)
{
	struct dns *below;
	struct diag diag;

	diag_init(&diag);
	dns_opts_init(&s->dns_opts);
	s->dns_opts.env = &s->env;
	s->dns_opts.nameservers = s->args->dns.nameservers;
	s->dns_opts.nameservers_n = s->args->dns.nameservers_n;
	s->dns_opts.timeout_us = cli_dns_timeout_us(&s->args->dns);
	below = cli_dns_open(&s->args->dns, &s->env);
	if (below == NULL) {
		return (false);
	}
	s->below = dns_hold(below);
	if (dns_new_overlay(&s->dns_opts, below, &s->dns, &s->overlay) !=
	    STATUS_OK || authority_new(&s->dns_opts, s->store.policy.port,
	    &s->authority, &diag) != STATUS_OK) {
		(void)cli_fail("DNS: %s", diag.text[0] != '\0' ? diag.text :
		    "out of memory");
		return (false);
	}
	/* As the daemon does without a list. */
	if (dmarc_psl_new(NULL, &s->suffixes) != STATUS_OK) {
		s->suffixes = NULL;
	}
	return (true);
}

void
setup_dns_close(struct setup *s)
{
	check_free(s->check);
	authority_free(s->authority);
	dmarc_psl_free(s->suffixes);
	dns_release(s->dns);
	dns_release(s->below);
}

/* Where the name is looked up; zone text has no servers. False: printed why. */
static bool
find_zone(struct setup *s, struct str name, struct str *target_r,
    const struct authority_zone **zone_r)
{
	enum status status;
	struct diag diag;

	if (s->args->dns.zone != NULL) {
		s->text.name = s->domain;
		*target_r = name;
		*zone_r = &s->text;
		return (true);
	}
	diag_init(&diag);
	status = authority_find(s->authority, &s->arena, name, target_r,
	    zone_r, &diag);
	if (status != STATUS_OK) {
		(void)cli_fail("the name servers of %.*s could not be found: "
		    "%s", STR_FMT(name), diag.text);
	}
	return (status == STATUS_OK);
}

static bool
add_name(struct setup *s, struct str owner)
{
	if (owner.p == NULL || s->names_n == SETUP_MAX_NAMES) {
		return (false);
	}
	s->names[s->names_n++] = (struct setup_name){ .owner = owner,
		.result = DNS_TIMEOUT };
	return (true);
}

bool
setup_dns_names(struct setup *s)
{
	size_t i;

	s->names_n = 0;
	if (!add_name(s, s->domain) || !add_name(s, setup_text(s,
	    "_dmarc.%.*s", STR_FMT(s->domain)))) {
		return (false);
	}
	for (i = 0; i < s->keys_n; i++) {
		if (!add_name(s, domain_key_name(&s->arena,
		    s->keys[i].selector, s->domain))) {
			return (false);
		}
	}
	return (setup_dns_zone(s));
}

bool
setup_dns_zone(struct setup *s)
{
	struct str target;

	return (find_zone(s, s->domain, &target, &s->zone));
}

static bool
is_answered(const struct authority_answer *a)
{
	return (a->result == DNS_OK || a->result == DNS_NODATA ||
	    a->result == DNS_NXDOMAIN);
}

static void
take_answer(struct setup_name *name, const struct authority_answer *a)
{
	name->found = a->v;
	name->found_n = a->result == DNS_OK ? a->n : 0;
	name->result = a->result;
}

/* At the first server that answers. */
static bool
ask_first(struct setup *s, struct setup_name *name,
    const struct authority_zone *zone, struct str target)
{
	struct authority_answer answer = { .result = DNS_TIMEOUT };
	size_t i, j;

	if (zone == &s->text && authority_ask_dns(s->below, &s->dns_opts,
	    &s->arena, target, &answer) != STATUS_OK) {
		return (false);
	}
	for (i = 0; i < zone->n && !is_answered(&answer); i++) {
		for (j = 0; j < zone->v[i]->n && !is_answered(&answer); j++) {
			if (authority_ask(s->authority, &s->arena, target,
			    zone->v[i]->addresses[j], &answer) != STATUS_OK) {
				return (false);
			}
		}
	}
	take_answer(name, &answer);
	return (true);
}

/* The same name with the zone's appended: a mistake of many web forms. */
static bool
ask_doubled(struct setup *s, const struct setup_name *name,
    struct authority_address *address)
{
	struct str twice = setup_text(s, "%.*s.%.*s", STR_FMT(name->owner),
	    STR_FMT(s->domain));
	struct authority_answer answer;

	return (authority_ask(s->authority, &s->arena, twice, address,
	    &answer) == STATUS_OK && dns_overlay_set(s->overlay, twice,
	    answer.result, answer.v, answer.result == DNS_OK ? answer.n : 0)
	    != STATUS_NOMEM);
}

/* A name of another zone (a delegated _domainkey) is asked there. */
static bool
ask_name(struct setup *s, struct setup_name *name,
    struct authority_address *address)
{
	const struct authority_zone *zone;
	struct authority_answer answer;
	struct str target;

	if (!find_zone(s, name->owner, &target, &zone)) {
		return (false);
	}
	if (address == NULL || zone != s->zone) {
		return (ask_first(s, name, zone, target));
	}
	if (authority_ask(s->authority, &s->arena, target, address,
	    &answer) != STATUS_OK) {
		return (false);
	}
	take_answer(name, &answer);
	return (name->found_n > 0 || ask_doubled(s, name, address));
}

bool
setup_dns_ask(struct setup *s)
{
	size_t i;

	for (i = 0; i < s->names_n; i++) {
		if (!ask_name(s, &s->names[i], NULL)) {
			return (false);
		}
		if (s->names[i].result == DNS_TIMEOUT ||
		    s->names[i].result == DNS_SERVFAIL) {
			(void)cli_fail("no name server of %.*s answers",
			    STR_FMT(s->zone->name));
			return (false);
		}
	}
	return (true);
}

bool
setup_dns_ask_at(struct setup *s, struct authority_address *address,
    bool *answered_r)
{
	size_t i;

	*answered_r = true;
	for (i = 0; i < s->names_n; i++) {
		if (!ask_name(s, &s->names[i], address)) {
			return (false);
		}
		if (s->names[i].result == DNS_TIMEOUT ||
		    s->names[i].result == DNS_SERVFAIL) {
			*answered_r = false;
			return (true);
		}
	}
	return (true);
}

/* What is at the name once the wanted record has replaced its like. */
static bool
set_records(struct setup *s, size_t at, bool planned)
{
	const struct setup_name *name = &s->names[at];
	bool replaces = planned && name->wanted.p != NULL;
	struct str v[OVERLAY_MAX_RECORDS];
	size_t i, n = 0;

	for (i = 0; i < name->found_n && n < OVERLAY_MAX_RECORDS - 1; i++) {
		if (!replaces || !setup_is_kind(at, name->found[i])) {
			v[n++] = name->found[i];
		}
	}
	if (replaces) {
		v[n++] = name->wanted;
	}
	return (dns_overlay_set(s->overlay, name->owner, name->result, v,
	    n) == STATUS_OK);
}

bool
setup_is_kind(size_t at, struct str text)
{
	return (at == 0 ? spf_record_is(text) : at == 1 ?
	    str_starts_ci(text, STR("v=DMARC1")) : true);
}

static struct check_opts
make_opts(struct setup *s, struct check_selector *selectors)
{
	size_t i;

	for (i = 0; i < s->keys_n; i++) {
		selectors[i] = (struct check_selector){ s->keys[i].selector,
			s->keys[i].private };
	}
	return ((struct check_opts){ .env = &s->env, .domain = s->domain,
		.suffixes = s->suffixes, .ips = s->ips, .ips_n = s->ips_n,
		.helo = s->helo, .selectors = selectors,
		.selectors_n = s->keys_n,
		.validates = s->args->dns.trust_anchor != NULL });
}

const struct check_report *
setup_judge(struct setup *s, bool planned)
{
	struct check_selector selectors[CHECK_MAX_SELECTORS];
	struct check_opts opts = make_opts(s, selectors);
	enum status status = STATUS_OK;
	const char *what = NULL;
	size_t i;

	check_free(s->check);
	s->check = NULL;
	for (i = 0; i < s->names_n && status == STATUS_OK; i++) {
		status = set_records(s, i, planned) ? STATUS_OK : STATUS_NOMEM;
	}
	if (status == STATUS_OK) {
		status = check_new(&opts, s->dns, &what, &s->check);
	}
	if (status == STATUS_OK) {
		status = check_run(s->check, env_mono_us(&s->env) +
		    cli_dns_timeout_us(&s->args->dns));
	}
	if (status != STATUS_OK) {
		(void)cli_fail("%s: %s", what != NULL ? what : "check",
		    status_text(status));
		return (NULL);
	}
	return (check_get(s->check));
}
