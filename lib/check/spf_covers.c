/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a record that is not published yet lets an address send: by ip4, ip6,
 * a and mx, without macros. What depends on other records (include, exists,
 * redirect) does not count, so that the answer may be no where it is yes: then
 * the record gets a term more than it needs, which does no harm.
 */
#include "check/private.h"
#include "mail/domain.h"
#include "spf/record.h"

static bool
covers_by_name(struct check *c, struct str name, const struct spf_term *term,
    const struct ip_addr *ip)
{
	const struct dns_answer *answer = check_ask(c, name, ip->v6 ?
	    DNS_AAAA : DNS_A);
	size_t i, octets = ip->v6 ? 16 : 4;

	for (i = 0; i < answer->n; i++) {
		if (answer->v[i].data.n == octets && ip_match(ip,
		    answer->v[i].data.p, ip->v6 ? term->bits6 :
		    term->bits4)) {
			return (true);
		}
	}
	return (false);
}

static bool
covers_by_mx(struct check *c, struct str name, const struct spf_term *term,
    const struct ip_addr *ip)
{
	const struct dns_answer *mx = check_ask(c, name, DNS_MX);
	size_t i;

	for (i = 0; i < mx->n && mx->n <= SPF_MAX_MX_NAMES; i++) {
		if (mx->v[i].data.n > 0 && covers_by_name(c,
		    mx->v[i].data, term, ip)) {
			return (true);
		}
	}
	return (false);
}

static bool
term_covers(struct check *c, struct str domain, const struct spf_term *term,
    const struct ip_addr *ip)
{
	struct str name = term->spec.text.p != NULL ? term->spec.text :
	    domain;

	if (str_find(name, '%') < name.n || domain_normalize(&c->memory, name,
	    &name) != STATUS_OK) {
		return (false);
	}
	switch (term->mechanism) {
	case SPF_IP4:
		return (!ip->v6 && ip_match(ip, term->octets, term->bits4));
	case SPF_IP6:
		return (ip->v6 && ip_match(ip, term->octets, term->bits6));
	case SPF_A:
		return (covers_by_name(c, name, term, ip));
	case SPF_MX:
		return (covers_by_mx(c, name, term, ip));
	case SPF_ALL:
	case SPF_INCLUDE:
	case SPF_PTR:
	case SPF_EXISTS:
		break;
	}
	return (false);
}

bool
check_spf_covers(struct check *c, struct str domain, struct str text,
    const struct ip_addr *ip)
{
	struct spf_record record;
	bool covers = false;
	size_t i;

	if (spf_record_parse(text, &record) != STATUS_OK) {
		c->status = STATUS_NOMEM;
		return (false);
	}
	for (i = 0; i < record.n && record.error == NULL && !covers; i++) {
		covers = term_covers(c, domain, &record.v[i], ip);
		if (covers && record.v[i].result != SPF_PASS) {
			covers = false;
			break;
		}
	}
	spf_record_fini(&record);
	return (covers);
}

struct str
check_spf_complete(struct check *c, struct str domain, struct str text,
    bool policy)
{
	struct str sender = c->opts.mail_from.p != NULL ? c->opts.mail_from :
	    c->domain;
	size_t i;

	for (i = 0; text.p != NULL && i < c->opts.ips_n &&
	    (policy || str_eq(domain, sender)); i++) {
		if (!check_ip_is_private(&c->opts.ips[i]) &&
		    !check_spf_covers(c, domain, text, &c->opts.ips[i])) {
			text = check_spf_add(c, text, &c->opts.ips[i]);
		}
	}
	return (text);
}
