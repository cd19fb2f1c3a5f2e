/* SPDX-License-Identifier: BSD-2-Clause */
#include "probe/policy.h"

enum { SEEN_VERSION = 1, SEEN_MODE = 2, SEEN_MAX_AGE = 4 };

static struct str
next_line(struct str *rest)
{
	size_t end = str_find(*rest, '\n');
	struct str line = str_first(*rest, end);

	*rest = str_from_offset(*rest, end + 1);
	if (line.n > 0 && line.p[line.n - 1] == '\r') {
		line.n--;
	}
	return (line);
}

/* Whether the status line says that the policy follows: redirects are not
   followed (RFC 8461 3.3). */
static bool
is_success(struct str line)
{
	size_t at = str_find(line, ' ');

	return (str_starts(line, STR("HTTP/1.")) &&
	    str_starts(str_from_offset(line, at + 1), STR("200")) &&
	    (line.n == at + 4 || line.p[at + 4] == ' '));
}

static bool
is_plain_text(struct str type)
{
	struct str media = str_trim_wsp(str_first(type, str_find(type, ';')));

	return (str_eq_ci(media, STR("text/plain")));
}

/* The body; absent: *trouble_r says why there is none. */
static struct str
find_body(struct str response, const char **trouble_r)
{
	struct str rest = response, line = next_line(&rest), name, value;
	bool plain = false;
	uint64_t length = UINT64_MAX;

	*trouble_r = "the web server does not answer 200; redirects are not "
	    "followed";
	if (!is_success(line)) {
		return (STR_NONE);
	}
	while (rest.n > 0 && (line = next_line(&rest)).n > 0) {
		name = str_first(line, str_find(line, ':'));
		value = str_trim_wsp(str_from_offset(line, name.n + 1));
		if (str_eq_ci(name, STR("content-type"))) {
			plain = is_plain_text(value);
		} else if (str_eq_ci(name, STR("content-length"))) {
			(void)str_to_u64(value, &length);
		}
	}
	if (!plain) {
		*trouble_r = "it is not served as text/plain";
	} else if (length != UINT64_MAX && length > rest.n) {
		*trouble_r = "the web server did not send all of it";
	} else if (rest.n > POLICY_MAX_BYTES) {
		*trouble_r = "it is longer than 64 kilobytes";
	} else {
		return (rest.p != NULL ? str_first(rest, length < rest.n ?
		    (size_t)length : rest.n) : STR(""));
	}
	return (STR_NONE);
}

static bool
take_mode(struct policy *r, struct str value)
{
	static const char *const names[] = { "none", "testing", "enforce" };
	unsigned i;

	for (i = 0; i < 3; i++) {
		if (str_eq(value, str_from(names[i]))) {
			r->mode = (enum policy_mode)i;
			return (true);
		}
	}
	return (false);
}

/* Of fields but mx the first one counts. NULL, or what is wrong. */
static const char *
take_field(struct policy *r, struct str name, struct str value, unsigned *seen)
{
	if (str_eq(name, STR("mx"))) {
		if (r->mx_n < POLICY_MAX_MX && value.n > 0) {
			r->mx[r->mx_n++] = value;
		}
	} else if (str_eq(name, STR("version")) &&
	    (*seen & SEEN_VERSION) == 0) {
		*seen |= SEEN_VERSION;
		return (str_eq(value, STR("STSv1")) ? NULL :
		    "its version is not STSv1");
	} else if (str_eq(name, STR("mode")) && (*seen & SEEN_MODE) == 0) {
		*seen |= SEEN_MODE;
		return (take_mode(r, value) ? NULL :
		    "its mode is not none, testing or enforce");
	} else if (str_eq(name, STR("max_age")) &&
	    (*seen & SEEN_MAX_AGE) == 0) {
		*seen |= SEEN_MAX_AGE;
		return (str_to_u64(value, &r->max_age_s) &&
		    r->max_age_s <= POLICY_MAX_AGE_S ? NULL :
		    "its max_age is not a number of seconds up to a year");
	}
	return (NULL);
}

bool
policy_read(struct str response, struct policy *r, const char **trouble_r)
{
	struct str rest = find_body(response, trouble_r), line, name;
	unsigned seen = 0;

	*r = (struct policy){ .mode = POLICY_NONE };
	if (rest.p == NULL) {
		return (false);
	}
	while (rest.n > 0) {
		line = next_line(&rest);
		name = str_first(line, str_find(line, ':'));
		*trouble_r = take_field(r, str_trim_wsp(name), str_trim_wsp(
		    str_from_offset(line, name.n + 1)), &seen);
		if (*trouble_r != NULL) {
			return (false);
		}
	}
	*trouble_r = (seen & SEEN_VERSION) == 0 ? "it has no version" :
	    (seen & SEEN_MODE) == 0 ? "it has no mode" :
	    (seen & SEEN_MAX_AGE) == 0 ? "it has no max_age" :
	    r->mode != POLICY_NONE && r->mx_n == 0 ? "it names no mx" : NULL;
	return (*trouble_r == NULL);
}

bool
policy_has(const struct policy *policy, struct str host)
{
	struct str parent = str_from_offset(host, str_find(host, '.') + 1);
	size_t i;

	for (i = 0; i < policy->mx_n; i++) {
		struct str mx = policy->mx[i];

		if (str_starts(mx, STR("*.")) ? parent.n > 0 &&
		    str_eq_ci(str_from_offset(mx, 2), parent) :
		    str_eq_ci(mx, host)) {
			return (true);
		}
	}
	return (false);
}
