/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sign_writer: a signature field as it grows: tags, folded at 78 columns, and
 * last its b=. What DKIM-Signature and the fields of ARC share.
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
	struct buf	 out;		/* the field, from its name on */
	size_t		 column;	/* where its last line ends */
	size_t		 name_n;	/* octets of name and colon */
};

/* name: with its colon. */
void	sign_writer_init(struct sign_writer *, struct str name);
void	sign_writer_fini(struct sign_writer *);
/* "a=rsa-sha256;" as it may stand in the field; an absent one (no memory)
   fails the writer. */
void	sign_writer_tag(struct sign_writer *, struct str tag);
void	sign_writer_algorithm(struct sign_writer *, enum crypto_key_type);
void	sign_writer_time(struct sign_writer *, const char *name, int64_t);
/* h=; at least one name. */
void	sign_writer_names(struct sign_writer *, const struct str *, size_t n);
/* The field with an empty b= at its end, as it is hashed. */
struct str	sign_writer_unsigned(struct sign_writer *);
/*
 * Signs the hash and adds b=. The value, without name and colon and without
 * final CRLF, starting with a space.
 */
enum status	sign_writer_finish(struct sign_writer *, struct arena *,
		    const struct crypto *, const struct privkey *,
		    const unsigned char hash[CRYPTO_SHA256_BYTES],
		    struct str *value_r) ATTR_MUST_CHECK;

#endif
