/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * authres: the Authentication-Results field (RFC 8601): an escaping writer, a
 * strict parser, a tolerant reader for fields of trusted hosts, and the check
 * which received fields claim to be ours and must be deleted (RFC 8601 5).
 */
#ifndef AUTHRES_AUTHRES_H
#define AUTHRES_AUTHRES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"
#include "base/str.h"

#define AUTHRES_MAX_BYTES	65536	/* of a value that is parsed */
#define AUTHRES_MAX_RESULTS	256
#define AUTHRES_MAX_PROPERTIES	64	/* of one result */

struct authres_property {	/* ptype.property=value */
	struct str	ptype;
	struct str	property;
	struct str	value;		/* unquoted */
};

struct authres_result {
	struct str			 method;
	unsigned			 version;	/* 1 if absent */
	struct str			 result;	/* absent: unreadable,
							   by authres_read */
	struct str			 comment;	/* after the result, in
							   parentheses;
							   absent: none */
	struct str			 reason;	/* absent: none */
	struct authres_property		*v;
	size_t				 n;
};

struct authres {
	struct str		 authserv_id;	/* unquoted */
	unsigned		 version;	/* 1 if absent */
	struct authres_result	*v;
	size_t			 n;		/* 0: "none" */
	bool			 incomplete;	/* by authres_read: results may
						   be missing */
};

/*
 * Appends the value without the field name: "id;", then each result after CRLF
 * HTAB (fold) or one space, in lines of at most 78 columns unless a token is
 * longer. Values are quoted where needed, controls dropped. utf8: valid UTF-8
 * is kept (SMTPUTF8 mail); other octets become '?'. SYNTAX: a method, result,
 * ptype or property is not a keyword, which is an error of ours.
 */
enum status	authres_write(struct buf *, const struct authres *, bool fold,
		    bool utf8) ATTR_MUST_CHECK;

/*
 * Parses one field's value. SYNTAX, with a static phrase, if it violates the
 * grammar; what was read before is in *r. LIMIT as above. A field version other
 * than 1 stops the parser (n = 0). parse.c lists the extensions of the grammar
 * that are accepted. An address keeps the quotes of its local-part, as in
 * "a b"@example.com.
 */
enum status	authres_parse(struct arena *, struct str value,
		    struct authres *r, const char **reason_r) ATTR_MUST_CHECK;

/*
 * Reads the field of a trusted host in any form that is in use: each result by
 * itself, whether or not others can be read. The invariant: a result is found
 * only where splitting at ';' outside of quoted strings and comments finds it
 * behind an authserv-id. A result that cannot be read is absent (p == NULL),
 * its method is not; the value of such a property is empty. Where a quoted
 * string or comment has no end and a ';' in it, the results behind it are lost
 * and the field is marked as incomplete: a caller must not act on a pass in it.
 * SYNTAX: no authserv-id, or a version other than 1. LIMIT as above.
 */
enum status	authres_read(struct arena *, struct str value,
		    struct authres *r) ATTR_MUST_CHECK;

/*
 * Whether a received field must be deleted: its authserv-id is `id` (by RFC
 * 8601 5: unfolded, comments skipped, unquoted, case and trailing dot ignored,
 * A- and U-labels equal, "id/host" included), or its authserv-id cannot be
 * parsed, or an encoded word (RFC 2047) precedes the results, or its version is
 * not 1. Out of memory: true.
 */
bool		authres_is_forged(struct str value, struct str id);
/* Whether a field of any name hides one of ours, or its ARC form (mail/field.h,
   mail/encoded.h). */
bool		authres_is_hidden(struct str value);

#endif
