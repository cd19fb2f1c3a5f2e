/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crypto: the only module that includes OpenSSL. SHA-256 digests, and RSA and
 * Ed25519 keys that are parsed once and kept. A struct crypto holds what is
 * fetched from the provider once per process. A struct crypto and keys may be
 * shared by threads; a digest belongs to one thread.
 *
 * An internal error is never a verdict, is never cached, and needs no restart:
 * - A signature is reported as wrong only if OpenSSL says so. Any other failure
 *   is STATUS_NOMEM, as a rule a lack of memory. So is each failure to parse a
 *   key whose octets are valid.
 * - crypto_new() uses every operation once, so that no algorithm is left to be
 *   fetched while mail passes: OpenSSL does not repeat a fetch that failed.
 * - Nothing that an operation allocated outlives its failure. The next call
 *   starts anew.
 *
 * A private key is either here or with another process. A remote key has the
 * public half, and privkey_sign() asks the other process; callers see no
 * difference, except that it cannot be written as PEM.
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
/* RFC 8301 3.2: shorter RSA keys are not used. */
#define CRYPTO_RSA_MIN_BITS	1024
/* Larger RSA keys are refused before OpenSSL sees them. */
#define CRYPTO_RSA_MAX_BITS	8192
#define CRYPTO_KEY_MAX_BYTES	4096	/* DER of a public key */
#define CRYPTO_SIG_MAX_BYTES	1024	/* 8192 bits */
#define CRYPTO_HANDLE_BYTES	CRYPTO_SHA256_BYTES

enum crypto_key_type { CRYPTO_RSA, CRYPTO_ED25519 };
/* "rsa", "ed25519", as in k= of a key record. */
const char	*crypto_key_name(enum crypto_key_type);

struct crypto;
struct digest;
struct pubkey;
struct privkey;

struct crypto	*crypto_new(void);	/* NULL: OpenSSL failed its self test */
void		 crypto_free(struct crypto *);

/* SHA-256. update has the form of a canon_sink; final reports its failure. */
struct digest	*digest_new(const struct crypto *);	/* NULL: no memory */
void		 digest_free(struct digest *);
void		 digest_update(void *digest, const void *, size_t n);
/* OK: the hash. The digest is then ready for new data, also on failure. */
enum status	 digest_final(struct digest *,
		    unsigned char hash_r[CRYPTO_SHA256_BYTES]) ATTR_MUST_CHECK;

/* Gives `to` the state of `from`. */
enum status	 digest_copy(struct digest *to, const struct digest *from)
    ATTR_MUST_CHECK;

/*
 * HMAC-SHA256 (RFC 2104) of the parts, one after the other. The key has 64
 * octets at most. OK or NOMEM.
 */
enum status	 hmac_sha256(const struct crypto *, struct str key,
		    const struct str *parts, size_t n,
		    unsigned char r[CRYPTO_SHA256_BYTES]) ATTR_MUST_CHECK;
/* Compares in a time that does not depend on the octets. */
bool		 crypto_equal(const void *, const void *, size_t n);

/*
 * Parses the decoded p= of a key record: RSA as SubjectPublicKeyInfo or
 * RSAPublicKey DER without trailing bytes, Ed25519 as its 32 raw bytes.
 * SYNTAX: not such a key, or an Ed25519 point that is not in canonical form or
 * of small order, for which everybody can sign. LIMIT: RSA beyond
 * CRYPTO_RSA_MAX_BITS. NOMEM: an internal error. A short RSA key is accepted;
 * the caller checks its bits.
 */
enum status	 pubkey_parse(enum crypto_key_type, struct str der,
		    struct pubkey **key_r) ATTR_MUST_CHECK;
void		 pubkey_free(struct pubkey *);
unsigned	 pubkey_bits(const struct pubkey *);
/*
 * Whether sig is the key's signature over a SHA-256 hash: PKCS#1 v1.5 for RSA
 * (RFC 8017 8.2), PureEdDSA over the 32 bytes for Ed25519 (RFC 8463 3).
 * OK: the answer is in *good_r. NOMEM: an internal error, no answer.
 */
