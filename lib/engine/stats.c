/* SPDX-License-Identifier: BSD-2-Clause */
/* stats: counters of a process, most of them counted from the outcome. */
#include "config.h"

#include <sys/mman.h>

#include "engine/private.h"

struct engine_stats {
	_Atomic uint64_t	v[ENGINE_COUNTERS];
	_Atomic uint64_t	not_signed[ENGINE_UNSIGNED_REASONS];
};

/* Shared with the processes that this one forks, so that it outlives them. */
struct engine_stats *
engine_stats_new(void)
{
	void *p = mmap(NULL, sizeof(struct engine_stats),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return (p != MAP_FAILED ? p : NULL);
}

void
engine_stats_free(struct engine_stats *stats)
{
	if (stats != NULL) {
		(void)munmap(stats, sizeof(*stats));
	}
}

uint64_t
engine_stats_get(const struct engine_stats *stats, enum engine_counter c)
{
	return (atomic_load_explicit(&stats->v[c], memory_order_relaxed));
}

uint64_t
engine_stats_unsigned(const struct engine_stats *stats,
    enum engine_unsigned reason)
{
	return (atomic_load_explicit(&stats->not_signed[reason],
	    memory_order_relaxed));
}

const char *
engine_counter_name(enum engine_counter c)
{
	static const char *const names[ENGINE_COUNTERS] = {
		[ENGINE_MESSAGES] = "messages",
		[ENGINE_SIGNED] = "signed",
		[ENGINE_VERIFIED] = "verified",
		[ENGINE_PASSED_THROUGH] = "passed_through",
		[ENGINE_RETURNS] = "returned",
		[ENGINE_DKIM_PASS] = "dkim_pass",
		[ENGINE_DKIM_FAIL] = "dkim_fail",
		[ENGINE_DKIM_POLICY] = "dkim_policy",
		[ENGINE_DKIM_NEUTRAL] = "dkim_neutral",
		[ENGINE_DKIM_TEMPERROR] = "dkim_temperror",
		[ENGINE_DKIM_PERMERROR] = "dkim_permerror",
		[ENGINE_DKIM_NONE] = "dkim_none",
		[ENGINE_DKIM_BODY_OPEN] = "dkim_unsigned_body",
		[ENGINE_DKIM_FIELD_OPEN] = "dkim_unsigned_field",
		[ENGINE_SPF_PASS] = "spf_pass",
		[ENGINE_SPF_FAIL] = "spf_fail",
		[ENGINE_SPF_SOFTFAIL] = "spf_softfail",
		[ENGINE_SPF_NEUTRAL] = "spf_neutral",
		[ENGINE_SPF_TEMPERROR] = "spf_temperror",
		[ENGINE_SPF_PERMERROR] = "spf_permerror",
		[ENGINE_SPF_NONE] = "spf_none",
		[ENGINE_DMARC_PASS] = "dmarc_pass",
		[ENGINE_DMARC_FAIL] = "dmarc_fail",
		[ENGINE_DMARC_TEMPERROR] = "dmarc_temperror",
		[ENGINE_DMARC_PERMERROR] = "dmarc_permerror",
		[ENGINE_DMARC_NONE] = "dmarc_none",
		[ENGINE_ARC_PASS] = "arc_pass",
		[ENGINE_ARC_FAIL] = "arc_fail",
		[ENGINE_ARC_SEALED] = "arc_sealed",
		[ENGINE_ARC_NOT_SEALED] = "arc_not_sealed",
		[ENGINE_BAD_FROM] = "bad_from",
		[ENGINE_EXEMPT] = "exempt",
		[ENGINE_REJECTED] = "rejected",
		[ENGINE_TEMPFAILED] = "tempfailed",
		[ENGINE_QUARANTINED] = "quarantined",
		[ENGINE_FORGED_DELETED] = "forged_deleted",
		[ENGINE_SECOND_ASKED] = "second_asked",
		[ENGINE_SECOND_DISAGREED] = "second_disagreed",
		[ENGINE_SECOND_DKIM] = "second_disagreed_dkim",
		[ENGINE_SECOND_DMARC] = "second_disagreed_dmarc",
		[ENGINE_KEY_MISMATCH] = "key_mismatch",
		[ENGINE_SIGNATURES_FAILED] = "signatures_failed",
		[ENGINE_SIGN_FAILED] = "sign_failed",
		[ENGINE_INTERNAL_ERRORS] = "internal_errors",
	};

	return (c < ENGINE_COUNTERS ? names[c] : NULL);
}

void
engine_count(const struct engine_input *in, enum engine_counter c, uint64_t n)
{
	struct engine_stats *stats = in->engine->opts.stats;

	if (stats != NULL && n != 0) {
		atomic_fetch_add_explicit(&stats->v[c], n,
		    memory_order_relaxed);
	}
}

static void
count_unsigned(const struct engine_input *in, enum engine_unsigned reason)
{
	struct engine_stats *stats = in->engine->opts.stats;

	if (stats != NULL && reason != ENGINE_UNSIGNED_NO) {
		atomic_fetch_add_explicit(&stats->not_signed[reason], 1,
		    memory_order_relaxed);
	}
}

static void
count_dkim(const struct engine_input *in, const struct dkim_verifier *verifier)
{
	static const enum engine_counter counters[] = {
		[DKIM_NONE] = ENGINE_DKIM_NONE,
		[DKIM_PASS] = ENGINE_DKIM_PASS,
		[DKIM_FAIL] = ENGINE_DKIM_FAIL,
		[DKIM_POLICY] = ENGINE_DKIM_POLICY,
		[DKIM_NEUTRAL] = ENGINE_DKIM_NEUTRAL,
		[DKIM_TEMPERROR] = ENGINE_DKIM_TEMPERROR,
		[DKIM_PERMERROR] = ENGINE_DKIM_PERMERROR,
	};
	size_t i, n = dkim_verifier_count(verifier);

	if (n == 0) {
		engine_count(in, ENGINE_DKIM_NONE, 1);
	}
	for (i = 0; i < n; i++) {
		const struct dkim_verdict *v = dkim_verifier_get(verifier, i);

		engine_count(in, counters[v->result], 1);
		engine_count(in, ENGINE_DKIM_BODY_OPEN,
		    v->cover == DKIM_BODY_OPEN);
		engine_count(in, ENGINE_DKIM_FIELD_OPEN,
		    v->cover == DKIM_FIELD_OPEN);
	}
}

static enum engine_counter
spf_counter(const struct spf_verdict *spf)
{
	static const enum engine_counter counters[] = {
		[SPF_NONE] = ENGINE_SPF_NONE,
		[SPF_NEUTRAL] = ENGINE_SPF_NEUTRAL,
		[SPF_PASS] = ENGINE_SPF_PASS,
		[SPF_FAIL] = ENGINE_SPF_FAIL,
		[SPF_SOFTFAIL] = ENGINE_SPF_SOFTFAIL,
		[SPF_TEMPERROR] = ENGINE_SPF_TEMPERROR,
		[SPF_PERMERROR] = ENGINE_SPF_PERMERROR,
	};

	return (spf != NULL ? counters[spf->result] : ENGINE_SPF_NONE);
}

static enum engine_counter
dmarc_counter(const struct dmarc *dmarc)
{
	static const enum engine_counter counters[] = {
		[DMARC_NONE] = ENGINE_DMARC_NONE,
		[DMARC_PASS] = ENGINE_DMARC_PASS,
		[DMARC_FAIL] = ENGINE_DMARC_FAIL,
		[DMARC_TEMPERROR] = ENGINE_DMARC_TEMPERROR,
		[DMARC_PERMERROR] = ENGINE_DMARC_PERMERROR,
	};

	return (dmarc != NULL ? counters[dmarc_decisive(dmarc)->result] :
	    ENGINE_DMARC_NONE);
}

static void
count_judged(const struct engine_input *in, const struct engine_outcome *out)
{
	engine_count(in, spf_counter(out->spf), 1);
	if (in->from.result != ADDR_FROM_OK &&
	    in->from.result != ADDR_FROM_NONE) {
		engine_count(in, ENGINE_BAD_FROM, 1);
	} else {
		engine_count(in, dmarc_counter(out->dmarc), 1);
	}
	if (out->arc != NULL) {
		engine_count(in, out->arc->result == ARC_PASS ?
		    ENGINE_ARC_PASS : ENGINE_ARC_FAIL, 1);
	}
	engine_count(in, ENGINE_EXEMPT,
	    out->decision.exempt != ENGINE_NOT_EXEMPT);
}

static void
count_verdict(const struct engine_input *in, enum engine_verdict verdict)
{
	switch (verdict) {
	case ENGINE_ACCEPT:
		break;
	case ENGINE_QUARANTINE:
		engine_count(in, ENGINE_QUARANTINED, 1);
		break;
	case ENGINE_TEMPFAIL:
		engine_count(in, ENGINE_TEMPFAILED, 1);
		break;
	case ENGINE_REJECT:
		engine_count(in, ENGINE_REJECTED, 1);
		break;
	}
}

/* Whether the message was processed to the end. */
static bool
count_error(const struct engine_input *in, enum engine_error error)
{
	switch (error) {
	case ENGINE_NO_ERROR:
		return (true);
	case ENGINE_INTERNAL_ERROR:
		engine_count(in, ENGINE_INTERNAL_ERRORS, 1);
		return (false);
	case ENGINE_HEADER_TOO_LARGE:
	case ENGINE_HEADER_MALFORMED:
		return (false);
	case ENGINE_NOT_SIGNED:
		engine_count(in, ENGINE_SIGN_FAILED, 1);
		return (true);
	}
	return (true);
}

static void
count_direction(const struct engine_input *in,
    const struct engine_outcome *out)
{
	switch (out->direction) {
	case ENGINE_UNDECIDED:
		break;
	case ENGINE_SIGN:
		engine_count(in, ENGINE_SIGNED, 1);
		break;
	case ENGINE_VERIFY:
		engine_count(in, ENGINE_VERIFIED, 1);
		count_dkim(in, out->dkim);
		if (in->judged) {
			count_judged(in, out);
		}
		break;
	case ENGINE_PASS_THROUGH:
		engine_count(in, ENGINE_PASSED_THROUGH, 1);
		break;
	case ENGINE_RETURNED:
		engine_count(in, ENGINE_RETURNS, 1);
		break;
	}
}

void
engine_count_outcome(const struct engine_input *in,
    const struct engine_outcome *out)
{
	engine_count(in, ENGINE_MESSAGES, 1);
	count_verdict(in, out->verdict);
	count_unsigned(in, out->not_signed);
	if (!count_error(in, out->error)) {
		return;
	}
	count_direction(in, out);
	engine_count(in, ENGINE_FORGED_DELETED, out->forged_deleted);
	if (out->second_asked) {
		engine_count(in, ENGINE_SECOND_ASKED, 1);
		engine_count(in, ENGINE_SECOND_DISAGREED, !out->second_agrees);
	}
}
