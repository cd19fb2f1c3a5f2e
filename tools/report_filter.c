/* SPDX-License-Identifier: BSD-2-Clause */
/* report_filter: which reports --domain and --since ask for. */
#include "mail/domain.h"
#include "tools/report.h"

#define ARENA_BYTES	65536

static bool
is_in_domain(const char *name, const char *domain)
{
	struct arena arena;
	struct str normal;
	bool yes;

	arena_init(&arena, ARENA_BYTES);
	yes = domain_normalize(&arena, str_from(name), &normal) ==
	    STATUS_OK && domain_is_within(normal, str_from(domain));
	arena_fini(&arena);
	return (yes);
}

static bool
is_wanted_tls(const struct report_read *o, const struct report_tls *t)
{
	size_t i;

	if (o->since_s != REPORT_TIME_NONE && t->end_s < o->since_s) {
		return (false);
	}
	for (i = 0; o->domain != NULL && i < t->policies_n; i++) {
		if (is_in_domain(t->policies[i].domain, o->domain)) {
			return (true);
		}
	}
	return (o->domain == NULL);
}

bool
report_is_wanted(const struct report_read *o, const struct report *r)
{
	switch (r->kind) {
	case REPORT_AGGREGATE:
		return ((o->since_s == REPORT_TIME_NONE ||
		    r->aggregate.end_s >= o->since_s) && (o->domain == NULL ||
		    is_in_domain(r->aggregate.domain, o->domain)));
	case REPORT_TLS:
		return (is_wanted_tls(o, &r->tls));
	case REPORT_FAILURE:
		break;
	}
	return (o->domain == NULL ||
	    is_in_domain(r->failure.reported_domain, o->domain));
}
