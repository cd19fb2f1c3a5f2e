/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of this folder share; nobody else includes it. */
#ifndef CRYPTO_INTERNAL_H
#define CRYPTO_INTERNAL_H

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

/* RSA: of its modulus; Ed25519: 256, where OpenSSL would say 253. */
unsigned	crypto_key_bits(enum crypto_key_type, const EVP_PKEY *);

/* Empties OpenSSL's error queue; whether it told of a lack of memory. */
bool		crypto_take_nomem(void);

/*
 * The two numbers of an RSA public key in DER, as unsigned big-endian octets:
 * a SubjectPublicKeyInfo (RFC 5280 4.1, RFC 3279 2.3.1) or an RSAPublicKey
 * (RFC 8017 A.1.1), and nothing behind it.
 */
enum status	der_rsa_public(struct str der, struct str *n_r,
		    struct str *e_r) ATTR_MUST_CHECK;

#endif
