/* SPDX-License-Identifier: BSD-2-Clause */
/* opinion_dkim: compares libopendkim's results on signatures with ours. */
#include "engine/private.h"

#define LOG_B_BYTES		8

/* Ours has A-labels; libopendkim has d= and s= as they were written. */
static bool
is_same_signature(const struct dkim_verdict *ours,
    const struct second_result *theirs)
{
	return (str_eq(ours->sig.b_text, theirs->b) &&
	    (!str_is_ascii(theirs->domain) ||
	    str_eq_ci(ours->sig.domain, theirs->domain)) &&
	    (!str_is_ascii(theirs->selector) ||
	    str_eq_ci(ours->sig.selector, theirs->selector)));
}

/*
 * Whether our signature i is their signature k. Our list has every signature,
 * theirs those that libopendkim can parse, both in the order of the fields.
 * With equal counts they are paired by index, else by content.
 */
static bool
is_pair(const struct engine_verification *v, size_t i, size_t k)
{
	if (dkim_verifier_count(v->verifier) ==
	    second_dkim_count(v->opinion.dkim)) {
		return (i == k);
	}
	return (is_same_signature(dkim_verifier_get(v->verifier, i),
	    second_dkim_get(v->opinion.dkim, k)));
}

static bool
is_pass(const struct second_result *theirs)
{
	return (theirs->result == SECOND_PASS);
}

static struct str
text_or_empty(const char *text)
{
	return (str_from(text != NULL ? text : ""));
}

/* Either may be NULL: that side has no result for the signature. */
static void
log_difference(const struct engine_input *in, const struct second_dkim *second,
    const struct dkim_verdict *ours, const struct second_result *theirs)
{
	const struct second_result none = { .result = SECOND_NONE,
		.reason = text_or_empty(second_dkim_error(second)) };
	const struct second_result *result = theirs != NULL ? theirs : &none;
	const struct engine_log_pair pairs[] = {
		{ "domain", ours != NULL ? ours->sig.domain : result->domain,
		    0 },
		{ "selector", ours != NULL ? ours->sig.selector :
		    result->selector, 0 },
		{ "b", ours != NULL ? ours->sig.b_text : result->b,
		    LOG_B_BYTES },
		{ "ours", str_from(ours != NULL ?
		    dkim_result_name(ours->result) : "none"), 0 },
		{ "ours_reason", text_or_empty(ours != NULL ? ours->reason :
		    NULL), 0 },
		{ "theirs", str_from(second_word_name(result->result)), 0 },
		{ "theirs_reason", result->reason.p != NULL ? result->reason :
		    STR(""), 0 },
	};

	engine_log_pairs(in, LOG_LEVEL_WARNING, "second opinion differs",
	    pairs, sizeof(pairs) / sizeof(pairs[0]));
}

static const struct second_result *
find_theirs(const struct engine_verification *v, size_t i)
{
	size_t k, n = second_dkim_count(v->opinion.dkim);

	for (k = 0; k < n; k++) {
		if (is_pair(v, i, k)) {
			return (second_dkim_get(v->opinion.dkim, k));
		}
	}
	return (NULL);
}

/* Compares each signature of ours; one that they do not have is no pass. */
static bool
compare_ours(const struct engine_input *in,
    const struct engine_verification *v)
{
	size_t i, n = dkim_verifier_count(v->verifier);
	bool agrees = true;

	for (i = 0; i < n; i++) {
		const struct dkim_verdict *ours =
		    dkim_verifier_get(v->verifier, i);
		const struct second_result *theirs = find_theirs(v, i);

		if ((ours->result == DKIM_PASS) !=
		    (theirs != NULL && is_pass(theirs))) {
			log_difference(in, v->opinion.dkim, ours, theirs);
			agrees = false;
		}
	}
	return (agrees);
}

/* Finds what passes there and has no counterpart here. */
static bool
compare_theirs(const struct engine_input *in,
    const struct engine_verification *v)
{
	size_t i, k, n = dkim_verifier_count(v->verifier);
	bool agrees = true;

	for (k = 0; k < second_dkim_count(v->opinion.dkim); k++) {
		const struct second_result *theirs =
		    second_dkim_get(v->opinion.dkim, k);

		for (i = 0; i < n && !is_pair(v, i, k); i++) {
			continue;
		}
		if (i == n && is_pass(theirs)) {
			log_difference(in, v->opinion.dkim, NULL, theirs);
			agrees = false;
		}
	}
	return (agrees);
}

bool
engine_opinion_agrees_dkim(const struct engine_input *in,
    const struct engine_verification *v)
{
	bool agrees = compare_ours(in, v);

	return (compare_theirs(in, v) && agrees);
}

bool
engine_opinion_passes_dkim(const struct second_dkim *second)
{
	size_t i;

	for (i = 0; i < second_dkim_count(second); i++) {
		if (is_pass(second_dkim_get(second, i))) {
			return (true);
		}
	}
	return (false);
}
