/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sign: how this configuration signs and seals. The daemon and the tools
 * both sign through these functions, so that the same configuration gives the
 * same header lists, canonicalization and times.
 *
 *	engine_sign_init	once per message
 *	engine_sign_begin	per key, before the body
 *	dkim_signer_finish	after the body: the DKIM-Signature
 *	engine_sign_seal	after the body: the ARC set
 */
#ifndef ENGINE_SIGN_H
#define ENGINE_SIGN_H

#include "arc/seal.h"
#include "base/arena.h"
#include "base/status.h"
#include "conf/conf.h"
#include "dkim/body.h"
#include "dkim/sign.h"
#include "mail/field.h"

struct engine_sign {		/* borrowed until the last signature */
	struct arena		*arena;
	struct dkim_sign_opts	 opts;	/* all but the key and its names */
};

struct engine_sign_key {
	const struct privkey	*key;
	struct str		 domain;	/* d=, A-labels */
	struct str		 selector;	/* s= */
	struct str		 identity;	/* i=; absent: none */
};

/* now_s: t=. NOMEM only. */
enum status	engine_sign_init(struct engine_sign *, struct arena *,
		    const struct conf *, const struct crypto *, int64_t now_s)
    ATTR_MUST_CHECK;
/* Errors: as of dkim_signer_new. */
enum status	engine_sign_begin(const struct engine_sign *,
		    const struct engine_sign_key *, const struct field_list *,
		    struct dkim_bodies *, struct dkim_signer **r)
    ATTR_MUST_CHECK;
/* Errors: as of arc_seal_finish. */
enum status	engine_sign_seal(const struct engine_sign *,
		    const struct engine_sign_key *,
		    const struct arc_seal_message *, struct arc_seal *r)
    ATTR_MUST_CHECK;

#endif
