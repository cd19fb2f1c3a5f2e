/* SPDX-License-Identifier: BSD-2-Clause */
#include "dkim/cover.h"

/*
 * Fields that RFC 5322 3.6 and RFC 2045 allow once and that a reader sees or a
 * client obeys. From is OnBadFrom's. Sender is not in the list: lists add it.
 */
#define FIELD(name)	{ STR(name), "a second " name " is not signed" }
static const struct {
	struct str	 name;
	const char	*reason;
} once[] = {
	FIELD("Subject"), FIELD("Date"), FIELD("To"), FIELD("Cc"),
	FIELD("Reply-To"), FIELD("Message-ID"), FIELD("In-Reply-To"),
	FIELD("References"), FIELD("MIME-Version"), FIELD("Content-Type"),
	FIELD("Content-Transfer-Encoding"),
};

const char dkim_uncovered_body[] = "the body is longer than its signed part";

static uint64_t
add_bounded(uint64_t a, uint64_t b)
{
	return (b < UINT64_MAX - a ? a + b : UINT64_MAX);
}

/* 100 * a / percent, of any a; percent is not 0. */
static uint64_t
scale_bounded(uint64_t a, uint64_t percent)
{
	if (a / percent > UINT64_MAX / 100 - 1) {
		return (UINT64_MAX);
	}
	return (a / percent * 100 + a % percent * 100 / percent);
}

uint64_t
dkim_minimum_allows(const struct dkim_minimum *minimum, uint64_t signed_bytes)
{
	switch (minimum->kind) {
	case DKIM_MINIMUM_LEFT:
		return (add_bounded(signed_bytes, minimum->n));
	case DKIM_MINIMUM_BYTES:
		return (signed_bytes >= minimum->n ? UINT64_MAX :
		    signed_bytes);
	case DKIM_MINIMUM_PERCENT:
		return (minimum->n > 0 ?
		    scale_bounded(signed_bytes, minimum->n) : UINT64_MAX);
	}
	return (signed_bytes);
}

static size_t
count_name(const struct str *names, size_t n, struct str name)
{
	size_t i, count = 0;

	for (i = 0; i < n; i++) {
		count += str_eq_ci(names[i], name);
	}
	return (count);
}

static bool
is_signed(const struct dkim_headers *headers, const struct str *names,
    size_t names_n, struct str name)
{
	return (count_name(names, names_n, name) >=
	    dkim_headers_count(headers, name));
}

/* The same for what a field may show that is not signed. */
static const char *
uncovered_by_loose(const struct str *names, size_t names_n,
    const struct field *field)
{
	size_t i;

	for (i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
		if (field_hides(field->value, once[i].name) &&
		    count_name(names, names_n, once[i].name) > 0) {
			return (once[i].reason);
		}
	}
	return (field_ends_header(field) ?
	    "an unsigned field ends the header for some readers" : NULL);
}

const char *
dkim_uncovered_field(const struct dkim_headers *headers,
    const struct str *names, size_t names_n)
{
	const struct field *field;
	const char *reason;
	size_t i, fields, named;

	for (i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
		fields = dkim_headers_count(headers, once[i].name);
		if (fields < 2) {
			continue;
		}
		named = count_name(names, names_n, once[i].name);
		if (named > 0 && named < fields) {
			return (once[i].reason);
		}
	}
	for (i = 0; (field = dkim_headers_next_loose(headers, &i)) != NULL;) {
		if (is_signed(headers, names, names_n, field->name)) {
			continue;
		}
		reason = uncovered_by_loose(names, names_n, field);
		if (reason != NULL) {
			return (reason);
		}
	}
	return (NULL);
}
