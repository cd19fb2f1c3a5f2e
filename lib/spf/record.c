/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <stdlib.h>

#include "spf/macro.h"
#include "spf/record.h"

/* Estimate: a policy of ten terms. */
#define POLICY_ABOUT_BYTES	(sizeof(struct spf_policy) + \
				    10 * sizeof(struct spf_term))
#define V4_BITS			32
#define V6_BITS			128

enum argument {			/* what may follow the name */
	ARG_NONE, ARG_DOMAIN, ARG_OPTIONAL, ARG_DUAL_CIDR, ARG_NETWORK
};

static const struct mechanism_row {
	struct str		name;
	enum spf_mechanism	mechanism;
	enum argument		argument;
} mechanisms[] = {
	{ { "all", 3 }, SPF_ALL, ARG_NONE },
	{ { "include", 7 }, SPF_INCLUDE, ARG_DOMAIN },
	{ { "a", 1 }, SPF_A, ARG_DUAL_CIDR },
	{ { "mx", 2 }, SPF_MX, ARG_DUAL_CIDR },
	{ { "ptr", 3 }, SPF_PTR, ARG_OPTIONAL },
	{ { "ip4", 3 }, SPF_IP4, ARG_NETWORK },
	{ { "ip6", 3 }, SPF_IP6, ARG_NETWORK },
	{ { "exists", 6 }, SPF_EXISTS, ARG_DOMAIN }
};

static bool
refuse_term(struct spf_record *r, struct str problem, const char *error)
{
	r->error = error;
	r->problem = problem;
	return (false);
}

/* name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ); 0: not a name. */
static size_t
name_length(struct str s)
{
	size_t n = 0;

	if (s.n == 0 || !char_is_alpha(s.p[0])) {
		return (0);
	}
	while (n < s.n && (char_is_alpha(s.p[n]) || char_is_digit(s.p[n]) ||
	    s.p[n] == '-' || s.p[n] == '_' || s.p[n] == '.')) {
		n++;
	}
	return (n);
}

/* A decimal number up to max, without leading zeros (RFC 7208 5.6). */
static bool
read_bits(struct str digits, unsigned max, uint8_t *bits_r)
{
	uint64_t value;

	if (!str_to_u64(digits, &value) || value > max ||
	    (digits.n > 1 && digits.p[0] == '0')) {
		return (false);
	}
	*bits_r = (uint8_t)value;
	return (true);
}

/* Removes "/" and digits from the end of *rest; false if it has none. */
static bool
cut_slash(struct str *rest, struct str *digits_r)
{
	size_t n = rest->n;

	while (n > 0 && char_is_digit(rest->p[n - 1])) {
		n--;
	}
	if (n == rest->n || n == 0 || rest->p[n - 1] != '/') {
		return (false);
	}
	*digits_r = str_from_offset(*rest, n);
	*rest = str_first(*rest, n - 1);
	return (true);
}

/*
 * dual-cidr-length, parsed from the right: a domain-spec may contain slashes,
 * but cannot end with one and digits.
 */
static bool
cut_dual_cidr(struct str *rest, struct spf_term *term)
{
	struct str digits;
	bool six;

	if (!cut_slash(rest, &digits)) {
		return (true);
	}
	six = rest->n > 0 && rest->p[rest->n - 1] == '/';
	if (!six) {
		return (read_bits(digits, V4_BITS, &term->bits4));
	}
	rest->n--;
	if (!read_bits(digits, V6_BITS, &term->bits6)) {
		return (false);
	}
	return (!cut_slash(rest, &digits) ||
	    read_bits(digits, V4_BITS, &term->bits4));
}

static bool
read_spec(struct str text, struct spf_spec *spec)
{
	spec->text = text;
	return (spf_macro_check(text, SPF_MACRO_DOMAIN, &spec->uses));
}

/* ":", an address, and optionally a prefix length. */
static bool
read_network(struct str rest, struct spf_term *term)
{
	bool six = term->mechanism == SPF_IP6;
	char text[INET6_ADDRSTRLEN] = "";
	struct str digits;

	if (rest.n < 2 || rest.p[0] != ':') {
		return (false);
	}
	rest = str_from_offset(rest, 1);
	if (cut_slash(&rest, &digits) && !read_bits(digits,
	    six ? V6_BITS : V4_BITS, six ? &term->bits6 : &term->bits4)) {
		return (false);
	}
	if (rest.n >= sizeof(text)) {
		return (false);
	}
	memcpy(text, rest.p, rest.n);
	return (inet_pton(six ? AF_INET6 : AF_INET, text, term->octets) == 1);
}

/* Parses the argument of a mechanism. Returns NULL or a reason. */
static const char *
read_argument(const struct mechanism_row *row, struct str rest,
    struct spf_term *term)
{
	switch (row->argument) {
	case ARG_NONE:
		return (rest.n == 0 ? NULL : "all takes no argument");
	case ARG_NETWORK:
		return (read_network(rest, term) ? NULL :
		    "not an address or network");
	case ARG_DUAL_CIDR:
		if (!cut_dual_cidr(&rest, term)) {
			return ("bad prefix length");
		}
		break;
	case ARG_DOMAIN:
		if (rest.n == 0) {
			return ("a domain is missing");
		}
		break;
	case ARG_OPTIONAL:
		break;
	}
	if (rest.n == 0) {
		return (NULL);
	}
	return (rest.p[0] == ':' && read_spec(str_from_offset(rest, 1),
	    &term->spec) ? NULL : "not a domain-spec");
}

