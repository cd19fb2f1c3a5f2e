/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mark: the proof, in our own Authentication-Results, that a message came from
 * outside. direction.c says why; mark.c has the form. It is written with the
 * results of mail from outside, and looked for in mail from an internal source
 * without a login.
 *
 * Keys. The first is derived from a secret of the host (MarkKeyFile), the
 * others from the private keys of KeyFile. A mark has a tag by the first two
 * and is accepted by any, so that hosts that share either recognise each
 * other's. Without a secret there are no marks.
 */
#ifndef ENGINE_MARK_H
#define ENGINE_MARK_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"
#include "base/str.h"
#include "conf/conf.h"
#include "crypto/crypto.h"

#define ENGINE_MARK_MAX_BYTES	512	/* without white space */
#define ENGINE_MARK_KEYS_MAX	8
#define ENGINE_MARK_KEYS_MADE	2	/* by which marks are made */
/* The longest maximal_queue_lifetime of Postfix; a filter's quarantine may
   release mail after weeks. */
#define ENGINE_MARK_MAX_AGE_S	((int64_t)100 * 24 * 60 * 60)

struct engine_mark_keys {	/* n 0: no marks */
	unsigned char	v[ENGINE_MARK_KEYS_MAX][CRYPTO_SHA256_BYTES];
	size_t		n;
};

/* secret: of any length; empty: no keys. NOMEM only. */
enum status	engine_mark_keys_init(struct engine_mark_keys *,
		    const struct crypto *, const struct conf *,
		    struct str secret) ATTR_MUST_CHECK;

struct engine_input;
/*
 * The value of our Authentication-Results with a mark at its end, in the
 * arena; the value as it is for other mail or without keys. passed: DMARC
 * passed. NOMEM only.
 */
enum status	engine_mark_add(const struct engine_input *, bool passed,
		    struct str value, struct str *marked_r) ATTR_MUST_CHECK;
/*
 * Sets mark_index: the topmost Authentication-Results with a mark of ours that
 * fits the message, else the topmost copy of them (MarkField); fields.n: none.
 * Sets others_mark, too. from is parsed. With trace_index any Message-ID fits.
 * NOMEM only.
 */
enum status	engine_mark_find(struct engine_input *) ATTR_MUST_CHECK;

/* For mark_find.c */

#define ENGINE_MARK_SEPARATOR	'|'
#define ENGINE_MARK_HEAD	STR("(mailseal-outside|")
#define ENGINE_MARK_HASH_CHARS	8
#define ENGINE_MARK_TAG_CHARS	22	/* base64 without padding */

struct addr_from;
struct addr_mailbox;
/* A copy without white space. p == NULL: no memory. */
struct str	engine_mark_squeeze(struct arena *, struct str);
enum status	engine_mark_hash(const struct crypto *, struct str,
		    unsigned char hash_r[CRYPTO_SHA256_BYTES]) ATTR_MUST_CHECK;
/* Appends the hash of a text, ENGINE_MARK_HASH_CHARS long. */
enum status	engine_mark_add_hash(const struct crypto *, struct str,
		    struct buf *out) ATTR_MUST_CHECK;
/* Appends two hashes. */
enum status	engine_mark_add_author(const struct engine_input *,
		    const struct addr_mailbox *, struct buf *out)
    ATTR_MUST_CHECK;
/* Appends the hash of a Message-ID. */
enum status	engine_mark_add_id(const struct engine_input *, struct str id,
		    struct buf *out) ATTR_MUST_CHECK;
/* Two labels of the domain, three below a name such as com.au. */
struct str	engine_mark_organization(struct str domain);
/* RFC 5322 3.2.3 dot-atom-text. */
bool		engine_mark_is_dot_atom(struct str);
/* Whether every reader finds these mailboxes, and an MTA completes none. */
bool		engine_mark_is_clear(const struct addr_from *);
struct engine;
/* Appends the tag of the text with that hash. */
enum status	engine_mark_add_tag(const struct engine *, size_t key,
		    const unsigned char hash[CRYPTO_SHA256_BYTES],
		    struct buf *out) ATTR_MUST_CHECK;

#endif
