/* SPDX-License-Identifier: BSD-2-Clause */
/* Where mail for the domain goes (RFC 5321 5.1, RFC 7505). */
#include "check/private.h"

struct mx_hosts {		/* what was seen of the targets */
	size_t		 n;		/* distinct ones */
	size_t		 missing;
	const struct dns_record	*gone[CHECK_MAX_FIXES];	/* of these */
	bool		 elsewhere;	/* none has an address of ours */
};

static bool
is_digits_and_dots(struct str name)
{
	size_t i;

	for (i = 0; i < name.n; i++) {
		if (!char_is_digit(name.p[i]) && name.p[i] != '.') {
			return (false);
		}
	}
	return (name.n > 0);
}

static bool
is_sending(const struct check *c)
{
	return (c->opts.ips_n > 0 || c->opts.selectors_n > 0);
}

static bool
names_host(const struct dns_answer *mx, struct str host)
{
	size_t i;

	for (i = 0; i < mx->n; i++) {
		if (str_eq(mx->v[i].data, host)) {
			return (true);
		}
	}
	return (false);
}

/* This host as MX, unless it is one, by its usual name if none is known; of a
   parked domain, none. A name without an address gets these, and is no help
   without any. */
static void
fix_mx(struct check *c, struct check_finding *f, const struct dns_answer *mx,
    const struct ip_addr *ips, size_t n)
{
	struct wanted_about about = check_about(c);
	struct str host;

	if (!about.parked) {
		if (!c->facts.helo_fine) {
			about.host = STR_NONE;
		}
		host = wanted_host(&c->memory, &about);
		if (host.p == NULL) {
			c->status = STATUS_NOMEM;
			return;
		}
		if (names_host(mx, host) || (check_addresses(c, host).n ==
		    0 && !check_fix_addresses(c, f, host, ips, n))) {
			return;
		}
	}
	check_fix_wanted(c, f, WANTED_MX, &about);
}

/* "10 host." */
static struct str
mx_text(struct check *c, unsigned preference, struct str host)
{
	return (check_text(c, "%u %.*s.", preference, STR_FMT(host)));
}

static void
remove_mx(struct check *c, struct check_finding *f,
    const struct dns_record *mx)
{
	check_fix_remove(f, c->domain, "MX", mx_text(c, mx->preference,
	    mx->data));
}

/* No MX: mail goes to the addresses of the domain itself. */
static void
judge_without_mx(struct check *c, const struct dns_answer *mx)
{
	struct check_addresses a = check_addresses(c, c->domain);
	struct wanted_about about = check_about(c);
	struct check_finding *f;

	if (a.n > 0) {
		f = check_add(c, "mx.implicit", CHECK_WARN, c->domain,
		    "there is no MX record; mail goes to the address of %.*s "
		    "itself, which is often the web server",
		    CHECK_FMT(c->domain));
		about.host = c->domain;
		check_fix_wanted(c, f, WANTED_MX, &about);
	} else if (a.failed) {
		(void)check_add(c, "mx.lookup", CHECK_UNKNOWN, c->domain,
		    "the addresses of %.*s could not be looked up: %s",
		    CHECK_FMT(c->domain), check_why(check_failed(a.v4) ? a.v4 :
		    a.v6));
	} else if (c->facts.parked) {
		f = check_add(c, "mx.null-missing", CHECK_INFO, c->domain,
		    "the domain sends no mail and has no MX; a null MX would "
		    "say that it takes none either");
		fix_mx(c, f, mx, NULL, 0);
	} else {
		f = check_add(c, "mx.missing", CHECK_ERROR, c->domain,
		    "there is neither an MX record nor an address: nobody can "
		    "answer mail from %.*s, and some receivers refuse it",
		    CHECK_FMT(c->domain));
		fix_mx(c, f, mx, c->opts.ips, c->opts.ips_n);
	}
}

