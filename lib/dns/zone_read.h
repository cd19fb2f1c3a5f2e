/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zone_read: the parts of the reader of zone text: they turn the words of an
 * entry into types, TTLs, names and data. Errors are kept in lex.
 */
#ifndef DNS_ZONE_READ_H
#define DNS_ZONE_READ_H

#include "dns/name.h"
#include "dns/zone.h"
#include "dns/zone_lex.h"

struct zone_reader {
	struct lex	 lex;
	struct zone	*zone;
	size_t		 cap;
	struct dns_name	 origin;	/* n == 0: the root */
	struct str	 key;		/* of the owner; absent at first */
	uint32_t	 default_ttl_s;
};

/* False: the entry has no further word; lex has the reason. */
bool		zone_read_need(struct zone_reader *, const char *what);
/* An error unless the entry ends here. */
void		zone_read_end(struct zone_reader *);
/* The word as a type; TYPEnnn (RFC 3597) is ZONE_TYPE_OTHER. */
bool		zone_word_type(struct str word, uint16_t *type_r);
/* 3600 or 1h, 1d12h ... */
bool		zone_word_ttl(struct str word, uint32_t *ttl_s_r);
/* The current word as a name: absolute with a trailing dot, else below the
   origin. */
bool		zone_read_name(struct zone_reader *, struct dns_name *r);
/* Reads the data of the type r->type, up to the end of the entry. */
void		zone_read_rdata(struct zone_reader *, struct zone_record *r);

#endif
