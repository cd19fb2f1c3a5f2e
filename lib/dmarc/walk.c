/* SPDX-License-Identifier: BSD-2-Clause */
#include "dmarc/walk.h"
#include "mail/domain.h"

/* RFC 9989 4.10 step 4: longer names are shortened to this many labels. */
#define CUT_LABELS	7

void
dmarc_walks_init(struct dmarc_walks *w, struct arena *arena,
    struct dns_batch *batch, const struct dmarc_psl *psl,
    const struct dmarc_psl *suffixes)
{
	*w = (struct dmarc_walks){ .arena = arena, .batch = batch,
		.psl = psl, .suffixes = suffixes };
	SLIST_INIT(&w->list);
}

/* Appends a step to the walk and sends its query. */
static enum status
query_step(struct dmarc_walks *w, struct dmarc_walk *walk, struct str target)
{
	struct dmarc_step *step = &walk->v[walk->n];

	step->name = target;
	step->asked = arena_printf(w->arena, "_dmarc.%.*s", STR_FMT(target));
	if (step->asked.p == NULL) {
		return (STATUS_NOMEM);
	}
	step->query = dns_batch_add(w->batch, step->asked, DNS_TXT);
	if (step->query == NULL) {
		return (STATUS_NOMEM);
	}
	walk->n++;
	return (STATUS_OK);
}

/* RFC 9989 4.10 steps 3 and 4. Empty: no further target. */
static struct str
next_target(struct str target)
{
	target = domain_parent(target);
	while (domain_labels(target) > CUT_LABELS) {
		target = domain_parent(target);
	}
	return (target);
}

