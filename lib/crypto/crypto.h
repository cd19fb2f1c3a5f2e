/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crypto: the only place that sees OpenSSL. SHA-256 digests, and RSA and
 * Ed25519 keys that are parsed once and kept. A struct crypto holds what is
 * fetched from the provider once per process; it, and keys, may be used by
 * many threads at once. A digest belongs to one thread.
 */
#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/status.h"
#include "base/str.h"

#define CRYPTO_SHA256_BYTES	32
/* RFC 8301 3.2: shorter RSA keys sign nothing and prove nothing. */
#define CRYPTO_RSA_MIN_BITS	1024
/* The largest RSA key that is used at all; larger ones are refused unparsed. */
#define CRYPTO_RSA_MAX_BITS	8192
#define CRYPTO_KEY_MAX_BYTES	4096	/* DER of a public key */
#define CRYPTO_SIG_MAX_BYTES	1024	/* 8192 bits */

enum crypto_key_type { CRYPTO_RSA, CRYPTO_ED25519 };

struct crypto;
struct digest;
struct pubkey;
struct privkey;

struct crypto	*crypto_new(void);		/* NULL: OpenSSL failed */
void		 crypto_free(struct crypto *);

/* SHA-256. update has the form of a canon_sink, its failure sticks. */
struct digest	*digest_new(const struct crypto *);	/* NULL: no memory */
void		 digest_free(struct digest *);
void		 digest_update(void *digest, const void *, size_t n);
/* STATUS_OK and the hash; afterwards the digest is ready for new data. */
enum status	 digest_final(struct digest *,
		    unsigned char hash_r[CRYPTO_SHA256_BYTES]) ATTR_MUST_CHECK;

/* `to` goes on from where `from` is. */
enum status	 digest_copy(struct digest *to, const struct digest *from)
    ATTR_MUST_CHECK;

/*
 * A public key from a key record's p= (decoded): RSA as SubjectPublicKeyInfo
 * or RSAPublicKey DER with no bytes behind it, Ed25519 as its 32 raw bytes.
 * SYNTAX: not such a key. LIMIT: RSA beyond CRYPTO_RSA_MAX_BITS. A short RSA
 * key parses; what it is worth is for the caller to say, by its bits.
 */
enum status	 pubkey_parse(enum crypto_key_type, struct str der,
		    struct pubkey **key_r) ATTR_MUST_CHECK;
void		 pubkey_free(struct pubkey *);
unsigned	 pubkey_bits(const struct pubkey *);
enum crypto_key_type	pubkey_type(const struct pubkey *);
/*
 * Whether sig is the key's signature over a SHA-256 hash: PKCS#1 v1.5 for RSA
 * (RFC 8017 8.2), PureEdDSA over the 32 bytes for Ed25519 (RFC 8463 3).
 * OK: the answer is in *good_r. NOMEM: OpenSSL could not say.
 */
enum status	 pubkey_verify(const struct crypto *, const struct pubkey *,
		    const unsigned char hash[CRYPTO_SHA256_BYTES],
		    struct str sig, bool *good_r) ATTR_MUST_CHECK;

/*
 * A private key from PEM text (PKCS#8 or traditional RSA, no passphrase).
 * SYNTAX: no such key, or RSA outside CRYPTO_RSA_MIN_BITS..MAX_BITS, with the
 * reason in diag; name is what diag calls it.
 */
enum status	 privkey_parse_pem(struct str pem, const char *name,
		    struct privkey **key_r, struct diag *) ATTR_MUST_CHECK;
/* The same from DER, PKCS#8 or traditional RSA, with no bytes behind it. */
enum status	 privkey_parse_der(struct str der, const char *name,
		    struct privkey **key_r, struct diag *) ATTR_MUST_CHECK;
/* bits: RSA only; LIMIT outside CRYPTO_RSA_MIN_BITS..MAX_BITS. */
enum status	 privkey_generate(enum crypto_key_type, unsigned bits,
		    struct privkey **key_r) ATTR_MUST_CHECK;
/* A key is counted: each hold wants its free; the last one zeroes the key. */
struct privkey	*privkey_hold(struct privkey *);
void		 privkey_free(struct privkey *);	/* NULL is fine */
enum crypto_key_type	privkey_type(const struct privkey *);
/* The same for the same key, another one for nearly every other. */
uint64_t	 privkey_id(const struct privkey *);
unsigned	 privkey_bits(const struct privkey *);
/* Appends PEM PKCS#8. */
enum status	 privkey_write_pem(const struct privkey *, struct buf *);
/*
 * Appends a private key in PEM, under the passphrase `from`, as PEM PKCS#8
 * under the passphrase `to` (AES-256-CBC); an absent passphrase: not
 * encrypted. SYNTAX: no key, or not with that passphrase.
 */
enum status	 privkey_recode_pem(struct str pem, struct str from,
		    struct str to, struct buf *out) ATTR_MUST_CHECK;
/* Appends the bytes for p= : SubjectPublicKeyInfo DER, or 32 raw bytes. */
enum status	 privkey_public(const struct privkey *, struct buf *);
/* Whether the public key is this one's. */
bool		 privkey_fits(const struct privkey *, const struct pubkey *);
/* Signs as pubkey_verify checks; appends to sig_r. */
enum status	 privkey_sign(const struct crypto *, const struct privkey *,
		    const unsigned char hash[CRYPTO_SHA256_BYTES],
		    struct buf *sig_r) ATTR_MUST_CHECK;

#endif
