/* SPDX-License-Identifier: BSD-2-Clause */
/* read_tls: a report of TLS failures (RFC 8460 4.4), by jansson. */
#include "config.h"

#include <time.h>

#include <jansson.h>

#include "report/read_private.h"

static void *
json_open(struct read_unit *unit, enum read_origin origin, const char *what)
{
	return (read_whole_new(unit, origin, what, READ_JSON_MAX_BYTES));
}

static const char *
take_text(struct report *r, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return (read_text(r, str_trim_fws(str_mem(json_string_value(value),
	    json_string_length(value)))));
}

/* Digits of s from `at`; -1: others. */
static int
digits(struct str s, size_t at, size_t n)
{
	uint64_t v;

	return (at + n <= s.n && str_to_u64(str_first(str_from_offset(s, at),
	    n), &v) ? (int)v : -1);
}

/* Seconds east of UTC of "+01:00" or "+0100"; absent, or "Z": 0. */
static bool
parse_offset(struct str s, int64_t *offset_r)
{
	size_t sign = 0, colon;
	int hours, minutes;

	*offset_r = 0;
	while (sign < s.n && s.p[sign] != '+' && s.p[sign] != '-') {
		sign++;
	}
	if (sign == s.n) {
		return (true);
	}
	colon = sign + 3 < s.n && s.p[sign + 3] == ':' ? 1 : 0;
	hours = digits(s, sign + 1, 2);
	minutes = digits(s, sign + 3 + colon, 2);
	*offset_r = (s.p[sign] == '-' ? -60 : 60) * (hours * 60 + minutes);
	return (hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60);
}

/* RFC 3339, of which the offset may be absent; else REPORT_TIME_NONE. */
static int64_t
parse_time(struct str s)
{
	struct tm tm = { .tm_year = digits(s, 0, 4) - 1900,
		.tm_mon = digits(s, 5, 2) - 1, .tm_mday = digits(s, 8, 2),
		.tm_hour = digits(s, 11, 2), .tm_min = digits(s, 14, 2),
		.tm_sec = digits(s, 17, 2) };
	const struct tm given = tm;
	int64_t offset, t;

	/* 60: a leap second. */
	if (tm.tm_year < 0 || tm.tm_mon < 0 || tm.tm_mday < 1 ||
	    tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 ||
	    tm.tm_min > 59 || tm.tm_sec < 0 || tm.tm_sec > 60 ||
	    !parse_offset(str_from_offset(s, 19), &offset)) {
		return (REPORT_TIME_NONE);
	}
	tm.tm_sec = 0;
	t = timegm(&tm);
	/* A day that the calendar lacks is another one by now. */
	return (tm.tm_mday != given.tm_mday || tm.tm_mon != given.tm_mon ?
	    REPORT_TIME_NONE : t + given.tm_sec - offset);
}

static int64_t
take_time(struct report *r, const json_t *range, const char *key)
{
	const json_t *value = json_object_get(range, key);
	int64_t t = REPORT_TIME_NONE;

	if (json_is_string(value)) {
		t = parse_time(str_mem(json_string_value(value),
		    json_string_length(value)));
	}
	if (t == REPORT_TIME_NONE) {
		report_warn(r, "%s is not a time", key);
	}
	return (t);
}

/* A count; some write it as text. */
static int64_t
take_count(struct report *r, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	uint64_t n;

	if (json_is_integer(value) && json_integer_value(value) >= 0) {
		return (json_integer_value(value));
	}
	if (json_is_real(value) && json_real_value(value) >= 0 &&
	    json_real_value(value) < 9e15) {
		report_warn(r, "%s is not an integer", key);
		return ((int64_t)json_real_value(value));
	}
	if (json_is_string(value) && str_to_u64(str_mem(
	    json_string_value(value), json_string_length(value)), &n) &&
	    n <= INT64_MAX) {
		report_warn(r, "%s is text, not a number", key);
		return ((int64_t)n);
	}
	report_warn(r, "%s is missing or not a number", key);
	return (0);
}

/* Some write a policy in place of a list of one. */
static const json_t *
get_policy(const json_t *policies, size_t i)
{
	return (json_is_array(policies) ? json_array_get(policies, i) :
	    policies);
}

static bool
take_policies(struct report *r, const json_t *policies)
{
	struct report_tls *t = &r->tls;
	size_t i, n = json_is_array(policies) ? json_array_size(policies) : 1;

	if (n > READ_TLS_POLICIES_MAX) {
		report_warn(r, "only the first %d policies were read",
		    READ_TLS_POLICIES_MAX);
		n = READ_TLS_POLICIES_MAX;
	}
	t->policies = arena_calloc(&r->arena, n, sizeof(*t->policies));
	if (t->policies == NULL) {
		return (false);
	}
	for (i = 0; i < n; i++) {
		const json_t *item = get_policy(policies, i);
		const json_t *policy = json_object_get(item, "policy");
		const json_t *sums = json_object_get(item, "summary");

		t->policies[i] = (struct report_tls_policy){
			take_text(r, policy, "policy-domain"),
			take_text(r, policy, "policy-type"),
			take_count(r, sums, "total-successful-session-count"),
			take_count(r, sums, "total-failure-session-count") };
	}
	t->policies_n = n;
	if (n == 0) {
		report_warn(r, "no policies");
	} else if (!json_is_array(policies)) {
		report_warn(r, "policies is not a list");
	}
	return (true);
}

static enum read_result
take_report(struct read_unit *u, const json_t *json)
{
	const json_t *policies = json_object_get(json, "policies");
	const json_t *range = json_object_get(json, "date-range");
	struct report *r;

	if (!json_is_array(policies) &&
	    json_object_get(policies, "policy") == NULL) {
		return (read_unit_fail(u, READ_FOREIGN, "JSON, but no report "
		    "of TLS failures: it has no list of policies"));
	}
	r = report_new(REPORT_TLS, READ_TEXTS_MAX_BYTES);
	if (r == NULL || !take_policies(r, policies)) {
		report_free(r);
		return (read_unit_fail(u, READ_NOMEM, "out of memory"));
	}
	r->tls.org = take_text(r, json, "organization-name");
	r->tls.id = take_text(r, json, "report-id");
	r->tls.begin_s = take_time(r, range, "start-datetime");
	r->tls.end_s = take_time(r, range, "end-datetime");
	if (r->tls.org[0] == '\0') {
		report_warn(r, "organization-name missing");
	}
	if (r->tls.id[0] == '\0') {
		report_warn(r, "report-id missing");
	}
	read_unit_add(u, r);
	return (READ_OK);
}

static enum read_result
json_end(void *state, bool whole)
{
	struct read_whole *w = state;
	struct str s = buf_str(&w->bytes);
	enum read_result result = w->unit->worst;
	json_error_t error;
	json_t *json;

	(void)whole;
	if (s.n >= 3 && memcmp(s.p, "\xef\xbb\xbf", 3) == 0) {
		s = str_from_offset(s, 3);
	}
	if (!read_unit_over(w->unit)) {
		json = json_loadb(s.p, s.n, JSON_ALLOW_NUL, &error);
		result = json != NULL ? take_report(w->unit, json) :
		    read_unit_fail(w->unit, READ_DAMAGED,
		    "JSON that is not well-formed: line %d: %s", error.line,
		    error.text);
		json_decref(json);
	}
	read_whole_free(w);
	return (result);
}

const struct read_kind read_json = { "JSON", json_open, read_whole_bytes,
	json_end };
