/* SPDX-License-Identifier: BSD-2-Clause */
#include "dmarc/uri.h"

/* RFC 3986 2, without ',' and '!', which must be encoded (RFC 9989 4.6). */
static bool
is_uri_char(char c)
{
	return (char_is_alpha(c) || char_is_digit(c) ||
	    (c != '\0' && strchr("-._~:/?#[]@$&'()*+;=", c) != NULL));
}

static bool
is_scheme(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (!char_is_alpha(s.p[i]) && (i == 0 ||
		    (!char_is_digit(s.p[i]) && s.p[i] != '+' &&
		    s.p[i] != '-' && s.p[i] != '.'))) {
			return (false);
		}
	}
	return (s.n > 0);
}

static bool
is_uri(struct str s)
{
	size_t colon = str_find(s, ':'), i;

	if (colon + 1 >= s.n || !is_scheme(str_first(s, colon))) {
		return (false);
	}
	for (i = colon + 1; i < s.n; i++) {
		if (s.p[i] == '%') {
			if (s.n - i < 3 || char_hex(s.p[i + 1]) < 0 ||
			    char_hex(s.p[i + 2]) < 0) {
				return (false);
			}
		} else if (!is_uri_char(s.p[i])) {
			return (false);
		}
	}
	return (!str_eq_ci(str_first(s, colon), STR("mailto")) ||
	    dmarc_uri_mailto(s).p != NULL);
}

/* Octets: digits and a unit, each of 1024 times the one before. */
static uint64_t
read_size(struct str digits, char unit)
{
	static const char units[] = "kmgt";
	unsigned shift = unit == '\0' ? 0 :
	    10 * (unsigned)(strchr(units, unit) - units + 1);
	uint64_t n;

	if (!str_to_u64(digits, &n) || n > UINT64_MAX >> shift) {
		return (UINT64_MAX);
	}
	return (n << shift);
}

/* Removes "!", digits and a unit (RFC 7489 6.3, obsoleted by RFC 9989 4.6). */
static struct str
take_size(struct str s, uint64_t *bytes_r)
{
	size_t at = str_rfind(s, '!'), i = at + 1, end;
	char unit = '\0';

	*bytes_r = UINT64_MAX;
	while (i < s.n && char_is_digit(s.p[i])) {
		i++;
	}
	if (at >= s.n || i == at + 1) {
		return (s);
	}
	end = i;
	if (i < s.n && strchr("kmgt", char_lower(s.p[i])) != NULL) {
		unit = char_lower(s.p[i++]);
	}
	if (i != s.n) {
		return (s);
	}
	*bytes_r = read_size(str_first(str_from_offset(s, at + 1),
	    end - at - 1), unit);
	return (str_first(s, at));
}

bool
dmarc_uri_next_sized(struct str *list, struct str *uri_r, uint64_t *bytes_r)
{
	struct str item;

	while (str_next(list, ',', &item)) {
		item = take_size(str_trim_wsp(item), bytes_r);
		if (is_uri(item)) {
			*uri_r = item;
			return (true);
		}
	}
	*uri_r = STR_NONE;
	return (false);
}

bool
dmarc_uri_next(struct str *list, struct str *uri_r)
{
	uint64_t bytes;

	return (dmarc_uri_next_sized(list, uri_r, &bytes));
}

struct str
dmarc_uri_mailto(struct str uri)
{
	static const char scheme[] = "mailto:";
	struct str address;
	size_t at;

	if (!str_starts_ci(uri, STR(scheme))) {
		return (STR_NONE);
	}
	address = str_from_offset(uri, sizeof(scheme) - 1);
	address = str_first(address, str_find(address, '?'));
	at = str_rfind(address, '@');
	return (at > 0 && at + 1 < address.n ? address : STR_NONE);
}
