/* SPDX-License-Identifier: BSD-2-Clause */
/* The record that applies and its policy (RFC 9989 4.7, 4.10.1). */
#include "dmarc/private.h"

/* Whether sp or np applies instead of p. */
static bool
is_inherited(const struct author *a)
{
	return (a->walk->own == NULL);
}

enum status
author_discover(struct dmarc *d, struct author *a)
{
	const struct dmarc_walk *walk = a->walk;
	struct dmarc_verdict *v = &a->verdict;
	size_t i;

	for (i = 0; i < walk->went; i++) {
		a->names[i] = walk->v[i].asked;
	}
	v->walk = a->names;
	v->walk_n = walk->went;
	v->record = walk->own != NULL ? walk->own : walk->above;
	if (v->record == NULL) {
		v->result = walk->failed ? DMARC_TEMPERROR : DMARC_NONE;
		v->reason = walk->failed ? "policy lookup failed" :
		    "no policy";
		return (STATUS_OK);
	}
	v->policy_domain = walk->own != NULL ? walk->name : walk->above_name;
	v->org_domain = walk->org;
	v->testing = v->record->testing;
	switch (v->record->flaw) {
	case DMARC_SOUND:
	case DMARC_AS_NONE:
		break;
	case DMARC_BAD_SUBDOMAIN:
		/* RFC 9989 4.10.1: p is valid, but DMARC does not apply. */
		v->result = DMARC_NONE;
		v->reason = "invalid sp or np and no rua";
		return (STATUS_OK);
	case DMARC_BAD_POLICY:
		v->result = DMARC_PERMERROR;
		v->reason = "invalid p and no rua";
		return (STATUS_OK);
	}
	v->has_policy = true;
	if (!is_inherited(a) || d->walks.psl != NULL ||
	    v->record->np == v->record->sp) {
		return (STATUS_OK);
	}
	/* RFC 9989 3.2.13: a query of any type shows whether it exists. */
	a->exists = dns_batch_add(d->walks.batch, v->from, DNS_A);
	return (a->exists != NULL ? STATUS_OK : STATUS_NOMEM);
}

/* RFC 9989 4.7 t=y */
static enum dmarc_policy
lower_policy(enum dmarc_policy policy)
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
		v->policy = lower_policy(v->policy);
	}
	v->policy_known = known;
	return (known);
}
