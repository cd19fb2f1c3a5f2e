/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * authres: the Authentication-Results field (RFC 8601): one escaping writer,
 * one strict parser, and the judgement which received fields claim to be ours
 * and must go (RFC 8601 5).
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
	struct str			 result;
	struct str			 comment;	/* written after the result
							   in parentheses;
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
};

/*
 * Appends the value, no field name: "id;" then each result after CRLF HTAB
 * (fold) or one space, lines at most 78 columns where a token allows. Any
 * octet is safe: quoted where needed, controls dropped. utf8: UTF-8 may stand
 * (SMTPUTF8 mail), else other octets become '?'. A method, result, ptype or
 * property that is no keyword is ours: SYNTAX.
 */
enum status	authres_write(struct buf *, const struct authres *, bool fold,
		    bool utf8) ATTR_MUST_CHECK;

/*
 * Parses one field's value. SYNTAX, with a static phrase, when it does not
 * follow the grammar; what was read before that is in *r. LIMIT as above.
 * A version of the field other than 1 stops the parser after it (n = 0).
 * parse.c says what is taken beyond the grammar. An address keeps the quotes
 * of its local-part, as in "a b"@example.com.
 */
enum status	authres_parse(struct arena *, struct str value,
		    struct authres *r, const char **reason_r) ATTR_MUST_CHECK;

/*
 * Whether a received field must be deleted: its authserv-id is `id` (compared
 * as RFC 8601 5 says: unfolded, comments skipped, unquoted, case and trailing
 * dot ignored, A- and U-labels equal, "id/host" counts), or it cannot be
 * parsed as far as its authserv-id, or has an encoded word (RFC 2047) before
 * the results, or has a version that is not 1. No memory: true.
 */
bool		authres_is_forged(struct str value, struct str id);
/* Whether a field of any name hides one of ours (mail/field.h). */
bool		authres_is_hidden(struct str value);

#endif
