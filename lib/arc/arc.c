/* SPDX-License-Identifier: BSD-2-Clause */
#include "arc/private.h"
#include "mail/domain.h"

const char *
arc_result_name(enum arc_result result)
{
	switch (result) {
	case ARC_NONE:
		return ("none");
	case ARC_PASS:
		return ("pass");
	case ARC_FAIL:
		return ("fail");
	}
	return ("fail");
}

void
arc_fail(struct arc_validator *v, unsigned at, const char *reason)
{
	if (!v->decided) {
		v->decided = true;
		v->verdict.result = ARC_FAIL;
		v->verdict.reason = reason;
		v->verdict.at = at;
	}
}

static enum status
query_key(struct arc_validator *v, struct dns_batch *batch,
    struct arc_signature *s)
{
	struct str name = domain_key_name(v->arena, s->sig.selector,
	    s->sig.domain);

	if (name.p != NULL) {
		s->query = dns_batch_add(batch, name, DNS_TXT);
	}
	return (s->query != NULL ? STATUS_OK : STATUS_NOMEM);
}

/*
 * Whether the set's AMS is verified. Those of older sets only determine the
 * oldest pass, and their h= can be long: of these at most max_signatures are
 * verified, and none with l=, which would need its own pass over the body. An
 * AMS that is not verified counts as failed.
 */
static bool
is_verified(const struct arc_validator *v, unsigned instance)
{
	const struct dkim_signature *sig = &v->sets[instance - 1].ams.sig;

	return (instance == v->verdict.instances ||
	    (v->verdict.instances - instance < v->opts.max_signatures &&
	    arc_field_error(v, sig) == NULL &&
	    sig->body_bytes == DKIM_BODY_ALL));
}

/* Makes the slot of the newest AMS see as much as Minimum needs. */
static void
count_body(const struct arc_validator *v, unsigned instance,
    struct dkim_bodies *bodies)
{
	const struct arc_signature *ams = &v->sets[instance - 1].ams;
	uint64_t allowed = dkim_minimum_allows(&v->opts.minimum,
	    ams->sig.body_bytes);

	if (instance == v->verdict.instances && allowed != UINT64_MAX) {
		dkim_bodies_count(bodies, ams->slot, allowed);
	}
}

/* Sends the key queries and reserves the body slots, newest set first. */
static enum status
query_keys(struct arc_validator *v, struct dkim_bodies *bodies,
    struct dns_batch *batch)
{
	struct arc_signature *ams;
	enum status status;
	unsigned i;

	for (i = v->verdict.instances; i > 0; i--) {
		status = query_key(v, batch, &v->sets[i - 1].as);
		if (status != STATUS_OK) {
			return (status);
		}
		if (!is_verified(v, i)) {
			continue;
		}
		ams = &v->sets[i - 1].ams;
		status = dkim_bodies_want(bodies, ams->sig.body_canon,
		    ams->sig.body_bytes, &ams->slot);
		if (status != STATUS_OK) {
			return (status);
		}
		count_body(v, i, bodies);
		status = query_key(v, batch, ams);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	return (STATUS_OK);
}

static enum status
list_sealers(struct arc_validator *v)
{
	struct arc_sealer *sealers;
	unsigned i;

	sealers = arena_calloc(v->arena, v->verdict.instances,
	    sizeof(*sealers));
	if (sealers == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < v->verdict.instances; i++) {
		const struct arc_set *set = &v->sets[i];

		if (set->as_n > 0) {
			sealers[v->verdict.sealers_n++] = (struct arc_sealer){
				i + 1, set->as.sig.domain,
				set->as.sig.selector };
		}
	}
	v->verdict.sealers = sealers;
	return (STATUS_OK);
}

enum status
arc_validator_new(struct arena *arena, const struct arc_opts *opts,
    const struct field_list *fields, struct dkim_bodies *bodies,
    struct dns_batch *batch, struct arc_validator **r)
{
	struct arc_validator *v = arena_alloc(arena, sizeof(*v));
	enum status status;

