/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * field: header fields as received, byte for byte and in order. A field is
 * stored as one run "Name: value CRLF", folded by CRLF whatever the MTA used (a
 * milter gets bare LF). A header that exceeds the limits below is STATUS_LIMIT,
 * and the engine refuses the message: a part that is not examined could hide a
 * forged field.
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
#define FIELD_NAME_MAX_BYTES	99	/* of a line of LINES_MIN_LIMIT, with
					   the colon */

struct field {			/* all views into one arena copy */
	struct str	raw;	/* name, colon, value, final CRLF */
	struct str	name;	/* as received, no white space before ':' */
	struct str	value;	/* all after the colon, no final CRLF */
};

struct field_list {
	struct field	*v;		/* topmost field first */
	size_t		 n;
	size_t		 cap;
	size_t		 bytes;		/* sum of raw.n */
};

/* Whether c may be in a field name (RFC 5322 3.6.8): printable, not ':'. */
bool	field_name_is_valid(struct str);
void	field_list_init(struct field_list *);
/*
 * Adds a field as a milter receives it: the name, and the value with LF or CRLF
 * folding and all that follows the colon (SMFIP_HDR_LEADSPC).
 */
enum status	field_list_add(struct arena *, struct field_list *,
		    struct str name, struct str value) ATTR_MUST_CHECK;
/* Adds "Name: value CRLF" unchanged; SYNTAX without a colon or a name. */
enum status	field_list_add_raw(struct arena *, struct field_list *,
		    struct str raw) ATTR_MUST_CHECK;
/* The last field of that name (case ignored) before index `below`, or NULL.
   Start with below = list->n and continue with *index_r. */
const struct field	*field_list_last(const struct field_list *,
			    struct str name, size_t below, size_t *index_r);
/* The number of fields of that name. */
size_t	field_list_count(const struct field_list *, struct str name);
/*
 * Some readers take a bare CR, or a CRLF outside a fold, for the end of a line;
 * no MTA does. Whether a value contains a field of that name behind one.
 */
bool	field_hides(struct str value, struct str name);
/*
 * Whether some readers may see the end of the header in the field: at such a
 * line that is no field, also one that begins with white space, because an MTA
 * may break a line there (mail/lines.h); at white space before the colon; and
 * at a name so long that an MTA may break it.
 */
bool	field_ends_header(const struct field *);
/* Whether it may do either. */
bool	field_is_loose(const struct field *);

#endif
