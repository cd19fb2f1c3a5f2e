/* SPDX-License-Identifier: BSD-2-Clause */
#include "dmarc/private.h"
#include "mail/domain.h"

/* dmarc_expect looks up domains that share this many labels with an author. */
#define EXPECT_LABELS	2

const char *
dmarc_result_name(enum dmarc_result result)
{
	switch (result) {
	case DMARC_NONE:
		return ("none");
	case DMARC_PASS:
		return ("pass");
	case DMARC_FAIL:
		return ("fail");
	case DMARC_TEMPERROR:
		return ("temperror");
	case DMARC_PERMERROR:
		return ("permerror");
	}
	return ("permerror");
}

static bool
is_known(const struct dmarc *d, struct str name)
{
	size_t i;

	for (i = 0; i < d->authors_n; i++) {
		if (str_eq(d->authors[i].verdict.from, name)) {
			return (true);
		}
	}
	return (false);
}

/* Adds an author domain that cannot be looked up. */
static void
add_refused(struct dmarc *d, struct str from, const char *reason)
{
	d->authors[d->authors_n++].verdict = (struct dmarc_verdict){
		.result = DMARC_PERMERROR, .reason = reason, .from = from };
}

static enum status
add_author(struct dmarc *d, struct str name)
{
	struct author *a = &d->authors[d->authors_n];
	enum status status;
	struct str from;

	status = domain_normalize(d->arena, name, &from);
	if (status == STATUS_SYNTAX) {
		add_refused(d, name, "invalid author domain");
		return (STATUS_OK);
	}
	if (status != STATUS_OK || is_known(d, from)) {
		return (status);
	}
	if (d->authors_n == DMARC_MAX_AUTHORS) {
		add_refused(d, from, "too many author domains");
		return (STATUS_OK);
	}
	d->authors_n++;
	a->verdict.from = from;
	a->verdict.psl = d->walks.psl != NULL;
	return (dmarc_walks_start(&d->walks, from, &a->walk));
}

enum status
dmarc_new(struct arena *arena, struct dns_batch *batch,
    const struct dmarc_opts *opts, const struct str *authors, size_t n,
    struct dmarc **r)
{
	struct dmarc *d = arena_alloc(arena, sizeof(*d));
	enum status status;
	size_t i;

	*r = NULL;
	if (d == NULL) {
		return (STATUS_NOMEM);
	}
	d->arena = arena;
	d->authors = arena_calloc(arena, DMARC_MAX_AUTHORS + 1,
	    sizeof(*d->authors));
	if (d->authors == NULL) {
		return (STATUS_NOMEM);
	}
	dmarc_walks_init(&d->walks, arena, batch, opts->psl,
	    opts->suffixes);
	for (i = 0; i < n && d->authors_n <= DMARC_MAX_AUTHORS; i++) {
		status = add_author(d, authors[i]);
		if (status != STATUS_OK) {
			return (status);
		}
		if (i + opts->doubtful_n < n) {
			d->certain_n = d->authors_n;
		}
	}
	if (n == 0) {
		add_refused(d, STR_NONE, "no author domain");
	}
	*r = d;
	return (STATUS_OK);
}

static bool
share_labels(struct str a, struct str b)
{
	while (domain_labels(a) > EXPECT_LABELS) {
		a = domain_parent(a);
	}
	return (domain_is_within(b, a));
}

enum status
dmarc_expect(struct dmarc *d, struct str domain)
{
	enum status status;
	struct dmarc_walk *walk;
	struct str name;
	size_t i;

	status = domain_normalize(d->arena, domain, &name);
	if (status == STATUS_SYNTAX || d->walks.psl != NULL ||
	    d->expected == DMARC_MAX_LOOKUPS) {
		return (STATUS_OK);
	}
	if (status != STATUS_OK || dmarc_walks_find(&d->walks, name) != NULL) {
		return (status);
	}
	for (i = 0; i < d->authors_n; i++) {
		if (d->authors[i].walk != NULL &&
		    share_labels(d->authors[i].verdict.from, name)) {
			d->expected++;
			return (dmarc_walks_start(&d->walks, name, &walk));
		}
	}
	return (STATUS_OK);
}

/* Normalises an identifier. One with an invalid name cannot be aligned. */
static enum status
take_identifier(struct dmarc *d, const struct dmarc_identifier *from,
    struct dmarc_identifier *r)
{
	enum status status;

	*r = *from;
	status = domain_normalize(d->arena, from->domain, &r->domain);
	if (status == STATUS_SYNTAX) {
		r->result = DMARC_AUTH_NOT;
		return (STATUS_OK);
	}
	return (status);
}

