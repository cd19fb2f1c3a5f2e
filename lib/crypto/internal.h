/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of this folder only. */
#ifndef CRYPTO_INTERNAL_H
#define CRYPTO_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>

#include <openssl/evp.h>

#include "crypto/crypto.h"

struct crypto {
	EVP_MD	*sha256;
};

struct pubkey {
	EVP_PKEY		*pkey;
	enum crypto_key_type	 type;
	unsigned		 bits;
};

struct privkey {
	EVP_PKEY		*pkey;	/* of a remote key: the public half */
	enum crypto_key_type	 type;
	unsigned		 bits;
	uint64_t		 id;
	unsigned char		 handle[CRYPTO_HANDLE_BYTES];
	/* NULL: the private half is here */
	const struct privkey_remote *remote;
	void			*remote_ctx;	/* owned */
	unsigned char		 derived[CRYPTO_SHA256_BYTES];	/* of a remote
						   key; see privkey_derive */
	atomic_uint		 references;
};

/* Takes pkey over, also when it fails. */
enum status	privkey_from(EVP_PKEY *pkey, enum crypto_key_type,
		    unsigned bits, struct privkey **key_r) ATTR_MUST_CHECK;

/* Bits of a key as DKIM counts them; OpenSSL has 253. */
#define CRYPTO_ED25519_BITS	256

/* False: an operation failed or gave a wrong result. */
bool		crypto_self_test(const struct crypto *);

/*
 * OpenSSL leaves errors in a queue of the thread. Both functions empty it.
 * Each function of this folder that calls OpenSSL starts with an empty queue
 * or ignores it, and leaves it empty.
 */
/* Whether an error is OpenSSL's own (memory, fetch), not the input's. */
bool		crypto_take_internal_error(void);
/* Whether there is an error, and each says that an RSA signature is wrong. */
bool		crypto_take_mismatch(void);

/*
 * The two numbers of an RSA public key in DER, as unsigned big-endian octets:
 * a SubjectPublicKeyInfo (RFC 5280 4.1, RFC 3279 2.3.1) or an RSAPublicKey
 * (RFC 8017 A.1.1), without trailing bytes.
 */
enum status	der_rsa_public(struct str der, struct str *n_r,
		    struct str *e_r) ATTR_MUST_CHECK;

#endif
