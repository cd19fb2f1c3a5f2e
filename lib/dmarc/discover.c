/* SPDX-License-Identifier: BSD-2-Clause */
/* The record that applies and what it asks for (RFC 9989 4.7, 4.10.1). */
#include "dmarc/private.h"

static void
conclude(struct dmarc_verdict *v, enum dmarc_result result,
    const char *reason)
{
	v->result = result;
	v->reason = reason;
}

static void
take_record(struct dmarc_verdict *v, const struct dmarc_walk *walk)
{
	v->record = walk->own != NULL ? walk->own : walk->above;
	if (v->record == NULL) {
		conclude(v, walk->failed ? DMARC_TEMPERROR : DMARC_NONE,
		    walk->failed ? "policy lookup failed" : "no policy");
		return;
	}
	v->policy_domain = walk->own != NULL ? walk->name : walk->above_name;
	v->org_domain = walk->org;
	v->testing = v->record->testing;
	switch (v->record->flaw) {
	case DMARC_SOUND:
	case DMARC_AS_NONE:
		v->has_policy = true;
		break;
	case DMARC_BAD_SUBDOMAIN:
		/* RFC 9989 4.10.1: p is well, yet DMARC is not applied. */
		conclude(v, DMARC_NONE, "invalid sp or np and no rua");
		break;
	case DMARC_BAD_POLICY:
		conclude(v, DMARC_PERMERROR, "invalid p and no rua");
		break;
	}
}

/* Whether sp or np applies, not p; np only where RFC 9989 is followed. */
static bool
is_inherited(const struct author *a)
{
	return (a->walk->own == NULL);
}

enum status
author_discover(struct dmarc *d, struct author *a)
{
	struct dmarc_verdict *v = &a->verdict;
	size_t i;

	for (i = 0; i < a->walk->went; i++) {
		a->names[i] = a->walk->v[i].asked;
	}
	v->walk = a->names;
	v->walk_n = a->walk->went;
	take_record(v, a->walk);
	if (v->has_policy && is_inherited(a) && d->walks.psl == NULL &&
	    v->record->np != v->record->sp) {
		/* RFC 9989 3.2.13: any type tells whether the name exists. */
		a->exists = dns_batch_add(d->walks.batch, v->from, DNS_A);
		if (a->exists == NULL) {
			return (STATUS_NOMEM);
		}
	}
	return (STATUS_OK);
}

/* RFC 9989 4.7 t */
static enum dmarc_policy
lowered(enum dmarc_policy policy)
{
	switch (policy) {
	case DMARC_P_REJECT:
		return (DMARC_P_QUARANTINE);
	case DMARC_P_QUARANTINE:
	case DMARC_P_NONE:
		return (DMARC_P_NONE);
	}
	return (DMARC_P_NONE);
}

bool
author_policy(struct author *a)
{
	struct dmarc_verdict *v = &a->verdict;
	bool known = true;

	v->policy = is_inherited(a) ? v->record->sp : v->record->p;
	if (a->exists != NULL) {
		switch (dns_query_answer(a->exists)->result) {
		case DNS_NXDOMAIN:
			v->policy = v->record->np;
			break;
		case DNS_SERVFAIL:
		case DNS_TIMEOUT:
			known = false;
			break;
		case DNS_OK:
		case DNS_NODATA:
		case DNS_BADNAME:
			break;
		}
	}
	v->lowered = v->testing && v->policy != DMARC_P_NONE;
	if (v->lowered) {
		v->policy = lowered(v->policy);
	}
	v->policy_known = known;
	return (known);
}