static bool
read_directive(struct spf_record *r, struct str text)
{
	struct spf_term term = { .text = text, .result = SPF_PASS,
		.bits4 = V4_BITS, .bits6 = V6_BITS };
	struct str rest = text, name;
	const char *error;
	size_t i;

	switch (text.p[0]) {
	case '-':
		term.result = SPF_FAIL;
		break;
	case '~':
		term.result = SPF_SOFTFAIL;
		break;
	case '?':
		term.result = SPF_NEUTRAL;
		break;
	default:
		break;
	}
	if (term.result != SPF_PASS || text.p[0] == '+') {
		rest = str_from_offset(rest, 1);
	}
	name = str_first(rest, name_length(rest));
	rest = str_from_offset(rest, name.n);
	for (i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++) {
		if (str_eq_ci(name, mechanisms[i].name)) {
			break;
		}
	}
	if (i == sizeof(mechanisms) / sizeof(mechanisms[0])) {
		return (refuse_term(r, text, "unknown mechanism"));
	}
	term.mechanism = mechanisms[i].mechanism;
	error = read_argument(&mechanisms[i], rest, &term);
	if (error != NULL) {
		return (refuse_term(r, text, error));
	}
	if (r->n == SPF_RECORD_MAX_TERMS) {
		return (refuse_term(r, text, "too many terms"));
	}
	r->v[r->n++] = term;
	return (true);
}

/* redirect= and exp=, at most once each (RFC 7208 6). */
static bool
read_modifier(struct spf_record *r, struct str text, struct str name,
    struct str value)
{
	struct spf_spec *spec;
	unsigned uses;

	if (str_eq_ci(name, STR("redirect"))) {
		spec = &r->redirect;
	} else if (str_eq_ci(name, STR("exp"))) {
		spec = &r->exp;
	} else if (spf_macro_check(value, SPF_MACRO_STRING, &uses)) {
		return (true);
	} else {
		return (refuse_term(r, text, "bad macro"));
	}
	if (spec->text.p != NULL) {
		return (refuse_term(r, text, "modifier given twice"));
	}
	return (read_spec(value, spec) ||
	    refuse_term(r, text, "not a domain-spec"));
}

static bool
read_term(struct spf_record *r, struct str text)
{
	size_t i, n;

	for (i = 0; i < text.n; i++) {
		if (text.p[i] <= ' ' || text.p[i] > '~') {
			return (refuse_term(r, text,
			    "an octet that is not printable ASCII"));
		}
	}
	n = name_length(text);
	if (n > 0 && n < text.n && text.p[n] == '=') {
		return (read_modifier(r, text, str_first(text, n),
		    str_from_offset(text, n + 1)));
	}
	return (read_directive(r, text));
}

bool
spf_record_is(struct str text)
{
	static const struct str version = { "v=spf1", 6 };

	return (str_starts_ci(text, version) &&
	    (text.n == version.n || text.p[version.n] == ' '));
}

/* An upper bound for the directives in the text. */
static size_t
count_terms(struct str text)
{
	size_t i, n = 0;

	for (i = 1; i < text.n; i++) {
		n += text.p[i] != ' ' && text.p[i - 1] == ' ';
	}
	return (n < SPF_RECORD_MAX_TERMS ? n : SPF_RECORD_MAX_TERMS);
}

enum status
spf_record_parse(struct str text, struct spf_record *r)
{
	struct str rest = text, term;

	*r = (struct spf_record){ .text = text };
	if (!spf_record_is(text)) {
		(void)refuse_term(r, str_first(text, 0), "not an SPF record");
		return (STATUS_OK);
	}
	r->v = calloc(count_terms(text) + 1, sizeof(*r->v));
	if (r->v == NULL) {
		return (STATUS_NOMEM);
	}
	(void)str_next(&rest, ' ', &term);
	while (str_next(&rest, ' ', &term)) {
		if (term.n > 0 && !read_term(r, term)) {
			break;
		}
	}
	return (STATUS_OK);
}

void
spf_record_fini(struct spf_record *r)
{
	free(r->v);
	r->v = NULL;
	r->n = 0;
}

static void
policy_free(void *object)
{
	struct spf_policy *policy = object;

	spf_record_fini(&policy->record);
	free(policy);
}

static void *
policy_parse(const struct dns_answer *answer)
{
	struct spf_policy *policy = calloc(1, sizeof(*policy));
	struct str text = STR_NONE;
	size_t i;

	if (policy == NULL) {
		return (NULL);
	}
	for (i = 0; i < answer->n; i++) {
		if (spf_record_is(answer->v[i].data)) {
			text = answer->v[i].data;
			policy->count++;
		}
	}
	if (policy->count == 1 &&
	    spf_record_parse(text, &policy->record) != STATUS_OK) {
		policy_free(policy);
		return (NULL);
	}
	return (policy);
}

const struct dns_parser spf_policy_parser = {
	.parse = policy_parse,
	.free = policy_free,
	.object_bytes = POLICY_ABOUT_BYTES
};