/* Whether there is a null MX; then nothing else is said. */
static bool
judge_null_mx(struct check *c, const struct dns_answer *mx)
{
	struct check_finding *f;
	size_t i, nulls = 0;

	for (i = 0; i < mx->n; i++) {
		nulls += mx->v[i].data.n == 0;
	}
	if (nulls == 0) {
		return (false);
	}
	if (nulls < mx->n) {
		f = check_add(c, "mx.null-mixed", CHECK_ERROR, c->domain,
		    "a null MX (\"0 .\", no mail is accepted) is next to "
		    "other MX records; senders handle that differently");
		for (i = 0; i < mx->n; i++) {
			if (mx->v[i].data.n == 0) {
				remove_mx(c, f, &mx->v[i]);
			}
		}
	} else if (is_sending(c)) {
		f = check_add(c, "mx.null", CHECK_ERROR, c->domain,
		    "the domain sends mail, but its null MX says that it "
		    "takes none: receivers refuse it (550 5.7.27)");
		remove_mx(c, f, &mx->v[0]);
		fix_mx(c, f, mx, c->opts.ips, c->opts.ips_n);
	} else {
		(void)check_add(c, "mx.null", CHECK_INFO, c->domain,
		    "a null MX: the domain takes no mail");
	}
	return (true);
}

static bool
is_localhost(struct str host)
{
	return (str_eq(host, STR("localhost")) ||
	    str_ends_ci(host, STR(".localhost")));
}

/* Only in signed zones do TLSA records mean something (RFC 7672 2.2). */
static void
judge_dane(struct check *c, struct str host, const struct check_addresses *a)
{
	const struct dns_answer *tlsa;
	struct str owner;

	if ((a->v4->n == 0 || a->v4->security != DNS_SECURE) &&
	    (a->v6->n == 0 || a->v6->security != DNS_SECURE)) {
		return;
	}
	tlsa = check_ask_below(c, "_25._tcp", host, DNS_TLSA, &owner);
	if (tlsa->result == DNS_OK) {
		(void)check_add(c, "dane.missing", CHECK_GOOD, host,
		    "the MX host %.*s has TLSA records (DANE)",
		    CHECK_FMT(host));
	} else if (!check_failed(tlsa)) {
		(void)check_add(c, "dane.missing", CHECK_INFO, host,
		    "the MX host %.*s is in a signed zone, but has no TLSA "
		    "record at %.*s, which would have senders insist on TLS",
		    CHECK_FMT(host), CHECK_FMT(owner));
	}
}

/* The host in place of its alias, unless the domain has it already. */
static void
fix_alias(struct check *c, struct check_finding *f, const struct dns_answer *mx,
    const struct dns_record *record, struct str target)
{
	struct str host = check_alias_end(c, target);

	check_found(c, f, target);
	if (host.p == NULL || check_addresses(c, host).n == 0) {
		return;
	}
	remove_mx(c, f, record);
	if (!names_host(mx, host)) {
		check_fix(f, WANTED_AT_DNS, c->domain, "MX", mx_text(c,
		    record->preference, host));
	}
}

/* A host in place of the address. */
static void
fix_target_ip(struct check *c, struct check_finding *f,
    const struct dns_answer *mx, const struct dns_record *record)
{
	struct ip_addr ip;

	remove_mx(c, f, record);
	if (ip_parse(record->data, &ip)) {
		fix_mx(c, f, mx, &ip, 1);
	}
}

static void
judge_host(struct check *c, const struct dns_answer *mx,
    const struct dns_record *record, struct mx_hosts *seen)
{
	struct str host = record->data;
	const struct dns_answer *cname = check_ask(c, host, DNS_CNAME);
	struct check_addresses a = check_addresses(c, host);
	size_t i;

	for (i = 0; i < c->opts.ips_n; i++) {
		seen->elsewhere &= !check_has_address(&a, &c->opts.ips[i]);
	}
	if (cname->result == DNS_OK) {
		fix_alias(c, check_add(c, "mx.target-cname", CHECK_WARN, host,
		    "the MX host %.*s is an alias (CNAME); the MX record "
		    "should name the host itself", CHECK_FMT(host)), mx,
		    record, cname->v[0].data);
	}
	judge_dane(c, host, &a);
	if (is_localhost(host) || check_all_private(&a)) {
		(void)check_add(c, "mx.target-private", CHECK_ERROR, host,
		    "the MX host %.*s has no public address: nobody outside "
		    "can deliver to it. Behind NAT publish the outer address",
		    CHECK_FMT(host));
	} else if (a.n == 0 && a.failed) {
		(void)check_add(c, "mx.lookup", CHECK_UNKNOWN, host,
		    "the addresses of the MX host %.*s could not be looked "
		    "up: %s", CHECK_FMT(host), check_why(check_failed(a.v4) ?
		    a.v4 : a.v6));
	} else if (a.n == 0) {
		if (seen->missing < CHECK_MAX_FIXES) {
			seen->gone[seen->missing] = record;
		}
		seen->missing++;
	}
}

