/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zone_read: the reader of zone text from inside: the words of an entry, one
 * by one, become types, TTLs, names and data. What fails says so in lex.
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

/* False: lex has the reason, "what is missing". */
bool		zone_read_need(struct zone_reader *, const char *what);
/* Nothing more is to be in the entry. */
void		zone_read_end(struct zone_reader *);
/* The word as a type; TYPEnnn (RFC 3597) is one that is not answered. */
bool		zone_word_type(struct str word, uint16_t *type_r);
/* 3600 or 1h, 1d12h ... */
bool		zone_word_ttl(struct str word, uint32_t *ttl_s_r);
/* The word in hand as a name: absolute with a trailing dot, else below the
   origin. */
bool		zone_read_name(struct zone_reader *, struct dns_name *r);
/* What stands behind the type, r->type, up to the end of the entry. */
void		zone_read_rdata(struct zone_reader *, struct zone_record *r);

#endif
