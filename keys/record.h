/* SPDX-License-Identifier: BSD-2-Clause */
/* record: a key's record on standard output. */
#ifndef KEYS_RECORD_H
#define KEYS_RECORD_H

#include "keys/keys.h"
#include "keys/store.h"
#include "wanted/provider.h"

enum record_format {
	RECORD_ZONE, RECORD_VALUE, RECORD_JSON, RECORD_NSUPDATE, RECORD_FORM
};

struct record_opts {		/* how it is shown */
	enum record_format	 format;
	const struct provider	*provider;	/* of RECORD_FORM; or NULL */
};

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

/* False: no such format, and printed that. */
bool	 record_format_parse(const char *value, enum record_format *r);
/* False: no such provider, and printed that. */
bool	 record_provider_parse(const char *value, const struct provider **r);
/* False: it could not be printed, and printed that. */
bool	 record_print(const struct record_opts *, const struct record_shown *);
/* The record that the key's stage requires. */
bool	 record_print_stored(struct store *, const struct keystore_key *,
	    const struct record_opts *);
/* In pieces of at most 255 octets; NULL: no memory. */
json_t	*record_json_strings(struct str value);

#endif
