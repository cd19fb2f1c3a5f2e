/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * results: translates libopendkim's flags and error codes into the words of RFC
 * 8601, as OpenDKIM's daemon does for its Authentication-Results.
 */
#include "second/private.h"

const char *
second_word_name(enum second_word word)
{
	static const char *const names[] = {
		[SECOND_NONE] = "none", [SECOND_PASS] = "pass",
		[SECOND_FAIL] = "fail", [SECOND_POLICY] = "policy",
		[SECOND_NEUTRAL] = "neutral",
		[SECOND_TEMPERROR] = "temperror",
		[SECOND_PERMERROR] = "permerror"
	};

	return (names[word]);
}

static struct str
tag_copy(struct second_dkim *s, DKIM_SIGINFO *sig, const char *tag)
{
	const unsigned char *value = dkim_sig_gettagvalue(sig, false,
	    (unsigned char *)tag);

	return (arena_dup(s->arena, value != NULL ?
	    str_from((const char *)value) : STR("")));
}

static bool
tag_seconds(DKIM_SIGINFO *sig, const char *tag, uint64_t *value_r)
{
	const unsigned char *value = dkim_sig_gettagvalue(sig, false,
	    (unsigned char *)tag);

	return (value != NULL &&
	    str_to_u64(str_from((const char *)value), value_r));
}

/*
 * For a time of receipt other than now: the error that libopendkim would have
 * found at that time, or DKIM_SIGERROR_OK. See lib_for_time().
 */
static DKIM_SIGERROR
time_error(const struct second_dkim *s, DKIM_SIGINFO *sig)
{
	uint64_t now_s = (uint64_t)s->now_s;
	uint64_t value;

	if (tag_seconds(sig, "x", &value) &&
	    value <= UINT64_MAX - SECOND_DRIFT_S &&
	    now_s >= value + SECOND_DRIFT_S) {
		return (DKIM_SIGERROR_EXPIRED);
	}
	if (tag_seconds(sig, "t", &value) && value > now_s + SECOND_DRIFT_S) {
		return (DKIM_SIGERROR_FUTURE);
	}
	return (DKIM_SIGERROR_OK);
}

static enum second_word
result_word(DKIM_SIGINFO *sig, DKIM_SIGERROR error)
{
	unsigned int flags = dkim_sig_getflags(sig);
	bool pass = (flags & DKIM_SIGFLAG_PASSED) != 0 &&
	    dkim_sig_getbh(sig) == DKIM_SIGBH_MATCH;

	if (error == DKIM_SIGERROR_EXPIRED || error == DKIM_SIGERROR_FUTURE) {
		return (SECOND_PERMERROR);
	}
	if (pass) {
		return (SECOND_PASS);
	}
	if (error == DKIM_SIGERROR_MULTIREPLY ||
	    error == DKIM_SIGERROR_KEYFAIL ||
	    error == DKIM_SIGERROR_DNSSYNTAX) {
		return (SECOND_TEMPERROR);
	}
	if (error == DKIM_SIGERROR_KEYTOOSMALL) {
		return (SECOND_POLICY);
	}
	if ((flags & DKIM_SIGFLAG_PROCESSED) != 0) {
		return (SECOND_FAIL);
	}
	if (error != DKIM_SIGERROR_UNKNOWN && error != DKIM_SIGERROR_OK) {
		return (SECOND_PERMERROR);
	}
	return (SECOND_NEUTRAL);
}

static enum status
result_read(struct second_dkim *s, DKIM_SIGINFO *sig, struct second_result *r)
{
	DKIM_SIGERROR error = dkim_sig_geterror(sig);
	const char *text = s->error;

	if (s->own_lib != NULL) {
		DKIM_SIGERROR at_time = time_error(s, sig);

		if (at_time != DKIM_SIGERROR_OK) {
			error = at_time;
		}
	}
	r->domain = tag_copy(s, sig, "d");
	r->selector = tag_copy(s, sig, "s");
	r->b = tag_copy(s, sig, "b");
	r->result = result_word(sig, error);
	if (error != DKIM_SIGERROR_OK && error != DKIM_SIGERROR_UNKNOWN) {
		text = dkim_sig_geterrorstr(error);
	}
	r->reason = str_from(r->result != SECOND_PASS ? text : NULL);
	if (r->domain.p == NULL || r->selector.p == NULL || r->b.p == NULL) {
		return (STATUS_NOMEM);
	}
	return (STATUS_OK);
}

enum status
second_results_read(struct second_dkim *s)
{
	DKIM_SIGINFO **sigs = NULL;
	enum status status;
	int n = 0;

	if (dkim_getsiglist(s->dkim, &sigs, &n) != DKIM_STAT_OK || n <= 0) {
		return (STATUS_OK);
	}
	s->v = arena_calloc(s->arena, (size_t)n, sizeof(*s->v));
	if (s->v == NULL) {
		return (STATUS_NOMEM);
	}
	for (int i = 0; i < n; i++) {
		status = result_read(s, sigs[i], &s->v[i]);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	s->n = (size_t)n;
	return (STATUS_OK);
}
