/* SPDX-License-Identifier: BSD-2-Clause */
/* opinion_dkim: the second opinion on signatures beside ours. */
#include "base/escape.h"
#include "engine/private.h"

#define LOG_B_BYTES		8

/* Ours has A-labels; libopendkim shows d= and s= as they were written. */
static bool
is_same(const struct dkim_verdict *ours, const struct second_result *theirs)
{
	return (str_eq(ours->sig.b_text, theirs->b) &&
	    (!str_is_ascii(theirs->domain) ||
	    str_eq_ci(ours->sig.domain, theirs->domain)) &&
	    (!str_is_ascii(theirs->selector) ||
	    str_eq_ci(ours->sig.selector, theirs->selector)));
}

/*
 * Whether the signature at i in our list is the one at k in theirs. Ours has
 * every signature, theirs those that libopendkim can read, both in the order
 * of the fields: with equal counts the place tells, else what they say.
 */
static bool
is_pair(const struct engine_msg *m, size_t i, size_t k)
{
	if (dkim_verifier_count(m->verifier) ==
	    second_dkim_count(m->second)) {
		return (i == k);
	}
	return (is_same(dkim_verifier_get(m->verifier, i),
	    second_dkim_get(m->second, k)));
}

static bool
passes(const struct second_result *theirs)
{
	return (str_eq(str_from(theirs->result), STR("pass")));
}

static void
add_value(struct buf *line, const char *key, struct str value, size_t max)
{
	buf_printf(line, " %s=", key);
	escape_log_value(line, value, max);
}

/* Either may be NULL: that side has no result for the signature. */
static void
log_difference(const struct engine_msg *m, const struct dkim_verdict *ours,
    const struct second_result *theirs)
{
	const char *trouble = second_dkim_trouble(m->second);
	struct buf line;

	buf_init(&line, 8192);
	buf_add_cstr(&line, "queue_id=");
	escape_log_value(&line, m->macros[ENGINE_QUEUE_ID],
	    LOG_VALUE_MAX_BYTES);
	buf_add_cstr(&line, " second opinion differs:");
	add_value(&line, "domain", ours != NULL ? ours->sig.domain :
	    theirs->domain, LOG_VALUE_MAX_BYTES);
	add_value(&line, "selector", ours != NULL ? ours->sig.selector :
	    theirs->selector, LOG_VALUE_MAX_BYTES);
	add_value(&line, "b", ours != NULL ? ours->sig.b_text : theirs->b,
	    LOG_B_BYTES);
	add_value(&line, "ours", str_from(ours != NULL ?
	    dkim_result_name(ours->result) : "none"), LOG_VALUE_MAX_BYTES);
	add_value(&line, "ours_reason", str_from(ours != NULL ?
	    ours->reason : NULL), LOG_VALUE_MAX_BYTES);
	add_value(&line, "theirs", str_from(theirs != NULL ?
	    theirs->result : "none"), LOG_VALUE_MAX_BYTES);
	add_value(&line, "theirs_reason", theirs != NULL ? theirs->reason :
	    str_from(trouble), LOG_VALUE_MAX_BYTES);
	if (line.status == STATUS_OK) {
		env_log(msg_env(m), LOG_LEVEL_WARNING, "%s", line.p);
	}
	buf_fini(&line);
}

/* Each signature of ours against theirs; a missing one did not pass. */
static bool
compare_ours(const struct engine_msg *m)
{
	size_t i, k, n = second_dkim_count(m->second);
	bool agrees = true;

	for (i = 0; i < dkim_verifier_count(m->verifier); i++) {
		const struct dkim_verdict *ours =
		    dkim_verifier_get(m->verifier, i);
		const struct second_result *theirs = NULL;

		for (k = 0; k < n && theirs == NULL; k++) {
			if (is_pair(m, i, k)) {
				theirs = second_dkim_get(m->second, k);
			}
		}
		if ((ours->result == DKIM_PASS) !=
		    (theirs != NULL && passes(theirs))) {
			log_difference(m, ours, theirs);
			agrees = false;
		}
	}
	return (agrees);
}

/* What passes there and has no counterpart here. */
static bool
compare_theirs(const struct engine_msg *m)
{
	size_t i, k, n = dkim_verifier_count(m->verifier);
	bool agrees = true;

	for (k = 0; k < second_dkim_count(m->second); k++) {
		const struct second_result *theirs =
		    second_dkim_get(m->second, k);

		for (i = 0; i < n && !is_pair(m, i, k); i++) {
			continue;
		}
		if (i == n && passes(theirs)) {
			log_difference(m, NULL, theirs);
			agrees = false;
		}
	}
	return (agrees);
}

bool
engine_opinion_agrees_dkim(const struct engine_msg *m)
{
	bool agrees = compare_ours(m);

	return (compare_theirs(m) && agrees);
}

bool
engine_opinion_passes_dkim(const struct second_dkim *second)
{
	size_t i;

	for (i = 0; i < second_dkim_count(second); i++) {
		if (passes(second_dkim_get(second, i))) {
			return (true);
		}
	}
	return (false);
}
