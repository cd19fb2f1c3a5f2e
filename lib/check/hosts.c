/* SPDX-License-Identifier: BSD-2-Clause */
/* The addresses that send: their names, and whether these lead back. */
#include "check/private.h"
#include "iprev/iprev.h"

/* The state of one address; NULL: not known. */
static const struct iprev_verdict *
run_iprev(struct check *c, const struct ip_addr *ip)
{
	struct iprev *iprev = NULL;
	enum status status;
	bool done = false;

	status = iprev_new(&c->memory, c->batch, ip, &iprev);
	if (status == STATUS_OK && c->given_up) {
		iprev_give_up(iprev);
	}
	if (status == STATUS_OK) {
		status = iprev_step(iprev, &done);
	}
	if (status != STATUS_OK) {
		check_note_refusal(c);
		return (NULL);
	}
	c->open |= !done;
	return (done ? iprev_get(iprev) : NULL);
}

/* A HELO name that is no host name is no reverse name either. The name must
   lead back. */
static void
fix_ptr(struct check *c, struct check_finding *f, const struct ip_addr *ip)
{
	struct wanted_about about = check_about(c);

	about.ips = ip;
	about.ips_n = 1;
	about.host = check_name_of(c, ip);
	check_fix_wanted(c, f, WANTED_REVERSE, &about);
	(void)check_fix_addresses(c, f, about.host, ip, 1);
	if (c->facts.helo_fine && !str_eq(about.host, c->opts.helo)) {
		check_fix(f, WANTED_AT_POSTFIX, STR("main.cf"), "myhostname",
		    about.host);
	}
}

/* HELO may be the wrong one of the two. A reverse name must not be an alias
   (RFC 2181 10.2). */
static void
fix_helo(struct check *c, struct check_finding *f, const struct ip_addr *ip)
{
	struct check_addresses a = check_addresses(c, c->opts.helo);
	struct str name = check_good_name(c, ip);

	if (name.p != NULL && (!check_has_address(&a, ip) ||
	    check_ask(c, c->opts.helo, DNS_CNAME)->result == DNS_OK)) {
		check_fix(f, WANTED_AT_POSTFIX, STR("main.cf"), "myhostname",
		    name);
	} else {
		fix_ptr(c, f, ip);
	}
}

/* What the names themselves say. */
static void
judge_names(struct check *c, const struct ip_addr *ip, struct str text,
    const struct dns_answer *ptr)
{
	struct check_finding *f;
	size_t i;

	for (i = 0; i < ptr->n && i < CHECK_MAX_PTR; i++) {
		struct str name = ptr->v[i].data;

		if (!check_name_is_generic(name, ip)) {
			continue;
		}
		f = check_add(c, "ptr.generic", CHECK_WARN, text,
		    "the reverse name of %.*s, %.*s, looks like that of a "
		    "dial-up customer; some receivers refuse such hosts",
		    CHECK_FMT(text), CHECK_FMT(name));
		fix_ptr(c, f, ip);
		break;
	}
	if (ptr->n > 1) {
		f = check_add(c, "ptr.multiple", CHECK_INFO, text,
		    "%.*s has %zu reverse names; one is enough, and some "
		    "receivers look at one only", CHECK_FMT(text), ptr->n);
		for (i = 0; i < ptr->n && i < CHECK_MAX_FOUND; i++) {
			check_found(c, f, ptr->v[i].data);
		}
	}
}

static void
judge_helo(struct check *c, const struct ip_addr *ip, struct str text,
    const struct dns_answer *ptr)
{
	struct check_finding *f;
	size_t i;

	if (!c->facts.helo_fine) {
		return;
	}
	for (i = 0; i < ptr->n; i++) {
		if (str_eq_ci(ptr->v[i].data, c->opts.helo)) {
			return;
		}
	}
	f = check_add(c, "ptr.helo-mismatch", CHECK_WARN, text,
	    "the reverse name of %.*s is %.*s, but the host says HELO %.*s; "
	    "the same name in both places is trusted more", CHECK_FMT(text),
	    CHECK_FMT(ptr->v[0].data), CHECK_FMT(c->opts.helo));
	fix_helo(c, f, ip);
}

static void
judge_confirmation(struct check *c, const struct ip_addr *ip, struct str text,
    const struct dns_answer *ptr)
{
	const struct iprev_verdict *v = run_iprev(c, ip);
	struct check_finding *f;

	/* Without memory the machine may have names and this function none. */
	if (v == NULL || (ptr->n == 0 && (v->result == IPREV_PASS ||
	    v->result == IPREV_FAIL))) {
		return;
	}
	switch (v->result) {
	case IPREV_PASS:
		(void)check_add(c, "ptr.unconfirmed", CHECK_GOOD, text,
		    "%.*s is %.*s, and back", CHECK_FMT(text),
		    CHECK_FMT(v->name));
		judge_helo(c, ip, text, ptr);
		break;
	case IPREV_FAIL:
		f = check_add(c, "ptr.unconfirmed", CHECK_ERROR, text,
		    "the reverse name of %.*s, %.*s, does not lead back to "
		    "it; large receivers refuse such hosts", CHECK_FMT(text),
		    CHECK_FMT(ptr->v[0].data));
		check_found(c, f, ptr->v[0].data);
		fix_ptr(c, f, ip);
		break;
	case IPREV_TEMPERROR:
		(void)check_add(c, "ptr.lookup", CHECK_UNKNOWN, text,
		    "the reverse name of %.*s could not be checked: %s",
		    CHECK_FMT(text), v->reason);
		break;
	case IPREV_PERMERROR:
		f = check_add(c, "ptr.missing", CHECK_ERROR, text,
		    "%.*s has no reverse name; large receivers refuse its "
		    "mail (550 5.7.25)", CHECK_FMT(text));
		fix_ptr(c, f, ip);
		break;
	}
}

void
check_hosts(struct check *c)
{
	const struct dns_answer *ptr;
	char arpa[IP_ARPA_BYTES];
	struct str text;
	size_t i, j;

	for (i = 0; i < c->opts.ips_n; i++) {
		const struct ip_addr *ip = &c->opts.ips[i];

		text = check_ip_str(c, ip);
		if (check_ip_is_private(ip)) {
			(void)check_add(c, "ip.private", CHECK_ERROR, text,
			    "%.*s is a private address, which no receiver "
			    "sees. Behind NAT name the outer one with --ip",
			    CHECK_FMT(text));
			continue;
		}
		ip_arpa(ip, arpa);
		ptr = check_ask(c, str_from(arpa), DNS_PTR);
		for (j = 0; j < ptr->n && j < CHECK_MAX_PTR; j++) {
			check_record(c, check_text(c, "%s", arpa), "PTR",
			    ptr->v[j].data, ptr->ttl_s);
		}
		judge_names(c, ip, text, ptr);
		judge_confirmation(c, ip, text, ptr);
	}
}
