/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/name.h"
#include "dns/rdata.h"

#define SOA_MIN_BYTES	(1 + 1 + 5 * 4)
#define TLSA_MIN_BYTES	4	/* RFC 6698 2.1 */

static enum status
copy_octets(struct arena *arena, struct str octets, struct dns_record *r)
{
	r->data = arena_dup(arena, octets);
	return (r->data.p != NULL ? STATUS_OK : STATUS_NOMEM);
}

/* The name must end where the record does. */
static enum status
read_name(struct arena *arena, struct str packet, size_t at, size_t end,
    struct dns_record *r)
{
	struct dns_name name;

	if (!dns_name_read(str_first(packet, end), &at, &name) || at != end ||
	    !dns_name_is_text(&name)) {
		return (STATUS_SYNTAX);
	}
	return (copy_octets(arena, dns_name_str(&name), r));
}

/* One string or more, each preceded by its length (RFC 1035 3.3.14). */
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
dns_rdata_read(struct arena *arena, enum dns_type type, struct str packet,
    size_t at, size_t n, struct dns_record *r)
{
	struct str wire = str_mem(packet.p + at, n);

	*r = (struct dns_record){ .preference = 0 };
	switch (type) {
	case DNS_A:
		return (n == 4 ? copy_octets(arena, wire, r) : STATUS_SYNTAX);
	case DNS_AAAA:
		return (n == 16 ? copy_octets(arena, wire, r) : STATUS_SYNTAX);
	case DNS_MX:
		if (n < 2) {
			return (STATUS_SYNTAX);
		}
		r->preference = (uint16_t)((unsigned char)wire.p[0] << 8 |
		    (unsigned char)wire.p[1]);
		return (read_name(arena, packet, at + 2, at + n, r));
	case DNS_CNAME:
	case DNS_NS:
	case DNS_PTR:
		return (read_name(arena, packet, at, at + n, r));
	case DNS_SOA:
		/* Two names and five numbers, the minimum last. */
		return (n < SOA_MIN_BYTES ? STATUS_SYNTAX : copy_octets(arena,
		    str_mem(wire.p + n - 4, 4), r));
	case DNS_TLSA:
		return (n < TLSA_MIN_BYTES ? STATUS_SYNTAX :
		    copy_octets(arena, wire, r));
	case DNS_TXT:
		return (read_txt(arena, wire, r));
	}
	return (STATUS_SYNTAX);
}
