/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * name: the names of this module: lower-case text without a trailing dot, of
 * printable ASCII octets except the backslash, in labels of 1 to 63 octets,
 * at most 253 in all (RFC 1035 2.3.4). DNS itself allows any octet in a
 * label; a name with other octets cannot be written as text and is invalid
 * here.
 */
#ifndef DNS_NAME_H
#define DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

#define DNS_NAME_MAX_BYTES	253
#define DNS_LABEL_MAX_BYTES	63

struct dns_name {
	char	p[DNS_NAME_MAX_BYTES];
	size_t	n;		/* 0: the root */
};

/*
 * One trailing dot is dropped. False: an invalid name; the root is one. A
 * space is valid here: an SPF macro may ask for it (RFC 7208 7.1).
 */
bool	dns_name_make(struct str text, struct dns_name *name_r);
/*
 * Reads a name in wire format at *at, which then points past it. Compression
 * pointers must point backwards. False: malformed or too long. Octets that
 * cannot be text become NUL, which no valid name contains.
 */
bool	dns_name_read(struct str packet, size_t *at, struct dns_name *name_r);
/* Whether all octets of a name that was read are valid in a name. */
bool	dns_name_is_text(const struct dns_name *);
static inline struct str
dns_name_str(const struct dns_name *name)
{
	return (str_mem(name->p, name->n));
}

#endif
