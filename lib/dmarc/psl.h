/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * psl: the organisational domain as RFC 7489 3.2 has it, by the public
 * suffix list; for those who cannot yet leave it. Immutable, shared by
 * threads.
 */
#ifndef DMARC_PSL_H
#define DMARC_PSL_H

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"

struct dmarc_psl;

/*
 * path: a list as publicsuffix.org has it; NULL: the system's newest.
 * IO: there is none, or it cannot be read.
 */
enum status	dmarc_psl_new(const char *path, struct dmarc_psl **r)
    ATTR_MUST_CHECK;
void		dmarc_psl_free(struct dmarc_psl *);	/* NULL is fine */
/*
 * The end of the name (normalised, mail/domain.h) that was registered; the
 * name itself if it is a public suffix. A view into it.
 */
struct str	dmarc_psl_org(const struct dmarc_psl *, struct str name);

#endif
