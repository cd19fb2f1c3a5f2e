/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of lib/signers share. */
#ifndef SIGNERS_PRIVATE_H
#define SIGNERS_PRIVATE_H

#include <stdatomic.h>

#include "base/strmap.h"
#include "signers/signers.h"

struct signers {
	struct signers_opts	 opts;
	struct strmap		 domains;	/* Domain: to the name itself */
	atomic_uint		 references;
};

/* given.c: Domain, Selector, KeyFile. */
enum status	 signers_given_init(struct signers *) ATTR_MUST_CHECK;
enum status	 signers_given_pick(const struct signers *, struct arena *,
		    struct str domain, struct signers_picks *r)
    ATTR_MUST_CHECK;

#endif
