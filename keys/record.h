/* SPDX-License-Identifier: BSD-2-Clause */
/* record: a key's record on standard output. */
#ifndef KEYS_RECORD_H
#define KEYS_RECORD_H

#include "keys/keys.h"
#include "keys/store.h"

/* What stands in place of a revoked key's record (RFC 6376 3.6.1, p=). */
#define RECORD_REVOKED	"v=DKIM1; p="

enum record_format { RECORD_ZONE, RECORD_VALUE, RECORD_JSON, RECORD_NSUPDATE };

struct record_shown {
	struct key_name		 name;
	struct str		 value;
	enum crypto_key_type	 type;
	unsigned		 bits;
	unsigned		 ttl_s;
	const struct key_files	*files;		/* NULL: in a store */
	const char		*store;		/* NULL: in files */
	const char		*stage;		/* NULL: it has none */
};

/* False: no such format, and said so. */
bool	 record_format_parse(const char *value, enum record_format *r);
/* False: it could not be printed, and said so. */
bool	 record_print(enum record_format, const struct record_shown *);
/* The record that the key's stage requires. */
bool	 record_print_stored(struct store *, const struct keystore_key *,
	    enum record_format);
/* In pieces of at most 255 octets; NULL: no memory. */
json_t	*record_json_strings(struct str value);

#endif
