/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/name.h"
#include "dns/rdata.h"

static enum status
keep(struct arena *arena, struct str octets, struct dns_record *r)
{
	r->data = arena_dup(arena, octets);
	return (r->data.p != NULL ? STATUS_OK : STATUS_NOMEM);
}

/* Labels, each behind its length; the root's length of 0 ends the name. */
static enum status
read_name(struct arena *arena, struct str wire, struct dns_record *r)
{
	char text[DNS_NAME_MAX_BYTES + 1];
	size_t at = 0, n = 0, i, label_n;

	while (at < wire.n && wire.p[at] != '\0') {
		label_n = (unsigned char)wire.p[at++];
		if (label_n > DNS_LABEL_MAX_BYTES || label_n > wire.n - at ||
		    n + label_n + (n > 0) > DNS_NAME_MAX_BYTES) {
			return (STATUS_SYNTAX);
		}
		if (n > 0) {
			text[n++] = '.';
		}
		for (i = 0; i < label_n; i++, at++) {
			if (!dns_name_char(wire.p[at])) {
				return (STATUS_SYNTAX);
			}
			text[n++] = char_lower(wire.p[at]);
		}
	}
	if (at + 1 != wire.n) {
		return (STATUS_SYNTAX);
	}
	return (keep(arena, str_mem(text, n), r));
}

/* At least one string, each behind its length (RFC 1035 3.3.14). */
static enum status
read_txt(struct arena *arena, struct str wire, struct dns_record *r)
{
	size_t at, n = 0, string_n;
	char *text;

	if (wire.n == 0) {
		return (STATUS_SYNTAX);
	}
	if (wire.n > DNS_TXT_MAX_BYTES) {
		return (STATUS_LIMIT);
	}
	text = arena_alloc(arena, wire.n);
	if (text == NULL) {
		return (STATUS_NOMEM);
	}
	for (at = 0; at < wire.n; at += string_n) {
		string_n = (unsigned char)wire.p[at++];
		if (string_n > wire.n - at) {
			return (STATUS_SYNTAX);
		}
		memcpy(text + n, wire.p + at, string_n);
		n += string_n;
	}
	r->data = str_mem(text, n);
	return (STATUS_OK);
}

enum status
dns_rdata_read(struct arena *arena, enum dns_type type, struct str wire,
    struct dns_record *r)
{
	*r = (struct dns_record){ .preference = 0 };
	switch (type) {
	case DNS_A:
		return (wire.n == 4 ? keep(arena, wire, r) : STATUS_SYNTAX);
	case DNS_AAAA:
		return (wire.n == 16 ? keep(arena, wire, r) : STATUS_SYNTAX);
	case DNS_MX:
		if (wire.n < 2) {
			return (STATUS_SYNTAX);
		}
		r->preference = (uint16_t)((unsigned char)wire.p[0] << 8 |
		    (unsigned char)wire.p[1]);
		return (read_name(arena, str_from_offset(wire, 2), r));
	case DNS_CNAME:
	case DNS_PTR:
		return (read_name(arena, wire, r));
	case DNS_TXT:
		return (read_txt(arena, wire, r));
	}
	return (STATUS_SYNTAX);
}