static enum status
query_tree(struct dmarc_walks *w, struct dmarc_walk *walk)
{
	struct str target;
	enum status status;

	for (target = walk->name; target.n > 0; target = next_target(target)) {
		status = query_step(w, walk, target);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	return (STATUS_OK);
}

/* RFC 7489 6.6.3: the name and its organisational domain. */
static enum status
query_psl(struct dmarc_walks *w, struct dmarc_walk *walk)
{
	struct str org = dmarc_psl_org(w->psl, walk->name);
	enum status status = query_step(w, walk, walk->name);

	if (status != STATUS_OK || org.n == walk->name.n) {
		return (status);
	}
	return (query_step(w, walk, org));
}

struct dmarc_walk *
dmarc_walks_find(const struct dmarc_walks *w, struct str name)
{
	struct dmarc_walk *walk;

	SLIST_FOREACH(walk, &w->list, link) {
		if (str_eq(walk->name, name)) {
			return (walk);
		}
	}
	return (NULL);
}

enum status
dmarc_walks_start(struct dmarc_walks *w, struct str name,
    struct dmarc_walk **walk_r)
{
	struct dmarc_walk *walk = dmarc_walks_find(w, name);
	enum status status;

	*walk_r = walk;
	if (walk != NULL) {
		return (STATUS_OK);
	}
	walk = arena_alloc(w->arena, sizeof(*walk));
	if (walk == NULL) {
		return (STATUS_NOMEM);
	}
	walk->name = name;
	status = w->psl != NULL ? query_psl(w, walk) : query_tree(w, walk);
	if (status != STATUS_OK) {
		return (status);
	}
	SLIST_INSERT_HEAD(&w->list, walk, link);
	*walk_r = walk;
	return (STATUS_OK);
}

static bool
step_is_open(const struct dmarc_walks *w, const struct dmarc_walk *walk,
    const struct dmarc_step *step)
{
	return (!w->given_up && !walk->given_up &&
	    !dns_query_is_answered(step->query));
}

/* The records at a step, NULL if it has none. *failed_r: the query failed. */
static enum status
read_step(const struct dmarc_step *step,
    const struct dmarc_records **records_r, bool *failed_r)
{
	const struct dns_answer *answer = dns_query_answer(step->query);

	*records_r = NULL;
	*failed_r = false;
	switch (answer->result) {
	case DNS_OK:
		*records_r = dns_answer_object(answer, &dmarc_records_parser);
		return (*records_r != NULL ? STATUS_OK : STATUS_NOMEM);
	case DNS_NODATA:
	case DNS_NXDOMAIN:
	case DNS_BADNAME:	/* too long with _dmarc.: it has no record */
		return (STATUS_OK);
	case DNS_SERVFAIL:
	case DNS_TIMEOUT:
		*failed_r = true;
		return (STATUS_OK);
	}
	return (STATUS_OK);
}

/* The part of the name that is one label longer than its suffix. */
static struct str
domain_below(struct str name, struct str suffix)
{
	size_t labels = domain_labels(suffix) + 1;

	while (domain_labels(name) > labels) {
		name = domain_parent(name);
	}
	return (name);
}

/* org; if it is a suffix, the shortest part of the name below that is none. */
static struct str
skip_suffixes(const struct dmarc_walks *w, struct str name, struct str org)
{
	while (w->suffixes != NULL && org.n < name.n &&
	    dmarc_psl_is_suffix(w->suffixes, org)) {
		org = domain_below(name, org);
	}
	return (org);
}

/* The last step with a record; walk->went: there is none. */
static size_t
find_highest(const struct dmarc_walk *walk,
    const struct dmarc_record *const *found)
{
	size_t i, last = walk->went;

	for (i = 0; i < walk->went; i++) {
		if (found[i] != NULL) {
			last = i;
		}
	}
	return (last);
}

/* A walk that starts at the public suffix has that as its own. */
static void
set_below_psd(struct dmarc_walk *walk, const struct dmarc_record *const *found,
    size_t last)
{
	size_t i;

	walk->org = domain_below(walk->name, walk->above_name);
	for (i = 0; i < last; i++) {
		if (found[i] != NULL && str_eq(walk->v[i].name, walk->org)) {
			walk->above = found[i];
			walk->above_name = walk->org;
		}
	}
}

/*
 * Sets the organisational domain and its record (RFC 9989 4.10.1, 4.10.2).
 * found: a record or NULL for each step.
 */
static void
set_org_domain(const struct dmarc_walks *w, struct dmarc_walk *walk,
    const struct dmarc_record *const *found)
{
	size_t last = find_highest(walk, found);

	if (last == walk->went) {
		walk->org = walk->name;
		return;
	}
	walk->org = walk->v[last].name;
	walk->above = found[last];
	walk->above_name = walk->org;
	if (found[last]->psd == DMARC_PSD_NO) {
		return;
	}
	if (found[last]->psd == DMARC_PSD_YES) {
		set_below_psd(walk, found, last);
	}
	walk->org = skip_suffixes(w, walk->name, walk->org);
}

/* Names that share only a suffix have no floor in common. */
static void
set_floor(const struct dmarc_walks *w, struct dmarc_walk *walk,
    const struct dmarc_record *const *found)
{
	size_t last = find_highest(walk, found);

	if (last < walk->went) {
		walk->floor = skip_suffixes(w, walk->name,
		    walk->v[last].name);
	}
}

static enum status
read_tree(const struct dmarc_walks *w, struct dmarc_walk *walk)
{
	const struct dmarc_record *found[DMARC_WALK_MAX_NAMES] = { NULL };
	const struct dmarc_records *records;
	enum status status;
	bool stop = false;
	size_t i;

	for (i = 0; i < walk->n && !stop; i++) {
		if (step_is_open(w, walk, &walk->v[i])) {
			return (STATUS_OK);
		}
		status = read_step(&walk->v[i], &records, &walk->failed);
		if (status != STATUS_OK) {
			return (status);
		}
		/* Several records are discarded. */
		if (records != NULL && records->n == 1) {
			found[i] = &records->record;
			stop = found[i]->psd != DMARC_PSD_UNKNOWN;
		}
		stop |= walk->failed;
	}
	walk->read = true;
	walk->went = i;
	walk->own = found[0];
	if (!walk->failed) {
		set_org_domain(w, walk, found);
	} else {
		set_floor(w, walk, found);
	}
	return (STATUS_OK);
}

/* RFC 7489 6.6.3: several records at a name end the search. */
static enum status
read_psl(const struct dmarc_walks *w, struct dmarc_walk *walk)
{
	const struct dmarc_records *records = NULL;
	enum status status;
	size_t i;

	walk->org = dmarc_psl_org(w->psl, walk->name);
	for (i = 0; i < walk->n; i++) {
		if (step_is_open(w, walk, &walk->v[i])) {
			return (STATUS_OK);
		}
		status = read_step(&walk->v[i], &records, &walk->failed);
		if (status != STATUS_OK) {
			return (status);
		}
		if (walk->failed || (records != NULL && records->n > 0)) {
			break;
		}
	}
	walk->read = true;
	walk->went = i < walk->n ? i + 1 : i;
	if (i == walk->n || walk->failed || records->n > 1) {
		return (STATUS_OK);
	}
	if (i == 0) {
		walk->own = &records->record;
	}
	walk->above = &records->record;
	walk->above_name = walk->v[i].name;
	return (STATUS_OK);
}

enum status
dmarc_walk_read(const struct dmarc_walks *w, struct dmarc_walk *walk)
{
	if (walk->read) {
		return (STATUS_OK);
	}
	return (w->psl != NULL ? read_psl(w, walk) : read_tree(w, walk));
}

bool
dmarc_walks_meet(const struct dmarc_walk *a, const struct dmarc_walk *b)
{
	return (a->failed && b->failed && a->floor.p != NULL &&
	    str_eq(a->floor, b->floor) &&
	    str_eq(a->v[a->went - 1].name, b->v[b->went - 1].name));
}
