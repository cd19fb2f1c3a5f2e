/* SPDX-License-Identifier: BSD-2-Clause */
/* What to change, ready to paste; new records are those of wanted/wanted.h. */
#include "check/private.h"
#include "mail/domain.h"

void
check_fix(struct check_finding *f, enum wanted_place where, struct str owner,
    const char *type, struct str value)
{
	if (f->fix_n < CHECK_MAX_FIXES && value.p != NULL) {
		f->fix[f->fix_n++] = (struct check_fix){ where, owner, type,
			value, false };
	}
}

void
check_fix_remove(struct check_finding *f, struct str owner, const char *type,
    struct str value)
{
	if (f->fix_n < CHECK_MAX_FIXES) {
		f->fix[f->fix_n++] = (struct check_fix){ WANTED_AT_DNS, owner,
			type, value, true };
	}
}

/* Without private addresses, which do not belong into any record. */
static struct ip_addr *
public_ips(struct check *c, size_t *n_r)
{
	struct ip_addr *v = arena_calloc(&c->memory, CHECK_MAX_IPS,
	    sizeof(*v));
	size_t i;

	*n_r = 0;
	if (v == NULL) {
		c->status = STATUS_NOMEM;
	}
	for (i = 0; v != NULL && i < c->opts.ips_n; i++) {
		if (!check_ip_is_private(&c->opts.ips[i])) {
			v[(*n_r)++] = c->opts.ips[i];
		}
	}
	return (v);
}

struct wanted_about
check_about(struct check *c)
{
	struct wanted_about about = { .domain = c->domain,
		.host = c->opts.helo, .parked = c->facts.parked,
		.now_s = c->now_s };

	about.ips = public_ips(c, &about.ips_n);
	return (about);
}

void
check_fix_wanted(struct check *c, struct check_finding *f, enum wanted wanted,
    const struct wanted_about *about)
{
	struct wanted_record record;

	if (wanted_make(&c->memory, wanted, about, &record) != STATUS_OK) {
		c->status = STATUS_NOMEM;
		return;
	}
	check_fix(f, record.place, record.owner, record.type, record.value);
}

enum wanted_place
check_place(const struct check *c, struct str owner)
{
	struct str parent = domain_parent(c->domain);

	return (domain_is_within(owner, c->domain) ||
	    domain_is_within(c->domain, owner) || (domain_labels(parent) > 1 &&
	    domain_is_within(owner, parent)) || (c->opts.mail_from.p != NULL &&
	    domain_is_within(owner, c->opts.mail_from)) ? WANTED_AT_DNS :
	    WANTED_AT_PROVIDER);
}

static void
fix_address(struct check *c, struct check_finding *f, struct str host,
    const struct ip_addr *ip)
{
	const struct wanted_about about = { .host = host, .ips = ip,
		.ips_n = 1 };
	struct wanted_record record;

	if (wanted_make(&c->memory, WANTED_HOST_ADDRESS, &about, &record) !=
	    STATUS_OK) {
		c->status = STATUS_NOMEM;
		return;
	}
	check_fix(f, check_place(c, host), record.owner, record.type,
	    record.value);
}

bool
check_fix_addresses(struct check *c, struct check_finding *f, struct str host,
    const struct ip_addr *ips, size_t n)
{
	struct check_addresses a = check_addresses(c, host);
	bool has = a.n > 0;
	size_t i;

	for (i = 0; i < n && !a.failed; i++) {
		if (!check_ip_is_private(&ips[i]) &&
		    !check_has_address(&a, &ips[i])) {
			fix_address(c, f, host, &ips[i]);
			has = true;
		}
	}
	return (has);
}

/* Whether the name leads to all addresses that send. */
static bool
leads_to_all(struct check *c, struct str name)
{
	struct check_addresses a = check_addresses(c, name);
	size_t i;

	for (i = 0; i < c->opts.ips_n; i++) {
		if (!check_has_address(&a, &c->opts.ips[i])) {
			return (false);
		}
	}
	return (true);
}

struct str
check_name_of(struct check *c, const struct ip_addr *ip)
{
	const struct wanted_about about = { .domain = c->domain };
	struct str usual = wanted_host(&c->memory, &about);
	struct check_addresses helo, a;

	if (usual.p == NULL) {
		c->status = STATUS_NOMEM;
		return (c->domain);
	}
	if (!c->facts.helo_fine) {
		return (usual);
	}
	helo = check_addresses(c, c->opts.helo);
	a = check_addresses(c, usual);
	return (!check_has_address(&helo, ip) && check_has_address(&a, ip) ?
	    usual : c->opts.helo);
}

struct str
check_good_name(struct check *c, const struct ip_addr *ip)
{
	const struct dns_answer *ptr;
	char arpa[IP_ARPA_BYTES];
	size_t i;

	ip_arpa(ip, arpa);
	ptr = check_ask(c, str_from(arpa), DNS_PTR);
	for (i = 0; i < ptr->n && i < CHECK_MAX_PTR_TRIED; i++) {
		struct str name = ptr->v[i].data;

		if (check_is_host_name(name) && !check_name_is_generic(name,
		    ip) && leads_to_all(c, name)) {
			return (name);
		}
	}
	return (STR_NONE);
}

void
check_fix_host(struct check *c, struct check_finding *f)
{
	const struct wanted_about about = { .domain = c->domain };
	struct str name = STR_NONE;
	size_t i;

	for (i = 0; i < c->opts.ips_n && name.p == NULL; i++) {
		name = check_good_name(c, &c->opts.ips[i]);
	}
	if (name.p != NULL) {
		check_fix(f, WANTED_AT_POSTFIX, STR("main.cf"), "myhostname",
		    name);
		return;
	}
	name = wanted_host(&c->memory, &about);
	if (name.p == NULL) {
		c->status = STATUS_NOMEM;
		return;
	}
	check_fix(f, WANTED_AT_POSTFIX, STR("main.cf"), "myhostname", name);
	(void)check_fix_addresses(c, f, name, c->opts.ips, c->opts.ips_n);
}
