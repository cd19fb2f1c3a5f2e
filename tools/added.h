/* SPDX-License-Identifier: BSD-2-Clause */
/* added: what the commands that add fields to a message have in common. */
#ifndef TOOLS_ADDED_H
#define TOOLS_ADDED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"
#include "tools/mailseal.h"

#define ADDED_MAX_NAMES	256	/* in one list */

struct added_names {		/* of header fields */
	struct str	 v[ADDED_MAX_NAMES];
	size_t		 n;
	bool		 given;		/* else the default */
};

/* All of these: false, and said why. */
bool	 added_domain(struct arena *, const char *text, struct str *r);
/* Names with colons between. */
bool	 added_names_take(struct added_names *, const char *option,
	    const char *value);

/* Whether the message has CRLF line ends: what is added has the same. */
bool	 added_has_crlf(struct str text);
/* "name:value"; the value has CRLF and none at its end. */
void	 added_print(const char *name, struct str value, bool crlf);

#endif
