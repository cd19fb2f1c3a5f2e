/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * field: header fields as received, byte for byte, in their order. A field is
 * kept as one run "Name: value CRLF" with folding as CRLF, whatever the MTA
 * used (a milter sees bare LF). Limits are counted here; a header beyond them
 * is STATUS_LIMIT and the message is refused by the engine: a forged field
 * could hide in a part that nobody looked at.
 */
#ifndef MAIL_FIELD_H
#define MAIL_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"

#define FIELD_MAX_COUNT		10000
#define FIELD_MAX_TOTAL_BYTES	(2 * 1024 * 1024)

struct field {			/* all views into one arena copy */
	struct str	raw;	/* name, colon, value, final CRLF */
	struct str	name;	/* as received, no white space before ':' */
	struct str	value;	/* all after the colon, no final CRLF */
};

struct field_list {
	struct field	*v;		/* top of the message first */
	size_t		 n;
	size_t		 cap;
	size_t		 bytes;		/* sum of raw.n */
};

/* What may be a field's name, RFC 5322 3.6.8: printable ASCII but the colon. */
bool	field_name_is_valid(struct str);
void	field_list_init(struct field_list *);
/*
 * Adds a field as a milter gives it: the name, and the value with LF or CRLF
 * folding and with whatever stood behind the colon (SMFIP_HDR_LEADSPC).
 */
enum status	field_list_add(struct arena *, struct field_list *,
		    struct str name, struct str value) ATTR_MUST_CHECK;
/* Adds "Name: value CRLF" as it stands; SYNTAX without a colon or a name. */
enum status	field_list_add_raw(struct arena *, struct field_list *,
		    struct str raw) ATTR_MUST_CHECK;
/* The lowest field of that name (case ignored) above index `below`, or NULL;
   start with below = list->n and go on with *index_r. */
const struct field	*field_list_last(const struct field_list *,
			    struct str name, size_t below, size_t *index_r);
/* How many have that name. */
size_t	field_list_count(const struct field_list *, struct str name);
/*
 * Whether a value holds a field of that name behind a bare CR, or a CRLF that
 * folds nothing: what some readers take for the start of a line, and no MTA
 * does.
 */
bool	field_hides(struct str value, struct str name);

#endif
