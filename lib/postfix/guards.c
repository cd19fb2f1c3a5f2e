/* SPDX-License-Identifier: BSD-2-Clause */
#include "postfix/guards.h"

#define OCTAL_DIGITS_MAX	3

const char *
postfix_guard_name(enum postfix_guard guard)
{
	switch (guard) {
	case POSTFIX_NEWLINE:
		return ("smtpd_forbid_bare_newline");
	case POSTFIX_PIPELINING:
		return ("smtpd_forbid_unauth_pipelining");
	case POSTFIX_CHARACTERS:
	case POSTFIX_GUARDS_N:
		break;
	}
	return ("message_reject_characters");
}

bool
postfix_guard_is_cleanup(enum postfix_guard guard)
{
	return (guard == POSTFIX_CHARACTERS);
}

static bool
is_octal(char c)
{
	return (c >= '0' && c <= '7');
}

/* Whether a set of characters with C's escapes has NUL: "\0", "\000", but not
   "\01" or "\\0". */
static bool
has_nul(struct str set)
{
	size_t i, n;
	bool zero;

	for (i = 0; i + 1 < set.n; i++) {
		if (set.p[i] != '\\') {
			continue;
		}
		zero = true;
		for (n = 0; n < OCTAL_DIGITS_MAX && i + 1 + n < set.n &&
		    is_octal(set.p[i + 1 + n]); n++) {
			zero = zero && set.p[i + 1 + n] == '0';
		}
		if (n > 0 && zero) {
			return (true);
		}
		i += n > 0 ? n : 1;
	}
	return (false);
}

static bool
is_one_of(struct str value, const char *const *words, size_t n)
{
	size_t i;

	for (i = 0; i < n && !str_eq_ci(value, str_from(words[i])); i++) {
		continue;
	}
	return (i < n);
}

bool
postfix_guard_is_safe(enum postfix_guard guard, struct str value)
{
	/* "note" is 3.9's: normalize, and a line in the log. */
	static const char *const newline[] = {
		"normalize", "yes", "reject", "note"
	};

	switch (guard) {
	case POSTFIX_NEWLINE:
		return (is_one_of(value, newline, 4));
	case POSTFIX_PIPELINING:
		return (str_eq_ci(value, STR("yes")));
	case POSTFIX_CHARACTERS:
	case POSTFIX_GUARDS_N:
		break;
	}
	return (has_nul(value));
}

void
postfix_guard_value(struct buf *out, enum postfix_guard guard,
    struct str value, struct str version)
{
	/* The first releases with the parameter take yes and no only. */
	static const char *const boolean[] = {
		"3.5.23", "3.6.13", "3.7.9", "3.8.4"
	};

	switch (guard) {
	case POSTFIX_NEWLINE:
		buf_add_cstr(out, is_one_of(version, boolean, 4) ? "yes" :
		    "normalize");
		return;
	case POSTFIX_PIPELINING:
		buf_add_cstr(out, "yes");
		return;
	case POSTFIX_CHARACTERS:
	case POSTFIX_GUARDS_N:
		break;
	}
	/* A digit behind "\0" would be part of it; a parameter may begin with
	   one. */
	buf_printf(out, "%s%.*s", value.n > 0 && (is_octal(value.p[0]) ||
	    value.p[0] == '$') ? "\\000" : "\\0", STR_FMT(value));
}
