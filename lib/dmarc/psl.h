/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * psl: the public suffix list, and the organisational domain of RFC 7489 3.2
 * that it determines. Immutable, shared by threads.
 */
#ifndef DMARC_PSL_H
#define DMARC_PSL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"

struct dmarc_psl;

/*
 * path: a list in the format of publicsuffix.org; NULL: the newest one that
 * libpsl finds. IO: there is none, or it cannot be read.
 */
enum status	dmarc_psl_new(const char *path, struct dmarc_psl **r)
    ATTR_MUST_CHECK;
void		dmarc_psl_free(struct dmarc_psl *);	/* accepts NULL */
/*
 * The registered domain, a suffix of the name (normalised, mail/domain.h), or
 * the name if it is itself a public suffix. A view into the name.
 */
struct str	dmarc_psl_org(const struct dmarc_psl *, struct str name);
/* Whether a rule of the list names it; a top-level domain that the list does
   not have is none. */
bool		dmarc_psl_is_suffix(const struct dmarc_psl *, struct str name);

#endif
