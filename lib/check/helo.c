/* SPDX-License-Identifier: BSD-2-Clause */
/* The name that the host gives with HELO (RFC 5321 4.1.1.1, RFC 7208 2.3). */
#include "check/private.h"
#include "mail/domain.h"

static bool
label_is_plain(struct str label)
{
	size_t i;

	for (i = 0; i < label.n; i++) {
		if (!char_is_alpha(label.p[i]) && !char_is_digit(label.p[i]) &&
		    label.p[i] != '-') {
			return (false);
		}
	}
	return (label.n > 0 && label.n <= DOMAIN_LABEL_MAX_BYTES &&
	    label.p[0] != '-' && label.p[label.n - 1] != '-');
}

static bool
has_letter(struct str label)
{
	size_t i;

	for (i = 0; i < label.n; i++) {
		if (char_is_alpha(label.p[i])) {
			return (true);
		}
	}
	return (false);
}

/* Two labels or more of letters, digits, and hyphens between them; the last has
   a letter (RFC 1123 2.1). */
bool
check_is_host_name(struct str name)
{
	struct str rest = name, label, last = STR_NONE;
	size_t n = 0;

	while (str_next(&rest, '.', &label)) {
		if (!label_is_plain(label)) {
			return (false);
		}
		last = label;
		n++;
	}
	return (n >= 2 && name.n <= DOMAIN_MAX_BYTES && has_letter(last));
}

/* Another name for the host, if one leads to it; else the address for the
   name. */
static void
fix_mismatch(struct check *c, struct check_finding *f,
    const struct ip_addr *ip)
{
	struct str name = check_good_name(c, ip);

	if (name.p == NULL) {
		name = check_name_of(c, ip);
	}
	if (!str_eq(name, c->opts.helo)) {
		check_fix(f, WANTED_AT_POSTFIX, STR("main.cf"), "myhostname",
		    name);
	} else {
		(void)check_fix_addresses(c, f, c->opts.helo, ip, 1);
	}
}

static void
judge_addresses(struct check *c, const struct check_addresses *a)
{
	struct str helo = c->opts.helo, ip;
	struct check_finding *f;
	size_t i;

	for (i = 0; i < c->opts.ips_n; i++) {
		ip = check_ip_str(c, &c->opts.ips[i]);
		if (check_has_address(a, &c->opts.ips[i])) {
			(void)check_add(c, "helo.address-mismatch", CHECK_GOOD,
			    ip, "%.*s has the address %.*s", CHECK_FMT(helo),
			    CHECK_FMT(ip));
			continue;
		}
		f = check_add(c, "helo.address-mismatch", CHECK_WARN, ip,
		    "the HELO name %.*s does not have the address %.*s",
		    CHECK_FMT(helo), CHECK_FMT(ip));
		fix_mismatch(c, f, &c->opts.ips[i]);
	}
}

/* The record of the host, its own or a new one, with the addresses that it
   lacks. */
static void
fix_spf(struct check *c, struct check_finding *f, struct str record)
{
	struct wanted_about about = check_about(c);
	struct str helo = c->opts.helo;
	struct wanted_record new;
	size_t i;

	if (wanted_make(&c->memory, WANTED_HOST_SPF, &about, &new) !=
	    STATUS_OK) {
		c->status = STATUS_NOMEM;
		return;
	}
	record = record.p != NULL ? record : new.value;
	for (i = 0; i < about.ips_n && record.p != NULL; i++) {
		if (!check_spf_covers(c, helo, record, &about.ips[i])) {
			record = check_spf_add(c, record, &about.ips[i]);
		}
	}
	check_fix(f, check_place(c, helo), helo, "TXT", record);
}

