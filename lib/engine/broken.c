/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * broken: warns of a signature by a key of ours that came back and fails: the
 * message was changed after it was signed, which other receivers see as well,
 * or it is forged. Once for each domain in the life of an engine; domains with
 * the same slot share the warning, so that nobody can fill the log or memory.
 */
#include "engine/private.h"

/* Whether a key of ours has made, or could have made, the signature. */
static bool
is_our_key(const struct engine_input *in, const struct dkim_signature *sig)
{
	struct signers_picks picks = { NULL, 0 };
	const struct addr_mailbox *author = addr_from_author(&in->from);
	bool ours = false;
	size_t i;

	if (signers_pick(in->engine->signers, in->arena, author != NULL ?
	    author->local : STR("postmaster"), sig->domain, &picks) ==
	    STATUS_OK) {
		for (i = 0; i < picks.n && !ours; i++) {
			ours = str_eq(picks.v[i].domain, sig->domain) &&
			    str_eq(picks.v[i].selector, sig->selector);
		}
	}
	signers_picks_fini(&picks);
	return (ours);
}

static bool
is_first(struct engine *engine, struct str domain)
{
	uint64_t slot = str_hash(domain) % ENGINE_BROKEN_SLOTS;

	return (!atomic_exchange(&engine->broken[slot], true));
}

void
engine_broken_warn(const struct engine_input *in,
    const struct engine_outcome *out)
{
	size_t i, n = out->dkim != NULL ? dkim_verifier_count(out->dkim) : 0;

	for (i = 0; i < n; i++) {
		const struct dkim_verdict *verdict =
		    dkim_verifier_get(out->dkim, i);
		const struct engine_log_pair pairs[] = {
			{ "domain", verdict->sig.domain, 0 },
			{ "selector", verdict->sig.selector, 0 },
			{ "reason", str_from(verdict->reason), 0 },
		};

		if (verdict->result == DKIM_FAIL &&
		    is_our_key(in, &verdict->sig) &&
		    is_first(in->engine, verdict->sig.domain)) {
			engine_log_pairs(in, LOG_LEVEL_WARNING, "a signature "
			    "of ours came back broken, or forged; see "
			    "SIGNATURES THAT BREAK in mailseald(8)", pairs,
			    sizeof(pairs) / sizeof(pairs[0]));
		}
	}
}
