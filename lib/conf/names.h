/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names: domain names, each with a value: "example.com" is that name alone,
 * ".example.com" all names below it. Of several that fit, the longest counts,
 * and a name itself before what it is below of. Immutable once built, shared
 * by threads.
 */
#ifndef CONF_NAMES_H
#define CONF_NAMES_H

#include <stdbool.h>

#include "base/status.h"
#include "base/str.h"

struct names;

struct names	*names_new(void);	/* empty; NULL: no memory */
void		 names_free(struct names *);	/* NULL is fine */
/* SYNTAX: not a name; LIMIT: it has another value already. */
enum status	 names_add(struct names *, struct str entry, int value)
    ATTR_MUST_CHECK;
/* name: normalised (mail/domain.h). False: none fits. */
bool		 names_find(const struct names *, struct str name,
		    int *value_r);

#endif