/* Bounces have no sender: SPF checks HELO. True: HELO has no SPF. */
static bool
judge_spf(struct check *c, const struct ip_addr *ip)
{
	struct spf_opts o = { .identity = SPF_HELO, .ip = *ip,
		.helo = c->opts.helo, .now_s = c->now_s };
	struct str helo = c->opts.helo, text = check_ip_str(c, ip);
	struct check_finding *f;
	struct spf_verdict v;

	check_run_spf(c, &o, &v);
	switch (v.result) {
	case SPF_NONE:
		return (true);
	case SPF_PASS:
		(void)check_add(c, "helo.spf", CHECK_GOOD, text,
		    "SPF passes %.*s for %.*s", CHECK_FMT(text),
		    CHECK_FMT(helo));
		return (false);
	case SPF_TEMPERROR:
		(void)check_add(c, "helo.lookup", CHECK_UNKNOWN, helo,
		    "SPF of %.*s could not be evaluated: %s", CHECK_FMT(helo),
		    v.reason != NULL ? v.reason : "DNS failed");
		return (false);
	case SPF_NEUTRAL:
	case SPF_SOFTFAIL:
	case SPF_FAIL:
	case SPF_PERMERROR:
		break;
	}
	f = check_add(c, "helo.spf", v.result == SPF_FAIL ||
	    v.result == SPF_PERMERROR ? CHECK_ERROR : CHECK_WARN, text,
	    "SPF of the HELO name %.*s gives %s for %.*s: bounces from this "
	    "host are refused or distrusted", CHECK_FMT(helo),
	    spf_result_name(v.result), CHECK_FMT(text));
	if (!check_ip_is_private(ip)) {
		if (v.record.p != NULL) {
			check_found(c, f, v.record);
		}
		fix_spf(c, f, v.result == SPF_PERMERROR ? STR_NONE :
		    v.record);
	}
	return (false);
}

static void
judge_bounces(struct check *c)
{
	static const struct ip_addr any = { .v6 = false,
		.octets = { 192, 0, 2, 1 } };	/* RFC 5737 */
	struct spf_opts o = { .identity = SPF_HELO, .ip = any,
		.helo = c->opts.helo, .now_s = c->now_s };
	struct check_finding *f;
	struct spf_verdict v;
	bool missing = false;
	size_t i;

	if (str_eq(c->opts.helo, c->domain)) {
		return;
	}
	for (i = 0; i < c->opts.ips_n; i++) {
		missing |= judge_spf(c, &c->opts.ips[i]);
	}
	if (c->opts.ips_n == 0) {
		check_run_spf(c, &o, &v);
		missing = v.result == SPF_NONE;
	}
	if (missing) {
		f = check_add(c, "helo.spf-missing", CHECK_INFO, c->opts.helo,
		    "the HELO name %.*s has no SPF record, so that bounces "
		    "from this host have SPF none", CHECK_FMT(c->opts.helo));
		fix_spf(c, f, STR_NONE);
	}
}

/* A name in the domain gets its address, unless the host has a better one. */
static void
fix_unresolvable(struct check *c, struct check_finding *f)
{
	size_t i;

	for (i = 0; i < c->opts.ips_n; i++) {
		if (check_good_name(c, &c->opts.ips[i]).p != NULL) {
			break;
		}
	}
	if (i == c->opts.ips_n && domain_is_within(c->opts.helo, c->domain) &&
	    check_fix_addresses(c, f, c->opts.helo, c->opts.ips,
	    c->opts.ips_n)) {
		return;
	}
	check_fix_host(c, f);
}

void
check_helo(struct check *c)
{
	struct str helo = c->opts.helo;
	struct check_addresses a;
	struct check_finding *f;

	if (helo.p == NULL) {
		return;
	}
	if (!check_is_host_name(helo)) {
		f = check_add(c, "helo.syntax", CHECK_ERROR, helo,
		    "\"%.*s\" is not a full host name; many receivers "
		    "refuse such a HELO", CHECK_FMT(helo));
		check_fix_host(c, f);
		return;
	}
	a = check_addresses(c, helo);
	if (a.failed) {
		(void)check_add(c, "helo.lookup", CHECK_UNKNOWN, helo,
		    "the addresses of the HELO name %.*s could not be looked "
		    "up: %s", CHECK_FMT(helo), check_why(check_failed(a.v4) ?
		    a.v4 : a.v6));
		return;
	}
	if (a.n == 0) {
		f = check_add(c, "helo.unresolvable", CHECK_ERROR, helo,
		    "the HELO name %.*s has no address; receivers that check "
		    "it refuse the mail", CHECK_FMT(helo));
		fix_unresolvable(c, f);
		return;
	}
	c->facts.helo_fine = true;
	judge_addresses(c, &a);
	judge_bounces(c);
}