static bool
was_before(const struct dns_answer *mx, size_t i)
{
	size_t j;

	for (j = 0; j < i; j++) {
		if (str_eq(mx->v[j].data, mx->v[i].data)) {
			return (true);
		}
	}
	return (false);
}

static void
judge_hosts(struct check *c, const struct dns_answer *mx,
    struct mx_hosts *seen)
{
	size_t i;

	for (i = 0; i < mx->n; i++) {
		struct str host = mx->v[i].data;
		struct check_finding *f;

		if (was_before(mx, i)) {
			continue;
		}
		if (++seen->n > CHECK_MAX_MX) {
			(void)check_add(c, "mx.many", CHECK_WARN, c->domain,
			    "more than %d MX hosts; the others were not looked "
			    "at, and senders ignore some, too", CHECK_MAX_MX);
			return;
		}
		if (is_digits_and_dots(host)) {
			f = check_add(c, "mx.target-ip", CHECK_ERROR, host,
			    "the MX record names the address %.*s; it must "
			    "name a host, or no mail arrives",
			    CHECK_FMT(host));
			fix_target_ip(c, f, mx, &mx->v[i]);
			continue;
		}
		judge_host(c, mx, &mx->v[i], seen);
	}
}

static void
judge_missing(struct check *c, const struct mx_hosts *seen)
{
	struct check_finding *f;
	struct str first;
	size_t i;

	if (seen->missing == 0) {
		(void)check_add(c, "mx.target-missing", CHECK_GOOD, c->domain,
		    "%zu MX host%s", seen->n, seen->n == 1 ? "" : "s");
		return;
	}
	first = seen->gone[0]->data;
	if (seen->missing == seen->n) {
		(void)check_add(c, "mx.target-missing", CHECK_ERROR, first,
		    "no MX host has an address (%.*s ...): no mail arrives",
		    CHECK_FMT(first));
		return;
	}
	f = check_add(c, "mx.target-missing", CHECK_WARN, first,
	    "the MX host %.*s has no address", CHECK_FMT(first));
	for (i = 0; i < seen->missing && i < CHECK_MAX_FIXES; i++) {
		remove_mx(c, f, seen->gone[i]);
	}
}

static void
note_records(struct check *c, const struct dns_answer *mx)
{
	size_t i;

	for (i = 0; i < mx->n && i < CHECK_MAX_MX; i++) {
		check_record(c, c->domain, "MX", mx_text(c,
		    mx->v[i].preference, mx->v[i].data), mx->ttl_s);
	}
}

void
check_mx(struct check *c)
{
	const struct dns_answer *mx = check_ask(c, c->domain, DNS_MX);
	struct mx_hosts seen = { .elsewhere = c->opts.ips_n > 0 };

	if (check_failed(mx)) {
		(void)check_add(c, "mx.lookup", CHECK_UNKNOWN, c->domain,
		    "the MX records could not be looked up: %s",
		    check_why(mx));
		return;
	}
	if (mx->n == 0) {
		judge_without_mx(c, mx);
		return;
	}
	note_records(c, mx);
	if (judge_null_mx(c, mx)) {
		return;
	}
	judge_hosts(c, mx, &seen);
	judge_missing(c, &seen);
	if (seen.elsewhere) {
		(void)check_add(c, "mx.elsewhere", CHECK_INFO, c->domain,
		    "mail for the domain goes to another host than the one "
		    "that sends; that is fine if it is meant");
	}
}