	*r = NULL;
	if (v == NULL) {
		return (STATUS_NOMEM);
	}
	v->arena = arena;
	v->opts = *opts;
	v->fields = fields;
	v->bodies = bodies;
	v->verdict.result = ARC_NONE;
	v->verdict.reason = "no ARC sets";
	status = arc_read_sets(v);
	if (status != STATUS_OK) {
		return (status);
	}
	status = list_sealers(v);
	if (status != STATUS_OK) {
		return (status);
	}
	if (!v->decided) {
		status = query_keys(v, bodies, batch);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	*r = v;
	return (STATUS_OK);
}

bool
arc_validator_is_ready(const struct arc_validator *v)
{
	unsigned i;

	for (i = 0; i < v->verdict.instances && !v->decided; i++) {
		const struct arc_set *set = &v->sets[i];

		if ((set->as.query != NULL &&
		    !dns_query_is_answered(set->as.query)) ||
		    (set->ams.query != NULL &&
		    !dns_query_is_answered(set->ams.query))) {
			return (false);
		}
	}
	return (true);
}

/* A key that is unavailable fails the chain if nothing else does. */
static void
fail_signature(struct arc_validator *v, unsigned at, const char *reason)
{
	struct arc_verdict *verdict = &v->verdict;

	if (reason != arc_key_unavailable) {
		verdict->unavailable = false;
		arc_fail(v, at, reason);
	} else if (!verdict->unavailable) {
		verdict->unavailable = true;
		verdict->reason = reason;
		verdict->at = at;
	}
}

/* RFC 8617 5.2 step 4: the newest AMS. */
static enum status
check_newest(struct arc_validator *v)
{
	unsigned newest = v->verdict.instances;
	const char *reason;
	enum status status;

	status = arc_check_message(v, &v->sets[newest - 1], &reason);
	if (status == STATUS_OK && reason != NULL) {
		fail_signature(v, newest, reason);
	}
	return (status);
}

/* RFC 8617 5.2 step 5: the oldest of the AMS that pass without a gap. */
static enum status
find_oldest_pass(struct arc_validator *v)
{
	const char *reason;
	enum status status;
	unsigned i;

	for (i = v->verdict.instances - 1; i > 0; i--) {
		if (v->sets[i - 1].ams.query == NULL) {
			break;
		}
		status = arc_check_message(v, &v->sets[i - 1], &reason);
		if (status != STATUS_OK) {
			return (status);
		}
		if (reason != NULL) {
			break;
		}
	}
	v->verdict.has_oldest = true;
	v->verdict.oldest_pass = i > 0 ? i + 1 : 0;
	return (STATUS_OK);
}

/* RFC 8617 5.2 step 6: all seals. */
static enum status
check_seals(struct arc_validator *v)
{
	const struct arc_set *set;
	const char *reason;
	enum status status;
	unsigned i;

	status = arc_hash_seals(v);
	if (status != STATUS_OK) {
		return (status);
	}
	for (i = v->verdict.instances; i > 0 && !v->decided; i--) {
		set = &v->sets[i - 1];
		status = arc_check_key(v, &set->as, set->seal_hash, &reason);
		if (status != STATUS_OK) {
			return (status);
		}
		if (reason != NULL) {
			fail_signature(v, i, reason);
		}
	}
	return (STATUS_OK);
}

/* What may have been added behind the newest sealer (dkim/cover.h). */
static const char *
find_uncovered(const struct arc_validator *v)
{
	const struct arc_signature *ams =
	    &v->sets[v->verdict.instances - 1].ams;

	if (dkim_bodies_bytes(v->bodies, ams->slot) > dkim_minimum_allows(
	    &v->opts.minimum, ams->sig.body_bytes)) {
		return (dkim_uncovered_body);
	}
	return (v->opts.extra_fields ? NULL : dkim_uncovered_field(v->headers,
	    ams->sig.names, ams->sig.names_n));
}

static enum status
list_results(struct arc_validator *v)
{
	struct str *results = arena_calloc(v->arena, v->verdict.instances,
	    sizeof(*results));
	unsigned i;

	if (results == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < v->verdict.instances; i++) {
		struct str value = v->fields->v[v->sets[i].aar].value;

		results[i] = str_from_offset(value, str_find(value, ';') + 1);
	}
	v->verdict.results = results;
	return (STATUS_OK);
}

static enum status
check_chain(struct arc_validator *v)
{
	struct arc_verdict *verdict = &v->verdict;
	enum status status;

	status = check_newest(v);
	if (status != STATUS_OK || v->decided) {
		return (status);
	}
	status = check_seals(v);
	if (status != STATUS_OK || v->decided) {
		return (status);
	}
	v->decided = true;
	verdict->result = verdict->unavailable ? ARC_FAIL : ARC_PASS;
	if (verdict->result == ARC_PASS) {
		verdict->reason = NULL;
	}
	verdict->uncovered = find_uncovered(v);
	verdict->from_signed = arc_is_signed(
	    &v->sets[verdict->instances - 1].ams.sig, STR("From"));
	status = list_results(v);
	return (status == STATUS_OK && verdict->result == ARC_PASS ?
	    find_oldest_pass(v) : status);
}

enum status
arc_validator_finish(struct arc_validator *v)
{
	enum status status = STATUS_NOMEM;

	if (v->decided) {
		return (STATUS_OK);
	}
	v->headers = dkim_headers_new(v->arena, v->fields);
	v->digest = digest_new(v->opts.crypto);
	if (v->headers != NULL && v->digest != NULL) {
		status = check_chain(v);
	}
	digest_free(v->digest);
	v->digest = NULL;
	return (status);
}

const struct arc_verdict *
arc_validator_get(const struct arc_validator *v)
{
	return (&v->verdict);
}
