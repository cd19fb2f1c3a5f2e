/* SPDX-License-Identifier: BSD-2-Clause */
/* named: the domains that a message is about: the first NAMED_SHOWN by name,
   escaped, and the number of the others. */
#ifndef SIGNERS_NAMED_H
#define SIGNERS_NAMED_H

#include "base/buf.h"
#include "base/str.h"

#define NAMED_SHOWN	10

struct named {
	struct buf	 text;
	size_t		 n;
};

void		 named_init(struct named *);
void		 named_fini(struct named *);
void		 named_add(struct named *, struct str domain);
/* "a.example, b.example and 3 others"; NULL: none, or out of memory. Valid
   until named_fini. */
const char	*named_end(struct named *);

#endif
