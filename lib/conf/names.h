/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names: domain names, each with a value: "example.com" matches that name only,
 * ".example.com" all names below it. The longest match counts, and an exact
 * match before any other. A complete list is immutable and shared by threads.
 */
#ifndef CONF_NAMES_H
#define CONF_NAMES_H

#include <stdbool.h>

#include "base/status.h"
#include "base/str.h"

struct names;

struct names	*names_new(void);	/* empty; NULL: no memory */
void		 names_free(struct names *);	/* accepts NULL */
/* SYNTAX: not a name. LIMIT: the entry exists with another value. */
enum status	 names_add(struct names *, struct str entry, int value)
    ATTR_MUST_CHECK;
bool		 names_is_empty(const struct names *);
/* name: normalised (mail/domain.h). False: no match. */
bool		 names_find(const struct names *, struct str name,
		    int *value_r);

#endif
