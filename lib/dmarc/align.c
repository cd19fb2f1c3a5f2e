/* SPDX-License-Identifier: BSD-2-Clause */
/* Identifier alignment (RFC 9989 4.4, 4.10.2). */
#include "dmarc/private.h"
#include "mail/domain.h"

enum alignment { ALIGNED_NO, ALIGNED_YES, ALIGNED_UNKNOWN };

static struct str
last_label(struct str name)
{
	size_t dot = str_rfind(name, '.');

	return (dot == name.n ? name : str_from_offset(name, dot + 1));
}

/*
 * Whether a lookup is needed to decide alignment; if not, sets *alignment_r.
 * An organisational domain is a suffix of the name, so that only names within
 * the author's organisational domain can share it.
 */
static bool
needs_lookup(const struct author *a, struct str domain, bool strict,
    enum alignment *alignment_r)
{
	const struct str from = a->verdict.from, org = a->walk->org;

	*alignment_r = ALIGNED_NO;
	if (str_eq(domain, from)) {
		*alignment_r = ALIGNED_YES;
		return (false);
	}
	if (strict || domain.n == 0) {
		return (false);
	}
	if (org.p == NULL && a->walk->floor.p != NULL &&
	    domain_is_within(domain, a->walk->floor)) {
		return (true);
	}
	if (org.p == NULL) {
		if (str_eq(last_label(domain), last_label(from))) {
			*alignment_r = ALIGNED_UNKNOWN;
		}
		return (false);
	}
	if (str_eq(domain, org)) {
		/* Its own walk gives the same organisational domain. */
		*alignment_r = ALIGNED_YES;
		return (false);
	}
	return (domain_is_within(domain, org));
}

/* Whether a signature passes for the author domain itself. */
static bool
dkim_is_settled(const struct dmarc *d, const struct author *a)
{
	size_t i;

	for (i = 0; i < d->dkim_n; i++) {
		if (d->dkim[i].result == DMARC_AUTH_PASS &&
		    str_eq(d->dkim[i].domain, a->verdict.from)) {
			return (true);
		}
	}
	return (false);
}

static enum status
query_identifier(struct dmarc *d, const struct author *a,
    const struct dmarc_identifier *id, bool strict)
{
	enum alignment alignment;
	struct dmarc_walk *walk;

	if (id->result == DMARC_AUTH_NOT || d->walks.psl != NULL ||
	    !needs_lookup(a, id->domain, strict, &alignment) ||
	    dmarc_walks_find(&d->walks, id->domain) != NULL ||
	    d->lookups == DMARC_MAX_LOOKUPS) {
		return (STATUS_OK);
	}
	d->lookups++;
	return (dmarc_walks_start(&d->walks, id->domain, &walk));
}

/* The walk as if the answers that are missing had failed. */
static enum status
probe_walk(const struct dmarc *d, const struct dmarc_walk *walk,
    struct dmarc_walk *probe_r)
{
	*probe_r = *walk;
	probe_r->given_up = true;
	return (dmarc_walk_read(&d->walks, probe_r));
}

/* *settled_r: the identifier passed, and is aligned whatever is missing. */
static enum status
probe_identifier(const struct dmarc *d, const struct author *a,
    const struct dmarc_walk *own, const struct dmarc_identifier *id,
    bool strict, bool *settled_r)
{
	struct dmarc_walk *walk, probe;
	enum status status;

	*settled_r = false;
	if (id->result != DMARC_AUTH_PASS) {
		return (STATUS_OK);
	}
	*settled_r = str_eq(id->domain, a->verdict.from);
	walk = dmarc_walks_find(&d->walks, id->domain);
	if (*settled_r || strict || walk == NULL) {
		return (STATUS_OK);
	}
	status = probe_walk(d, walk, &probe);
	if (status == STATUS_OK && dmarc_walks_meet(own, &probe)) {
		walk->given_up = true;
		*settled_r = true;
	}
	return (status);
}

