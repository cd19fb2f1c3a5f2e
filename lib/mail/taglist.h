/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * taglist: the tag=value lists of RFC 6376 3.2, shared by signatures and key
 * records. Names and values are views into the input; folding white space
 * around both is trimmed, inside a value it stays.
 */
#ifndef MAIL_TAGLIST_H
#define MAIL_TAGLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"

#define TAGLIST_MAX_TAGS	64

struct tag {
	struct str	name;
	struct str	value;	/* may be empty, which is not "absent" */
	struct str	raw_value; /* value with the white space around it: all
				      between '=' and ';' or the end */
};

struct taglist {
	struct tag	v[TAGLIST_MAX_TAGS];
	size_t		n;
};

/*
 * SYNTAX: duplicate tag, empty tag (";;"), bad name or value character, no
 * '='; LIMIT: more than TAGLIST_MAX_TAGS. utf8: octets above 127 may stand
 * in values (RFC 8616). *reason_r is a static phrase when not OK.
 */
enum status	taglist_parse(struct taglist *, struct str, bool utf8,
		    const char **reason_r) ATTR_MUST_CHECK;
/* The value's tag, or NULL when absent. Names are case-sensitive. */
const struct tag	*taglist_get(const struct taglist *, struct str name);

#endif
