/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "mail/domain.h"
#include "tools/check_servers.h"

#define SERVERS_ARENA_BYTES	((size_t)64 * 1024 * 1024)
#define DNS_PORT		53
#define MAX_LAME		8	/* servers that are named */

struct told {			/* what was said of a zone's servers */
	struct str	lame[MAX_LAME];
	size_t		n;
};

bool
check_servers_open(struct check_servers *s, const struct check_args *args,
    struct dns *dns, const struct env *env)
{
	struct diag diag;

	*s = (struct check_servers){ .args = args, .dns = dns };
	arena_init(&s->arena, SERVERS_ARENA_BYTES);
	diag_init(&diag);
	dns_opts_init(&s->opts);
	s->opts.env = env;
	s->opts.nameservers = args->dns.nameservers;
	s->opts.nameservers_n = args->dns.nameservers_n;
	s->opts.timeout_us = cli_dns_timeout_us(&args->dns);
	if (authority_new(&s->opts, args->authority_port != 0 ?
	    (unsigned)args->authority_port : DNS_PORT, &s->authority,
	    &diag) == STATUS_OK) {
		return (true);
	}
	(void)cli_fail("DNS: %s", diag.text);
	return (false);
}

void
check_servers_close(struct check_servers *s)
{
	authority_free(s->authority);
	arena_fini(&s->arena);
}

static struct check_finding *
make_finding(struct check_servers *s, const char *id,
    enum check_severity severity, struct str subject, struct str text)
{
	return (check_finding_make(&s->arena, id, severity, subject, text));
}

static bool
add_finding(struct check_servers *s, struct check_shown *shown,
    const struct check_finding *f)
{
	if (f != NULL) {
		check_show(s->args, shown, f);
	}
	return (f != NULL);
}

static int
compare_texts(const void *a, const void *b)
{
	return (str_cmp(*(const struct str *)a, *(const struct str *)b));
}

static bool
has_answer(const struct authority_answer *a)
{
	return (a->result == DNS_OK || a->result == DNS_NODATA ||
	    a->result == DNS_NXDOMAIN);
}

/* Whether both have the same records, in any order. */
static bool
is_same(struct authority_answer *a, struct authority_answer *b)
{
	size_t i;

	if (a->n != b->n) {
		return (false);
	}
	if (a->n > 1) {
		qsort(a->v, a->n, sizeof(*a->v), compare_texts);
		qsort(b->v, b->n, sizeof(*b->v), compare_texts);
	}
	for (i = 0; i < a->n; i++) {
		if (!str_eq(a->v[i], b->v[i])) {
			return (false);
		}
	}
	return (true);
}

/* "ns1.example: v=spf1 ..." */
static void
quote_answer(struct check_servers *s, struct check_finding *f,
    struct str who, const struct authority_answer *a)
{
	struct str text = arena_printf(&s->arena, "%.*s: %.*s%s", STR_FMT(who),
	    STR_FMT(a->n > 0 ? a->v[0] : STR("no record")), a->n > 1 ?
	    " ..." : "");

	if (f != NULL && text.p != NULL && f->found_n < CHECK_MAX_FOUND) {
		f->found[f->found_n++] = str_first(text,
		    CHECK_QUOTE_MAX_BYTES);
	}
}

static bool
report_lame(struct check_servers *s, struct check_shown *shown,
    struct told *told, struct str server, const struct authority_answer *a)
{
	if (str_list_has_ci(told->lame, told->n, server) ||
	    told->n == MAX_LAME) {
		return (true);
	}
	told->lame[told->n++] = server;
	return (add_finding(s, shown, make_finding(s, "dns.lame", CHECK_WARN,
	    server, arena_printf(&s->arena, "the name server %.*s %s",
	    STR_FMT(server), a->result == DNS_TIMEOUT ? "does not answer" :
	    "answers with an error"))));
}

