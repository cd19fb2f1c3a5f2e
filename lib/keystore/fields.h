/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fields: the fields of a key as text, as state files and databases hold
 * them, and the rules for their values.
 */
#ifndef KEYSTORE_FIELDS_H
#define KEYSTORE_FIELDS_H

#include <stdbool.h>

#include "keystore/keystore.h"

enum field {			/* in the order of the database's columns */
	FIELD_DOMAIN, FIELD_SELECTOR, FIELD_TYPE, FIELD_BITS, FIELD_STAGE,
	FIELD_CREATED, FIELD_SINCE, FIELD_SEEN, FIELD_ASKED, FIELD_RECORD,
	FIELD_NOTE, FIELDS_N
};

const char	*field_name(enum field);
/* FIELDS_N: no field has that name. */
enum field	 field_find(struct str name);
bool		 field_is_optional(enum field);
/*
 * Sets the field of the key from its text, which is copied to the arena.
 * SYNTAX: not a value of the field; diag names the field and, with file and
 * line, where it is. NOMEM.
 */
enum status	 field_set(struct arena *, struct keystore_key *, enum field,
		    struct str value, const char *file, unsigned line,
		    struct diag *) ATTR_MUST_CHECK;

#endif
