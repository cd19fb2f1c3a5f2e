/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Block lists (RFC 5782). A list is believed only if its test points are as
 * they should be, and never if it refuses to serve this resolver
 * (127.255.255.0/24): that is the commonest false alarm.
 */
#include "check/private.h"

enum list_state { LIST_FINE, LIST_REFUSES, LIST_UNUSABLE };

struct list {
	struct str	 name;
	enum list_state	 state;
	const char	*why;
};

static bool
is_refusal(const struct dns_record *r)
{
	return (r->data.n == 4 && memcmp(r->data.p, "\x7f\xff\xff", 3) == 0);
}

/* Takes note of an answer of the list; true: a listing. */
static bool
read_answer(struct list *list, const struct dns_answer *answer)
{
	size_t i;

	for (i = 0; i < answer->n; i++) {
		if (is_refusal(&answer->v[i])) {
			list->state = LIST_REFUSES;
			return (false);
		}
	}
	if (list->state == LIST_REFUSES) {
		return (false);
	}
	for (i = 0; i < answer->n; i++) {
		if (answer->v[i].data.n != 4 || answer->v[i].data.p[0] !=
		    0x7f) {
			list->state = LIST_UNUSABLE;
			list->why = "it answers with an address outside "
			    "127.0.0.0/8; the list may be gone";
			return (false);
		}
	}
	if (check_failed(answer)) {
		list->state = LIST_UNUSABLE;
		list->why = check_why(answer);
	}
	return (answer->n > 0);
}

static const struct dns_answer *
ask_list(struct check *c, const struct list *list, const char *what)
{
	struct str owner;

	return (check_ask_below(c, what, list->name, DNS_A, &owner));
}

/* listed, unlisted: the test points of RFC 5782 5. */
static void
test_list(struct check *c, struct list *list, const char *listed,
    const char *unlisted)
{
	const struct dns_answer *yes = ask_list(c, list, listed);
	const struct dns_answer *no = ask_list(c, list, unlisted);
	bool has_yes = read_answer(list, yes), has_no = read_answer(list, no);

	if (list->state != LIST_FINE) {
		return;
	}
	if (!has_yes || has_no) {
		list->state = LIST_UNUSABLE;
		list->why = has_no ? "it lists everything, even the test entry "
		    "that must not be listed" : "its test entry is missing; "
		    "the list may be gone";
	}
}

static void
report_list(struct check *c, const struct list *list)
{
	switch (list->state) {
	case LIST_FINE:
		(void)check_add(c, "dnsbl.listed", CHECK_GOOD, list->name,
		    "the list answers as it should");
		break;
	case LIST_REFUSES:
		(void)check_add(c, "dnsbl.refused", CHECK_UNKNOWN, list->name,
		    "%.*s refuses to serve this resolver (127.255.255.0/24); "
		    "that is not a listing. Ask through a resolver of your own",
		    CHECK_FMT(list->name));
		break;
	case LIST_UNUSABLE:
		(void)check_add(c, "dnsbl.unusable", CHECK_UNKNOWN, list->name,
		    "%.*s cannot be used: %s", CHECK_FMT(list->name),
		    list->why);
		break;
	}
}

/* The labels of an address in a list: octets or nibbles, last one first. */
static struct str
reversed_labels(struct check *c, const struct ip_addr *ip)
{
	static const char v4[] = ".in-addr.arpa", v6[] = ".ip6.arpa";
	char arpa[IP_ARPA_BYTES];
	struct str name;

	ip_arpa(ip, arpa);
	name = str_from(arpa);
	name.n -= ip->v6 ? sizeof(v6) - 1 : sizeof(v4) - 1;
	return (check_text(c, "%.*s", STR_FMT(name)));
}

static void
check_list(struct check *c, struct str name)
{
	struct list list = { .name = name };
	bool listed[CHECK_MAX_IPS];
	size_t i;

	test_list(c, &list, "2.0.0.127", "1.0.0.127");
	for (i = 0; i < c->opts.ips_n; i++) {
		listed[i] = read_answer(&list, ask_list(c, &list,
		    reversed_labels(c, &c->opts.ips[i]).p));
	}
	report_list(c, &list);
	for (i = 0; i < c->opts.ips_n && list.state == LIST_FINE; i++) {
		struct str ip = check_ip_str(c, &c->opts.ips[i]);

		if (!listed[i]) {
			continue;
		}
		(void)check_add(c, "dnsbl.listed", CHECK_ERROR, ip,
		    "%.*s is on the block list %.*s; its web page says why "
		    "and how to be removed", CHECK_FMT(ip), CHECK_FMT(name));
	}
}

static void
check_domain_list(struct check *c, struct str name)
{
	struct list list = { .name = name };
	struct str owner;
	bool listed;

	test_list(c, &list, "test", "invalid");
	owner = check_text(c, "%.*s", STR_FMT(c->domain));
	listed = read_answer(&list, ask_list(c, &list, owner.p));
	report_list(c, &list);
	if (listed && list.state == LIST_FINE) {
		(void)check_add(c, "dnsbl.domain-listed", CHECK_ERROR,
		    c->domain, "%.*s is on the block list %.*s; its web page "
		    "says why and how to be removed", CHECK_FMT(c->domain),
		    CHECK_FMT(name));
	}
}

void
check_dnsbl(struct check *c)
{
	size_t i;

	for (i = 0; c->opts.ips_n > 0 && i < c->opts.dnsbl_n; i++) {
		check_list(c, c->opts.dnsbl[i]);
	}
	for (i = 0; i < c->opts.dnsbl_domain_n; i++) {
		check_domain_list(c, c->opts.dnsbl_domain[i]);
	}
}