enum status	 pubkey_verify(const struct crypto *, const struct pubkey *,
		    const unsigned char hash[CRYPTO_SHA256_BYTES],
		    struct str sig, bool *good_r) ATTR_MUST_CHECK;

/*
 * Parses a private key from PEM (PKCS#8 or traditional RSA, no passphrase).
 * SYNTAX: no such key, or RSA outside CRYPTO_RSA_MIN_BITS..MAX_BITS, with the
 * reason in diag, where the key is called name. NOMEM: an internal error.
 */
enum status	 privkey_parse_pem(struct str pem, const char *name,
		    struct privkey **key_r, struct diag *) ATTR_MUST_CHECK;
/* The same from DER without trailing bytes. */
enum status	 privkey_parse_der(struct str der, const char *name,
		    struct privkey **key_r, struct diag *) ATTR_MUST_CHECK;
/* bits: RSA only; LIMIT outside CRYPTO_RSA_MIN_BITS..MAX_BITS. */
enum status	 privkey_generate(enum crypto_key_type, unsigned bits,
		    struct privkey **key_r) ATTR_MUST_CHECK;
/* Keys are counted: each hold needs a free; the last free zeroes the key. */
struct privkey	*privkey_hold(struct privkey *);
void		 privkey_free(struct privkey *);	/* NULL is fine */
enum crypto_key_type	privkey_type(const struct privkey *);
/* A hash of the public key: equal for equal keys. */
uint64_t	 privkey_id(const struct privkey *);
unsigned	 privkey_bits(const struct privkey *);
/* SHA-256 of what privkey_public() writes: names the key to another process,
   also after a restart of either. */
void		 privkey_handle(const struct privkey *,
		    unsigned char handle_r[CRYPTO_HANDLE_BYTES]);
/*
 * A secret that belongs to the private key and does not reveal it: HMAC-SHA256
 * of the key as PEM PKCS#8, under a label that is fixed (the key of marks, see
 * engine/mark.h). The same on each host that has the key.
 */
enum status	 privkey_derive(const struct crypto *, const struct privkey *,
		    unsigned char r[CRYPTO_SHA256_BYTES]) ATTR_MUST_CHECK;

struct privkey_remote {		/* how a key that is elsewhere is used */
	/* As privkey_sign. Called by many threads at once. */
	enum status	(*sign)(void *ctx, const struct privkey *,
			    const unsigned char hash[CRYPTO_SHA256_BYTES],
			    struct buf *sig_r);
	void		(*free)(void *ctx);
};
/*
 * A key whose private half is elsewhere. public: as privkey_public() writes it;
 * derived: of privkey_derive(). The limits are those of privkey_parse_pem().
 * Takes ctx over, also when it fails.
 */
enum status	 privkey_remote_new(enum crypto_key_type, struct str public,
		    const unsigned char derived[CRYPTO_SHA256_BYTES],
		    const struct privkey_remote *, void *ctx,
		    struct privkey **key_r) ATTR_MUST_CHECK;
/* Appends PEM PKCS#8. IO: a remote key. */
enum status	 privkey_write_pem(const struct privkey *, struct buf *);
/*
 * Decrypts a private key in PEM with passphrase `from` and appends it as PEM
 * PKCS#8, encrypted with passphrase `to` (AES-256-CBC). An absent passphrase:
 * not encrypted. SYNTAX: no key, or the wrong passphrase.
 */
enum status	 privkey_recode_pem(struct str pem, struct str from,
		    struct str to, struct buf *out) ATTR_MUST_CHECK;
/* Appends the bytes for p=: SubjectPublicKeyInfo DER or 32 raw bytes. */
enum status	 privkey_public(const struct privkey *, struct buf *);
/* Whether the public key belongs to the private one. */
bool		 privkey_fits(const struct privkey *, const struct pubkey *);
/* Appends the signature that pubkey_verify checks. NOMEM: internal error. */
enum status	 privkey_sign(const struct crypto *, const struct privkey *,
		    const unsigned char hash[CRYPTO_SHA256_BYTES],
		    struct buf *sig_r) ATTR_MUST_CHECK;

#endif