static bool
report_difference(struct check_servers *s, struct check_shown *shown,
    struct str name, struct str first, const struct authority_answer *a,
    struct str other, const struct authority_answer *b)
{
	struct check_finding *f = make_finding(s, "dns.inconsistent",
	    CHECK_WARN, name, arena_printf(&s->arena, "the name servers do not "
	    "agree about %.*s: a change is on its way, or a secondary does not "
	    "follow", STR_FMT(name)));

	quote_answer(s, f, first, a);
	quote_answer(s, f, other, b);
	return (add_finding(s, shown, f));
}

/* The resolver may still have an older answer. */
static bool
compare_resolver(struct check_servers *s, struct check_shown *shown,
    struct str name, struct str server, struct authority_answer *a)
{
	struct authority_answer cached;
	struct check_finding *f;

	if (authority_ask_dns(s->dns, &s->opts, &s->arena, name, &cached) !=
	    STATUS_OK) {
		return (false);
	}
	if (!has_answer(&cached) || is_same(&cached, a)) {
		return (true);
	}
	f = make_finding(s, "dns.resolver", CHECK_INFO, name, arena_printf(
	    &s->arena, "the resolver does not say of %.*s what the name "
	    "servers do: it may have an older answer in its cache, or it is "
	    "not honest", STR_FMT(name)));
	quote_answer(s, f, STR("resolver"), &cached);
	quote_answer(s, f, server, a);
	return (add_finding(s, shown, f));
}

/* Asks every address of every server. False: no memory. */
static bool
ask_servers(struct check_servers *s, struct check_shown *shown,
    struct told *told, struct str name, struct str target,
    const struct authority_zone *zone)
{
	struct authority_answer first = { .n = 0 }, answer;
	const struct authority_server *one = NULL;
	bool differs = false, ok = true;
	size_t i, j;

	for (i = 0; i < zone->n && ok; i++) {
		for (j = 0; j < zone->v[i]->n && ok; j++) {
			if (authority_ask(s->authority, &s->arena, target,
			    zone->v[i]->addresses[j], &answer) != STATUS_OK) {
				return (false);
			}
			if (!has_answer(&answer)) {
				ok = report_lame(s, shown, told,
				    zone->v[i]->name, &answer);
			} else if (one == NULL) {
				one = zone->v[i];
				first = answer;
			} else if (!differs && !is_same(&first, &answer)) {
				differs = true;
				ok = report_difference(s, shown, name,
				    one->name, &first, zone->v[i]->name,
				    &answer);
			}
		}
	}
	return (ok && (one == NULL || differs ||
	    compare_resolver(s, shown, name, one->name, &first)));
}

static bool
check_name(struct check_servers *s, struct check_shown *shown,
    struct told *told, struct str name)
{
	const struct authority_zone *zone;
	struct str target;
	enum status status;
	struct diag diag;

	diag_init(&diag);
	status = authority_find(s->authority, &s->arena, name, &target, &zone,
	    &diag);
	if (status == STATUS_NOMEM) {
		return (false);
	}
	if (status != STATUS_OK) {
		return (add_finding(s, shown, make_finding(s, "dns.lookup",
		    CHECK_UNKNOWN, name, arena_printf(&s->arena, "the name "
		    "servers of %.*s could not be found: %s", STR_FMT(name),
		    diag.text))));
	}
	return (ask_servers(s, shown, told, name, target, zone));
}

bool
check_servers_report(struct check_servers *s, struct check_shown *shown)
{
	struct str domain = shown->report->domain, name;
	const struct check_opts *o = shown->opts;
	struct told told = { .n = 0 };
	bool ok;
	size_t i;

	name = arena_printf(&s->arena, "_dmarc.%.*s", STR_FMT(domain));
	ok = name.p != NULL && check_name(s, shown, &told, domain) &&
	    check_name(s, shown, &told, name);
	for (i = 0; i < o->selectors_n && ok; i++) {
		name = domain_key_name(&s->arena, o->selectors[i].name,
		    domain);
		ok = name.p != NULL && check_name(s, shown, &told, name);
	}
	return (ok);
}
