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
ask(struct arc_validator *v, struct dns_batch *batch, struct arc_signature *s)
{
	struct str name = domain_key_name(v->arena, s->sig.selector,
	    s->sig.domain);

	if (name.p != NULL) {
		s->query = dns_batch_add(batch, name, DNS_TXT);
	}
	return (s->query != NULL ? STATUS_OK : STATUS_NOMEM);
}

/*
 * The AMS of an older set tells no more than the oldest pass, and an h= can be
 * long: beyond max_signatures none is looked at. With l= it would cost a pass
 * over the body of its own. Such a one counts as one that fails.
 */
static bool
is_worth_asking(const struct arc_validator *v, unsigned instance)
{
	const struct dkim_signature *sig = &v->sets[instance - 1].ams.sig;

	return (instance == v->verdict.instances ||
	    (v->verdict.instances - instance < v->opts.max_signatures &&
	    arc_field_trouble(v, sig) == NULL &&
	    sig->body_bytes == DKIM_BODY_ALL));
}

static enum status
begin(struct arc_validator *v, struct dkim_bodies *bodies,
    struct dns_batch *batch)
{
	enum status st = STATUS_OK;
	unsigned i;

	for (i = v->verdict.instances; i > 0 && st == STATUS_OK; i--) {
		struct arc_set *set = &v->sets[i - 1];

		st = ask(v, batch, &set->as);
		if (st == STATUS_OK && is_worth_asking(v, i)) {
			st = dkim_bodies_want(bodies, set->ams.sig.body_canon,
			    set->ams.sig.body_bytes, &set->ams.slot);
			if (st == STATUS_OK) {
				st = ask(v, batch, &set->ams);
			}
		}
	}
	return (st);
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
	enum status st;

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
	st = arc_read_sets(v);
	if (st == STATUS_OK) {
		st = list_sealers(v);
	}
	if (st == STATUS_OK && !v->decided) {
		st = begin(v, bodies, batch);
	}
	if (st == STATUS_OK) {
		*r = v;
	}
	return (st);
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

/* 5.2 step 5 */
static enum status
find_oldest(struct arc_validator *v)
{
	const char *reason = NULL;
	enum status st = STATUS_OK;
	unsigned i = v->verdict.instances - 1;

	for (; i > 0 && st == STATUS_OK; i--) {
		if (v->sets[i - 1].ams.query == NULL) {
			break;
		}
		st = arc_check_message(v, &v->sets[i - 1], &reason);
		if (reason != NULL) {
			break;
		}
	}
	v->verdict.has_oldest = true;
	v->verdict.oldest_pass = i > 0 ? i + 1 : 0;
	return (st);
}

static enum status
check(struct arc_validator *v)
{
	unsigned i = v->verdict.instances;
	const char *reason;
	struct str first;
	enum status st;

	st = arc_check_message(v, &v->sets[i - 1], &reason);
	if (st == STATUS_OK && reason != NULL) {
		arc_fail(v, i, reason);
	}
	if (st == STATUS_OK && !v->decided) {
		st = arc_hash_seals(v);
	}
	for (; i > 0 && st == STATUS_OK && !v->decided; i--) {
		const struct arc_set *set = &v->sets[i - 1];

		st = arc_check_key(v, &set->as, set->seal_hash, &reason);
		if (st == STATUS_OK && reason != NULL) {
			arc_fail(v, i, reason);
		}
	}
	if (st != STATUS_OK || v->decided) {
		return (st);
	}
	v->decided = true;
	v->verdict.result = ARC_PASS;
	v->verdict.reason = NULL;
	first = v->fields->v[v->sets[0].aar].value;
	v->verdict.from_signed = arc_is_signed(
	    &v->sets[v->verdict.instances - 1].ams.sig, STR("From"));
	v->verdict.first_results = str_from_offset(first,
	    str_find(first, ';') + 1);
	return (find_oldest(v));
}

enum status
arc_validator_finish(struct arc_validator *v)
{
	enum status st = STATUS_NOMEM;

	if (v->decided) {
		return (STATUS_OK);
	}
	v->headers = dkim_headers_new(v->arena, v->fields);
	v->digest = digest_new(v->opts.crypto);
	if (v->headers != NULL && v->digest != NULL) {
		st = check(v);
	}
	digest_free(v->digest);
	v->digest = NULL;
	return (st);
}

const struct arc_verdict *
arc_validator_get(const struct arc_validator *v)
{
	return (&v->verdict);
}