enum status
dmarc_authenticated(struct dmarc *d, const struct dmarc_identifier *spf,
    const struct dmarc_identifier *dkim, size_t dkim_n)
{
	enum status status;
	size_t i;

	d->authenticated = true;
	d->dkim = arena_calloc(d->arena, dkim_n, sizeof(*d->dkim));
	if (d->dkim == NULL) {
		return (STATUS_NOMEM);
	}
	if (spf != NULL) {
		status = take_identifier(d, spf, &d->spf);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	for (i = 0; i < dkim_n; i++) {
		status = take_identifier(d, &dkim[i], &d->dkim[i]);
		if (status != STATUS_OK) {
			return (status);
		}
		d->dkim_n++;
	}
	return (STATUS_OK);
}

/* *open_r: an answer is missing, and it can change the verdict. */
static enum status
read_walk(struct dmarc *d, struct author *a, bool *open_r)
{
	enum status status = dmarc_walk_read(&d->walks, a->walk);
	bool settled = false;

	if (status == STATUS_OK && !a->walk->read && d->authenticated &&
	    d->walks.psl == NULL) {
		status = author_settle(d, a, &settled);
		if (status == STATUS_OK && settled) {
			status = dmarc_walk_read(&d->walks, a->walk);
		}
	}
	*open_r |= !a->walk->read;
	return (status);
}

/* Determines the policy of every author once all walks are read. */
static enum status
discover_policies(struct dmarc *d)
{
	enum status status;
	bool open = false;
	size_t i;

	for (i = 0; i < d->authors_n; i++) {
		if (d->authors[i].walk == NULL) {
			continue;
		}
		status = read_walk(d, &d->authors[i], &open);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	if (open) {
		return (STATUS_OK);
	}
	for (i = 0; i < d->authors_n; i++) {
		if (d->authors[i].walk == NULL) {
			continue;
		}
		status = author_discover(d, &d->authors[i]);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	d->stage = STAGE_IDENTIFIERS;
	return (STATUS_OK);
}

static enum status
query_identifiers(struct dmarc *d)
{
	enum status status;
	size_t i;

	for (i = 0; i < d->authors_n; i++) {
		if (!d->authors[i].verdict.has_policy) {
			continue;
		}
		status = author_query_identifiers(d, &d->authors[i]);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	d->stage = STAGE_ALIGNMENT;
	return (STATUS_OK);
}

static bool
existence_is_open(const struct dmarc *d, const struct author *a)
{
	return (a->exists != NULL && !d->walks.given_up &&
	    !dns_query_is_answered(a->exists));
}

/* RFC 9989 5.3.5, 5.3.6. *open_r: set if an answer is missing. */
static enum status
judge_author(struct dmarc *d, struct author *a, bool *open_r)
{
	bool open = existence_is_open(d, a), known;
	struct dmarc_verdict *v = &a->verdict;
	const char *doubt;
	enum status status;

	status = author_align(d, a, &doubt, &open);
	*open_r |= open;
	if (status != STATUS_OK || open) {
		return (status);
	}
	known = author_policy(a);
	if (v->spf_aligned || v->dkim_aligned) {
		v->result = DMARC_PASS;
		v->reason = !v->spf_aligned ? "aligned DKIM signature" :
		    !v->dkim_aligned ? "aligned SPF domain" :
		    "aligned SPF domain and DKIM signature";
	} else if (doubt != NULL || !known) {
		v->result = DMARC_TEMPERROR;
		v->reason = doubt != NULL ? doubt :
		    "existence lookup failed";
	} else {
		v->result = DMARC_FAIL;
		v->reason = "nothing aligned passed";
	}
	return (STATUS_OK);
}

static enum status
judge_authors(struct dmarc *d)
{
	enum status status;
	struct author *a;
	bool open = false;
	size_t i;

	for (i = 0; i < d->authors_n; i++) {
		a = &d->authors[i];
		if (a->verdict.has_policy) {
			status = judge_author(d, a, &open);
			if (status != STATUS_OK) {
				return (status);
			}
		} else if (a->verdict.result == DMARC_TEMPERROR) {
			a->verdict.unfailing = author_cannot_fail(d, a);
		}
	}
	if (!open) {
		d->stage = STAGE_DONE;
	}
	return (STATUS_OK);
}

enum status
dmarc_step(struct dmarc *d, bool *done_r)
{
	enum status status = STATUS_OK;

	if (d->stage == STAGE_POLICY) {
		status = discover_policies(d);
	}
	if (status == STATUS_OK && d->stage == STAGE_IDENTIFIERS &&
	    d->authenticated) {
		status = query_identifiers(d);
	}
	if (status == STATUS_OK && d->stage == STAGE_ALIGNMENT) {
		status = judge_authors(d);
	}
	*done_r = d->stage == STAGE_DONE;
	return (status);
}

void
dmarc_give_up(struct dmarc *d)
{
	d->walks.given_up = true;
}

size_t
dmarc_count(const struct dmarc *d)
{
	return (d->authors_n);
}

const struct dmarc_verdict *
dmarc_get(const struct dmarc *d, size_t i)
{
	return (&d->authors[i].verdict);
}

/*
 * Precedence among the verdicts of several authors (RFC 9989 11.5). An error
 * takes precedence over a failure with p=none; a pass counts only if all pass.
 */
static int
weight(const struct dmarc_verdict *v)
{
	switch (v->result) {
	case DMARC_PASS:
		return (0);
	case DMARC_NONE:
		return (1);
	case DMARC_PERMERROR:
		return (3);
	case DMARC_TEMPERROR:
		return (4);
	case DMARC_FAIL:
		return (v->policy == DMARC_P_NONE ? 2 : 4 + (int)v->policy);
	}
	return (0);
}

bool
dmarc_counts(const struct dmarc *d, size_t i)
{
	return (i < d->certain_n ||
	    d->authors[i].verdict.result != DMARC_NONE);
}

const struct dmarc_verdict *
dmarc_decisive(const struct dmarc *d)
{
	const struct dmarc_verdict *best = &d->authors[0].verdict;
	size_t i;

	for (i = 1; i < d->authors_n; i++) {
		if (dmarc_counts(d, i) &&
		    weight(&d->authors[i].verdict) > weight(best)) {
			best = &d->authors[i].verdict;
		}
	}
	return (best);
}
