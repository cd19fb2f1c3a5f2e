/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sign_writer: writes a DKIM-Signature, ARC-Message-Signature or ARC-Seal
 * field: tags, folded at 78 columns, then b=.
 */
#ifndef DKIM_SIGN_WRITER_H
#define DKIM_SIGN_WRITER_H

#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/status.h"
#include "base/str.h"
#include "crypto/crypto.h"

struct sign_writer {
	struct buf	 out;		/* the field so far, with its name */
	size_t		 column;	/* length of its last line */
	size_t		 name_n;	/* octets of name and colon */
};

/* name: with its colon. */
void	sign_writer_init(struct sign_writer *, struct str name);
void	sign_writer_fini(struct sign_writer *);
/* tag: "s=test;"; an absent one sets the writer's status to NOMEM. */
void	sign_writer_tag(struct sign_writer *, struct str tag);
void	sign_writer_algorithm(struct sign_writer *, enum crypto_key_type);
void	sign_writer_time(struct sign_writer *, const char *name, int64_t);
/* h=; at least one name. */
void	sign_writer_names(struct sign_writer *, const struct str *, size_t n);
/* Adds an empty b= and returns the field in the form that is hashed. */
struct str	sign_writer_unsigned(struct sign_writer *);
/*
 * Signs the hash and adds the value of b=. Returns the value of the field,
 * without name, colon and final CRLF; it starts with a space.
 */
enum status	sign_writer_finish(struct sign_writer *, struct arena *,
		    const struct crypto *, const struct privkey *,
		    const unsigned char hash[CRYPTO_SHA256_BYTES],
		    struct str *value_r) ATTR_MUST_CHECK;

#endif
