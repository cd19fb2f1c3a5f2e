/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/name.h"

bool
dns_name_char(char c)
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
		} else if ((!dns_name_char(text.p[i]) && text.p[i] != ' ') ||
		    ++label_n > DNS_LABEL_MAX_BYTES) {
			return (false);
		}
		name_r->p[i] = char_lower(text.p[i]);
	}
	name_r->n = text.n;
	return (label_n > 0);
}
