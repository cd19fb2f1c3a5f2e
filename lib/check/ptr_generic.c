/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reverse names that providers give to customers' lines: a word such as "dsl",
 * or the address itself in the name.
 */
#include <stdio.h>

#include "check/private.h"

#define NAME_MAX_BYTES	512

static const char *const generic_words[] = {
	"dyn", "dynamic", "dhcp", "dsl", "adsl", "pool", "ppp", "pppoe",
	"cable", "dialup", "broadband"
};

/* Whether the word stands in the name without letters around it. */
static bool
has_word(struct str name, struct str word)
{
	size_t i;

	for (i = 0; i + word.n <= name.n; i++) {
		if (str_eq_ci(str_mem(name.p + i, word.n), word) &&
		    (i == 0 || !char_is_alpha(name.p[i - 1])) &&
		    (i + word.n == name.n ||
		    !char_is_alpha(name.p[i + word.n]))) {
			return (true);
		}
	}
	return (false);
}

static bool
contains_part(struct str name, struct str part)
{
	size_t i;

	for (i = 0; i + part.n <= name.n; i++) {
		if (str_eq_ci(str_mem(name.p + i, part.n), part)) {
			return (true);
		}
	}
	return (false);
}

/* The numbers of the address that are in the name: a bit for each octet. */
static unsigned
count_octets(struct str name, const unsigned char *octets)
{
	bool seen[256] = { false };
	unsigned n = 0, value, k;
	size_t i = 0;

	while (i < name.n) {
		if (!char_is_digit(name.p[i])) {
			i++;
			continue;
		}
		for (value = 0; i < name.n && char_is_digit(name.p[i]); i++) {
			value = value * 10 + (unsigned)(name.p[i] - '0');
			value = value > 1000 ? 1000 : value;
		}
		for (k = 0; k < 4; k++) {
			if (value == octets[k] && !seen[value]) {
				seen[value] = true;
				n++;
			}
		}
	}
	return (n);
}

static bool
has_v4(struct str name, const unsigned char *o)
{
	char digits[16];

	(void)snprintf(digits, sizeof(digits), "%03u%03u%03u%03u", o[0], o[1],
	    o[2], o[3]);
	return (count_octets(name, o) >= 3 ||
	    contains_part(name, str_from(digits)));
}

/* The name without hyphens and dots. */
static struct str
strip_marks(struct str name, char out[NAME_MAX_BYTES])
{
	size_t i, n = 0;

	for (i = 0; i < name.n && n < NAME_MAX_BYTES; i++) {
		if (name.p[i] != '-' && name.p[i] != '.') {
			out[n++] = name.p[i];
		}
	}
	return (str_mem(out, n));
}

/* 32 digits in either order, or groups with hyphens or dots between. */
static bool
has_v6(struct str name, const struct ip_addr *ip)
{
	char forward[33], backward[33], groups[64] = "", shorter[IP_TEXT_BYTES];
	char stripped[NAME_MAX_BYTES], *p;
	struct str plain = strip_marks(name, stripped);
	size_t i, n = 0;

	for (i = 0; i < 16; i++) {
		(void)snprintf(forward + 2 * i, 3, "%02x", ip->octets[i]);
	}
	for (i = 0; i < 32; i++) {
		backward[i] = forward[31 - i];
	}
	backward[32] = '\0';
	for (i = 0; i < 16 && n < sizeof(groups); i += 2) {
		n += (size_t)snprintf(groups + n, sizeof(groups) - n, "%s%x",
		    i > 0 ? "-" : "", (unsigned)(ip->octets[i] << 8 |
		    ip->octets[i + 1]));
	}
	ip_text(ip, shorter);
	for (p = shorter; *p != '\0'; p++) {
		*p = *p == ':' ? '-' : *p;
	}
	return (contains_part(plain, str_from(forward)) ||
	    contains_part(plain, str_from(backward)) ||
	    contains_part(name, str_from(groups)) ||
	    contains_part(name, str_from(shorter)));
}

bool
check_name_is_generic(struct str name, const struct ip_addr *ip)
{
	size_t i;

	for (i = 0; i < sizeof(generic_words) / sizeof(generic_words[0]);
	    i++) {
		if (has_word(name, str_from(generic_words[i]))) {
			return (true);
		}
	}
	return (ip->v6 ? has_v6(name, ip) : has_v4(name, ip->octets));
}
