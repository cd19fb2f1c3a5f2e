/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fixes of names that are aliases. Invariant: no fix publishes a record beside
 * a CNAME (RFC 1034 3.6.2), nor an MX record that names an alias (RFC 2181
 * 10.3). A record that stands at the alias's end is changed there, by whom the
 * end belongs to; so is one of our own host, and a reverse name (RFC 2317).
 * Else the alias goes, and its addresses become the name's own. What a wildcard
 * makes an alias is none: a record at the name has priority.
 */
#include "check/private.h"
#include "mail/domain.h"

struct str
check_alias_end(struct check *c, struct str name)
{
	const struct dns_answer *cname;
	unsigned i;

	for (i = 0; i < CHECK_MAX_ALIASES; i++) {
		cname = check_ask(c, name, DNS_CNAME);
		if (cname->result != DNS_OK) {
			return (name);
		}
		name = cname->v[0].data;
	}
	return (STR_NONE);
}

static bool
is_by_wildcard(struct check *c, struct str owner)
{
	struct str below = check_text(c, "%.*s.%.*s", STR_FMT(c->probe),
	    STR_FMT(c->domain));
	const struct dns_answer *any, *own;

	if (str_eq(owner, c->domain) || !domain_is_within(owner, c->domain)) {
		return (false);
	}
	any = check_ask(c, below, DNS_CNAME);
	own = check_ask(c, owner, DNS_CNAME);
	return (any->result == DNS_OK && own->result == DNS_OK &&
	    str_eq_ci(any->v[0].data, own->v[0].data));
}

/* Where the fix's alias leads; absent: its owner is none, or has no zone. */
static struct str
alias_of(struct check *c, const struct check_fix *fix)
{
	struct str end;

	if (fix->where == WANTED_AT_POSTFIX) {
		return (STR_NONE);
	}
	end = check_alias_end(c, fix->owner);
	return (end.p == NULL || str_eq_ci(end, fix->owner) ||
	    is_by_wildcard(c, fix->owner) ? STR_NONE : end);
}

/* Whether the record that the fix changes stands at the end. */
static bool
stands_there(struct check *c, const struct check_finding *f,
    const struct check_fix *fix, struct str end)
{
	const struct dns_answer *txt;
	size_t i, j;

	if (fix->remove || fix->where == WANTED_AT_HOSTER ||
	    (check_addresses(c, fix->owner).n > 0 &&
	    check_place(c, end) == WANTED_AT_DNS)) {
		return (true);
	}
	txt = check_ask(c, end, DNS_TXT);
	for (i = 0; i < txt->n && str_eq(str_from(fix->type), STR("TXT"));
	    i++) {
		for (j = 0; j < f->found_n; j++) {
			if (f->found[j].n > 0 && str_starts(txt->v[i].data,
			    f->found[j])) {
				return (true);
			}
		}
	}
	return (false);
}

/* The host of an MX record, unless the name itself gets the record. */
static void
name_host(struct check *c, struct check_fix *fix, bool replaced)
{
	size_t at = str_find(fix->value, ' ') + 1;
	struct str host = str_from_offset(fix->value, at), end;

	if (fix->remove || !str_eq(str_from(fix->type), STR("MX")) ||
	    host.n < 2) {
		return;
	}
	host.n--;		/* the final dot */
	if (replaced && str_eq_ci(host, fix->owner)) {
		return;
	}
	end = check_alias_end(c, host);
	if (end.p != NULL && !str_eq_ci(end, host)) {
		fix->value = check_text(c, "%.*s%.*s.", STR_FMT(str_first(
		    fix->value, at)), STR_FMT(end));
	}
}

static bool
is_replaced(const struct check_finding *f, struct str owner)
{
	size_t i;

	for (i = 0; i < f->fix_n; i++) {
		if (str_eq(str_from(f->fix[i].type), STR("CNAME")) &&
		    str_eq(f->fix[i].owner, owner)) {
			return (true);
		}
	}
	return (false);
}

static void
keep_addresses(struct check *c, struct check_finding *f, struct str owner,
    const struct dns_answer *answer)
{
	struct ip_addr ip;
	size_t i;

	for (i = 0; i < answer->n; i++) {
		ip = (struct ip_addr){ .v6 = answer->v[i].data.n == 16 };
		memcpy(ip.octets, answer->v[i].data.p, answer->v[i].data.n);
		check_fix(f, WANTED_AT_DNS, owner, ip.v6 ? "AAAA" : "A",
		    check_ip_str(c, &ip));
	}
}

/* The addresses and the record in place of the alias. */
static void
replace_alias(struct check *c, struct check_finding *f,
    const struct check_fix *fix)
{
	struct check_addresses a = check_addresses(c, fix->owner);
	const struct dns_answer *cname = check_ask(c, fix->owner, DNS_CNAME);
	bool done = is_replaced(f, fix->owner);

	if (!done && f->fix_n + a.n + 2 > CHECK_MAX_FIXES) {
		return;
	}
	if (!done && cname->result == DNS_OK) {
		check_fix_remove(f, fix->owner, "CNAME", check_text(c, "%.*s.",
		    STR_FMT(cname->v[0].data)));
		keep_addresses(c, f, fix->owner, a.v4);
		keep_addresses(c, f, fix->owner, a.v6);
	}
	check_fix(f, fix->where, fix->owner, fix->type, fix->value);
}

static void
rewrite_fixes(struct check *c, struct check_finding *f)
{
	struct check_fix old[CHECK_MAX_FIXES], *fix;
	size_t n = f->fix_n, i;
	struct str end;
	bool replaced;

	memcpy(old, f->fix, sizeof(old));
	f->fix_n = 0;
	for (i = 0; i < n; i++) {
		fix = &old[i];
		end = alias_of(c, fix);
		replaced = end.p != NULL && !stands_there(c, f, fix, end);
		name_host(c, fix, replaced);
		if (replaced) {
			replace_alias(c, f, fix);
			continue;
		}
		if (end.p != NULL) {
			fix->owner = end;
			fix->where = fix->where == WANTED_AT_HOSTER ?
			    WANTED_AT_HOSTER : check_place(c, end);
		}
		f->fix[f->fix_n++] = *fix;
	}
}

void
check_fix_aliases(struct check *c)
{
	size_t i;

	for (i = 0; i < c->report.n; i++) {
		rewrite_fixes(c, &c->findings[i]);
	}
}
