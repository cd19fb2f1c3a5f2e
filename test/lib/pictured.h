/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pictured: signers of a picture as the keys process sends it, whose keys can
 * never be loaded. For the tests of what is read of a picture.
 */
#ifndef TEST_LIB_PICTURED_H
#define TEST_LIB_PICTURED_H

#include "signers/picture.h"

static inline enum status
pictured_load(void *ctx, const struct signers_want *want,
    struct privkey **key_r, enum signers_why *why_r, struct diag *diag)
{
	(void)ctx;
	(void)want;
	*key_r = NULL;
	*why_r = SIGNERS_KEY_UNREADABLE;
	diag_set(diag, NULL, 0, "none");
	return (STATUS_IO);
}

static inline void
pictured_free(void *ctx)
{
	(void)ctx;
}

/* As signers_new; of a table of keys and one of rules. */
static inline enum status
pictured_signers(const struct env *env, struct str picture,
    struct signers **signers_r, struct diag *diag)
{
	const struct signers_remote remote = { .load = pictured_load,
		.free = pictured_free, .picture = picture };
	const struct signers_opts opts = { .env = env, .key_table = "keys",
		.signing_table = "rules", .cache_max = 4, .remote = &remote };

	*signers_r = NULL;
	diag_init(diag);
	return (signers_new(&opts, NULL, signers_r, diag));
}

#endif
