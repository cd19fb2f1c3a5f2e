/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "dns/name.h"

/* Whether a label from outside may contain c. */
static bool
is_name_char(char c)
{
	return (c > ' ' && c < 0x7f && c != '.' && c != '\\');
}

bool
dns_name_make(struct str text, struct dns_name *name_r)
{
	size_t i, label_n = 0;

	if (text.n > 0 && text.p[text.n - 1] == '.') {
		text.n--;
	}
	if (text.n == 0 || text.n > DNS_NAME_MAX_BYTES) {
		return (false);
	}
	for (i = 0; i < text.n; i++) {
		if (text.p[i] == '.') {
			if (label_n == 0) {
				return (false);
			}
			label_n = 0;
		} else if ((!is_name_char(text.p[i]) && text.p[i] != ' ') ||
		    ++label_n > DNS_LABEL_MAX_BYTES) {
			return (false);
		}
		name_r->p[i] = char_lower(text.p[i]);
	}
	name_r->n = text.n;
	return (label_n > 0);
}

/* Appends the label of n octets at p, with a dot before all but the first. */
static bool
append_label(struct dns_name *name, const char *p, size_t n)
{
	size_t i;

	if (name->n + n + (name->n > 0) > DNS_NAME_MAX_BYTES) {
		return (false);
	}
	if (name->n > 0) {
		name->p[name->n++] = '.';
	}
	for (i = 0; i < n; i++) {
		name->p[name->n++] = is_name_char(p[i]) || p[i] == ' ' ?
		    char_lower(p[i]) : '\0';
	}
	return (true);
}

bool
dns_name_read(struct str packet, size_t *at_r, struct dns_name *name)
{
	size_t at = *at_r, end = 0, first = at, n;

	name->n = 0;
	while (at < packet.n && (n = (unsigned char)packet.p[at]) != 0) {
		if (n <= DNS_LABEL_MAX_BYTES) {
			if (n >= packet.n - at ||
			    !append_label(name, packet.p + at + 1, n)) {
				return (false);
			}
			at += 1 + n;
			continue;
		}
		/* RFC 1035 4.1.4: a pointer, always backwards: it ends. */
		if (n < 0xc0 || packet.n - at < 2) {
			return (false);
		}
		end = end != 0 ? end : at + 2;
		at = (n & 0x3f) << 8 | (unsigned char)packet.p[at + 1];
		if (at >= first) {
			return (false);
		}
		first = at;
	}
	*at_r = end != 0 ? end : at + 1;
	return (at < packet.n);
}

bool
dns_name_is_text(const struct dns_name *name)
{
	return (memchr(name->p, '\0', name->n) == NULL &&
	    memchr(name->p, ' ', name->n) == NULL);
}
