/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * taglist: the tag=value lists of RFC 6376 3.2 in signatures and key records.
 * Names and values are views into the input. Folding white space is trimmed at
 * both ends and kept inside a value.
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
	struct str	value;	/* may be empty */
	struct str	raw_value; /* value with the white space around it: all
				      between '=' and ';' or the end */
};

struct taglist {
	struct tag	v[TAGLIST_MAX_TAGS];
	size_t		n;
};

/*
 * SYNTAX: duplicate tag, empty tag (";;"), invalid character in a name or
 * value, no '='. LIMIT: more than TAGLIST_MAX_TAGS. utf8: values may contain
 * octets above 127 (RFC 8616). *reason_r is a static phrase when not OK.
 */
enum status	taglist_parse(struct taglist *, struct str, bool utf8,
		    const char **reason_r) ATTR_MUST_CHECK;
/* The tag of that name (case-sensitive), or NULL. */
const struct tag	*taglist_get(const struct taglist *, struct str name);

#endif
