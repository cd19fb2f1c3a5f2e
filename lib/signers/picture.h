/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * picture: what a process without private keys needs to know of them: the rules
 * and the public halves, in one piece of memory. The process that has the keys
 * writes it from its signers; the other one makes signers from it, which select
 * as the first one's do, and load keys through signers_opts.remote.
 *
 * It holds no private key, no path of one and no passphrase: lines of a
 * KeyTable are written anew, without their keys. The reader takes nothing for
 * granted: every length is checked against what is left, every count against
 * PICTURE_KEYS_MAX. Both sides are the same program: the numbers have the
 * machine's order.
 */
#ifndef SIGNERS_PICTURE_H
#define SIGNERS_PICTURE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/status.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "signers/signers.h"

#define PICTURE_MAX_BYTES	((size_t)1024 * 1024 * 1024)
#define PICTURE_KEYS_MAX	10000000	/* of a store */
#define PICTURE_GIVEN_MAX	10000		/* KeyFile */
#define PICTURE_STORES_MAX	1000

struct picture_given {		/* a key of KeyFile; views */
	enum crypto_key_type	 type;
	struct str		 public;	/* as privkey_public */
	struct str		 derived;	/* as privkey_derive */
};

struct picture_reader {
	struct str	 rest;
	bool		 failed;	/* sticky: it is not a picture */
};

/* Appends the picture of the signers and their keys of KeyFile. */
enum status	 picture_write(const struct signers *, const struct crypto *,
		    struct buf *) ATTR_MUST_CHECK;
/*
 * Begins to read: the number of keys of KeyFile, of which picture_next_given
 * then gives each. What is left is for signers_new. SYNTAX: not a picture.
 */
enum status	 picture_begin(struct picture_reader *, struct str picture,
		    uint64_t *revision_r, uint32_t *given_r) ATTR_MUST_CHECK;
enum status	 picture_next_given(struct picture_reader *,
		    struct picture_given *r) ATTR_MUST_CHECK;

/* For the files of lib/signers, which read the rest. A failure gives zeroes. */
uint32_t	 picture_u32(struct picture_reader *);
uint64_t	 picture_u64(struct picture_reader *);
struct str	 picture_str(struct picture_reader *);

#endif
