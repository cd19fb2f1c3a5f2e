/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * passphrase: the passphrase under which a database keeps private keys, as
 * PKCS#8 (PEM "ENCRYPTED PRIVATE KEY"). It is read from a file of this host,
 * so that a copy of the database signs nothing.
 *
 * OpenSSL derives the key with few rounds (PBKDF2, 2048), so that the first
 * message of a domain is not delayed: the passphrase must be random, not
 * memorable. Shared by threads.
 */
#ifndef KEYSTORE_PASSPHRASE_H
#define KEYSTORE_PASSPHRASE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/status.h"
#include "base/str.h"

#define PASSPHRASE_MIN_BYTES	16
#define PASSPHRASE_MAX_BYTES	1024

struct passphrase;

/*
 * Reads the first line of a regular file that only its owner may access:
 * this user or root. Root may read another user's, for a daemon that is not
 * root. SYNTAX, IO, NOMEM; diag names the file.
 */
enum status	 passphrase_read(const char *path, struct passphrase **r,
		    struct diag *) ATTR_MUST_CHECK;
void		 passphrase_free(struct passphrase *);	/* accepts NULL */

bool		 passphrase_is_used(struct str pem);	/* to encrypt pem */
/* Appends the encrypted PEM of a plain one. */
enum status	 passphrase_encrypt(const struct passphrase *, struct str pem,
		    struct buf *out, struct diag *) ATTR_MUST_CHECK;
/*
 * Appends the plain PEM; a plain one is copied. The passphrase may be NULL.
 * SYNTAX: it is missing or wrong; diag names the store, the key and the file.
 */
enum status	 passphrase_decrypt(const struct passphrase *, struct str pem,
		    const char *store, struct str domain, struct str selector,
		    struct buf *out, struct diag *) ATTR_MUST_CHECK;

#endif
