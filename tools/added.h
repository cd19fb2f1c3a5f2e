/* SPDX-License-Identifier: BSD-2-Clause */
/* added: what the commands that add fields to a message share. */
#ifndef TOOLS_ADDED_H
#define TOOLS_ADDED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"
#include "conf/conf.h"
#include "tools/mailseal.h"

#define ADDED_MAX_NAMES	256	/* in one list */

struct added_names {		/* of header fields */
	struct str	 v[ADDED_MAX_NAMES];
	size_t		 n;
	bool		 given;		/* false: the default */
};

/* Both print an error and return false if the text is invalid. */
bool	 added_domain(struct arena *, const char *text, struct str *r);
/* The names are separated by colons. */
bool	 added_names_take(struct added_names *, const char *option,
	    const char *value);

/* Sets the list of the configuration, if there is one. */
void	 added_names_set(struct added_names *, struct conf_strings *r);

/* Whether the message has CRLF line ends: added fields get the same. */
bool	 added_has_crlf(struct str text);
/* Prints "name:value"; the value has CRLF folding and no final CRLF. */
void	 added_print(const char *name, struct str value, bool crlf);

#endif
