/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * own_signatures: signing is idempotent. A message of ours may have our
 * signatures already: it comes back from a content filter, or was sent twice.
 * A key whose signature verifies does not sign again. One of our domain and
 * selector that does not verify, as after a filter that adds a footer, is
 * replaced: broken signatures gain nothing and cost every receiver.
 *
 * Only for mail that is signed as ours, and with the keys that would sign it.
 * Verified as the strictest receiver will: over the message as the MTA will
 * send it, and with no field that was added beside a signed one. Work is
 * bounded by ENGINE_OWN_SIGNATURES_EXTRA and PARSED_MAX, whatever the header
 * holds; what is beyond stays as it is.
 */
#include "dkim/self_check.h"
#include "engine/private.h"

#define PARSED_MAX	100	/* DKIM-Signature fields, from the top */

/* The pick with that domain and selector; picks.n: none. */
static size_t
find_pick(const struct engine_signing *s, const struct dkim_signature *sig)
{
	size_t i;

	for (i = 0; i < s->picks.n; i++) {
		const struct signers_pick *pick = &s->picks.v[i];

		if (pick->key != NULL && str_eq(pick->domain, sig->domain) &&
		    str_eq_ci(pick->selector, sig->selector)) {
			break;
		}
	}
	return (i);
}

/* Reserves what a signature with that canonicalization is checked with. */
static enum status
note_signature(struct engine_signing *s, const struct dkim_signature *sig,
    size_t index, unsigned ordinal, size_t pick)
{
	unsigned unused;

	s->present[s->present_n++] = (struct engine_own_signature){
		.field_index = index, .ordinal = ordinal, .pick = pick };
	return (sig->result != DKIM_NONE ? STATUS_OK :
	    dkim_bodies_want_sent(s->bodies, sig->body_canon, &unused));
}

enum status
engine_own_signatures_begin(const struct engine_input *in,
    struct engine_signing *s)
{
	size_t i, max = s->picks.n + ENGINE_OWN_SIGNATURES_EXTRA;
	enum status status = STATUS_OK;
	struct dkim_signature sig;
	unsigned ordinal = 0;

	if (in->direction != ENGINE_SIGN ||
	    field_list_count(s->fields, ENGINE_FIELD_SIGNATURE) == 0) {
		return (STATUS_OK);
	}
	s->present = arena_calloc(in->arena, max, sizeof(*s->present));
	if (s->present == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < s->fields->n && s->present_n < max &&
	    ordinal < PARSED_MAX && status == STATUS_OK; i++) {
		const struct field *field = &s->fields->v[i];
		size_t pick;

		if (!str_eq_ci(field->name, ENGINE_FIELD_SIGNATURE)) {
			continue;
		}
		ordinal++;
		status = dkim_signature_parse(in->arena, field, DKIM_SIGNATURE,
		    &sig);
		pick = status == STATUS_OK ? find_pick(s, &sig) : s->picks.n;
		if (pick < s->picks.n) {
			status = note_signature(s, &sig, i, ordinal, pick);
		}
	}
	return (status);
}

enum status
engine_own_signatures_check(const struct engine_input *in,
    struct engine_signing *s)
{
	enum status status = STATUS_OK;
	const char *reason;
	size_t i;

	for (i = 0; i < s->present_n && status == STATUS_OK; i++) {
		struct engine_own_signature *own = &s->present[i];

		status = dkim_self_check_field(in->arena,
		    in->engine->opts.crypto, s->picks.v[own->pick].key,
		    s->fields, s->bodies, own->field_index,
		    env_now_s(input_env(in)), &reason);
		own->valid = status == STATUS_OK && reason == NULL;
	}
	return (status);
}

bool
engine_own_signatures_has(const struct engine_signing *s, size_t pick)
{
	size_t i;

	for (i = 0; i < s->present_n; i++) {
		if (s->present[i].pick == pick && s->present[i].valid) {
			return (true);
		}
	}
	return (false);
}

/* Only what was made again: else the message would lose its last trace. */
void
engine_own_signatures_delete(const struct engine_signing *s,
    const struct str *made, struct engine_outcome *out)
{
	size_t i;

	for (i = s->present_n; i > 0; i--) {
		const struct engine_own_signature *own = &s->present[i - 1];

		if (!own->valid && made[own->pick].p != NULL) {
			engine_outcome_delete_field(out,
			    ENGINE_FIELD_SIGNATURE, own->ordinal);
		}
	}
}