enum status
author_settle(struct dmarc *d, struct author *a, bool *settled_r)
{
	const struct dmarc_record *record;
	struct dmarc_walk own;
	enum status status;
	size_t i;

	*settled_r = false;
	status = probe_walk(d, a->walk, &own);
	record = own.own;
	if (status != STATUS_OK || record == NULL ||
	    record->flaw != DMARC_SOUND) {
		return (status);
	}
	status = probe_identifier(d, a, &own, &d->spf, record->aspf_strict,
	    settled_r);
	for (i = 0; i < d->dkim_n && status == STATUS_OK && !*settled_r; i++) {
		status = probe_identifier(d, a, &own, &d->dkim[i],
		    record->adkim_strict, settled_r);
	}
	if (*settled_r) {
		a->walk->given_up = true;
	}
	return (status);
}

bool
author_cannot_fail(const struct dmarc *d, const struct author *a)
{
	return (dkim_is_settled(d, a) ||
	    (d->spf.result == DMARC_AUTH_PASS &&
	    str_eq(d->spf.domain, a->verdict.from)));
}

enum status
author_query_identifiers(struct dmarc *d, struct author *a)
{
	const struct dmarc_record *record = a->verdict.record;
	enum status status;
	size_t i;

	status = query_identifier(d, a, &d->spf, record->aspf_strict);
	if (status != STATUS_OK || dkim_is_settled(d, a)) {
		return (status);
	}
	for (i = 0; i < d->dkim_n; i++) {
		status = query_identifier(d, a, &d->dkim[i],
		    record->adkim_strict);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	return (STATUS_OK);
}

/* Decides alignment by the organisational domains. */
static enum status
compare_org_domains(struct dmarc *d, const struct author *a,
    struct str domain, enum alignment *r, bool *open_r)
{
	struct dmarc_walk *walk;
	enum status status;

	if (d->walks.psl != NULL) {
		*r = str_eq(dmarc_psl_org(d->walks.psl, domain),
		    a->walk->org) ? ALIGNED_YES : ALIGNED_NO;
		return (STATUS_OK);
	}
	walk = dmarc_walks_find(&d->walks, domain);
	if (walk == NULL) {
		*r = ALIGNED_NO;
		return (STATUS_OK);
	}
	status = dmarc_walk_read(&d->walks, walk);
	if (status != STATUS_OK) {
		return (status);
	}
	*open_r |= !walk->read;
	if (!walk->read || dmarc_walks_meet(walk, a->walk)) {
		*r = walk->read ? ALIGNED_YES : ALIGNED_UNKNOWN;
	} else if (walk->org.p == NULL || a->walk->org.p == NULL) {
		*r = ALIGNED_UNKNOWN;
	} else {
		*r = str_eq(walk->org, a->walk->org) ? ALIGNED_YES :
		    ALIGNED_NO;
	}
	return (STATUS_OK);
}

/*
 * Sets *aligned_r if the identifier passed and is aligned, *reason_r if it
 * may have passed and be aligned.
 */
static enum status
align_identifier(struct dmarc *d, const struct author *a,
    const struct dmarc_identifier *id, bool strict, bool *aligned_r,
    const char **reason_r, bool *open_r)
{
	enum alignment alignment;
	enum status status;

	if (id->result == DMARC_AUTH_NOT) {
		return (STATUS_OK);
	}
	if (needs_lookup(a, id->domain, strict, &alignment)) {
		status = compare_org_domains(d, a, id->domain, &alignment,
		    open_r);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	if (alignment == ALIGNED_NO) {
		return (STATUS_OK);
	}
	if (id->result == DMARC_AUTH_TEMPERROR) {
		*reason_r = "an aligned check had a temporary error";
	} else if (alignment == ALIGNED_UNKNOWN) {
		*reason_r = "alignment lookup failed";
	} else {
		*aligned_r = true;
	}
	return (STATUS_OK);
}

enum status
author_align(struct dmarc *d, struct author *a, const char **reason_r,
    bool *open_r)
{
	struct dmarc_verdict *v = &a->verdict;
	enum status status;
	size_t i;

	*reason_r = NULL;
	v->dkim_aligned = dkim_is_settled(d, a);
	status = align_identifier(d, a, &d->spf, v->record->aspf_strict,
	    &v->spf_aligned, reason_r, open_r);
	if (status != STATUS_OK) {
		return (status);
	}
	for (i = 0; i < d->dkim_n && !v->dkim_aligned; i++) {
		status = align_identifier(d, a, &d->dkim[i],
		    v->record->adkim_strict, &v->dkim_aligned, reason_r,
		    open_r);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	return (STATUS_OK);
}
