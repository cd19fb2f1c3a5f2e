/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * authres_oracle: how many parts of a field say dmarc=pass, by splitting alone:
 * comments become a space, quoted strings a "Q", the rest is split at ';'.
 * authres_read may find fewer, never more.
 */
#ifndef TEST_UNIT_AUTHRES_ORACLE_H
#define TEST_UNIT_AUTHRES_ORACLE_H

#include <stdlib.h>
#include <string.h>

#include "authres/authres.h"

/* Skips white space; then, if it comes next, the word. */
static bool
oracle_word(const char **s, const char *word)
{
	*s += strspn(*s, " \t\r\n");
	if (strncasecmp(*s, word, strlen(word)) != 0) {
		return (false);
	}
	*s += strlen(word);
	return (true);
}

static bool
oracle_is_pass(const char *part)
{
	if (!oracle_word(&part, "dmarc")) {
		return (false);
	}
	if (oracle_word(&part, "/") && !oracle_word(&part, "1")) {
		return (false);
	}
	return (oracle_word(&part, "=") && oracle_word(&part, "pass") &&
	    strchr(" \t\r\n", *part) != NULL);
}

static size_t
oracle_passes(struct str value)
{
	char *flat = calloc(1, value.n + 2), *part, *rest = flat;
	size_t i, n = 0, depth = 0, passes = 0;
	bool quoted = false;

	for (i = 0; i < value.n && flat != NULL; i++) {
		char c = value.p[i];

		if ((quoted || depth > 0) && c == '\\') {
			i++;
		} else if (quoted) {
			quoted = c != '"';
		} else if (depth > 0 || c == '(') {
			depth += c == '(';
			depth -= c == ')';
			flat[n] = ' ';
			n += depth == 0;
		} else {
			quoted = c == '"';
			flat[n++] = quoted ? 'Q' : c != '\0' ? c : 'N';
		}
	}
	for (i = 0; (part = strsep(&rest, ";")) != NULL; i++) {
		passes += i > 0 && oracle_is_pass(part);
	}
	free(flat);
	return (passes);
}

/* Of a method with another version nothing is known. */
static size_t
oracle_found(const struct authres *a)
{
	size_t i, n = 0;

	for (i = 0; i < a->n; i++) {
		n += a->v[i].version == 1 &&
		    str_eq_ci(a->v[i].method, STR("dmarc")) &&
		    str_eq_ci(a->v[i].result, STR("pass"));
	}
	return (n);
}

#endif
