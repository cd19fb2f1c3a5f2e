/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "crypto/crypto.h"
#include "crypto/internal.h"

#define ED25519_BYTES		32
#define ED25519_SIG_BYTES	64
/* A larger exponent makes verification slow. */
#define RSA_EXPONENT_MAX_BITS	64

/* Odd numbers, n of at most CRYPTO_RSA_MAX_BITS, 3 <= e < n (RFC 8017 3.1). */
static enum status
rsa_numbers_check(const BIGNUM *n, const BIGNUM *e)
{
	if (BN_num_bits(n) > CRYPTO_RSA_MAX_BITS) {
		return (STATUS_LIMIT);
	}
	if (!BN_is_odd(n) || !BN_is_odd(e) || BN_is_one(e) ||
	    BN_num_bits(e) > RSA_EXPONENT_MAX_BITS || BN_cmp(e, n) >= 0) {
		return (STATUS_SYNTAX);
	}
	return (STATUS_OK);
}

static EVP_PKEY *
rsa_from_numbers(const BIGNUM *n, const BIGNUM *e)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pkey = NULL;

	if (build == NULL || ctx == NULL ||
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) != 1 ||
	    (params = OSSL_PARAM_BLD_to_param(build)) == NULL ||
	    EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1) {
		pkey = NULL;
	}
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	return (pkey);
}

static enum status
rsa_parse(struct str der, struct pubkey *key)
{
	struct str n_octets, e_octets;
	BIGNUM *n = NULL, *e = NULL;
	enum status status;

	if (der.n > CRYPTO_KEY_MAX_BYTES) {
		return (STATUS_LIMIT);
	}
	status = der_rsa_public(der, &n_octets, &e_octets);
	if (status != STATUS_OK) {
		return (status);
	}
	n = BN_bin2bn((const unsigned char *)n_octets.p, (int)n_octets.n, NULL);
	e = BN_bin2bn((const unsigned char *)e_octets.p, (int)e_octets.n, NULL);
	if (n == NULL || e == NULL) {
		status = STATUS_NOMEM;
		goto out;
	}
	status = rsa_numbers_check(n, e);
	if (status != STATUS_OK) {
		goto out;
	}
	/* The numbers are valid: a failure is OpenSSL's own. */
	key->pkey = rsa_from_numbers(n, e);
	if (key->pkey == NULL) {
		status = STATUS_NOMEM;
	}
	key->bits = (unsigned)BN_num_bits(n);
out:
	BN_free(n);
	BN_free(e);
	return (status);
}

/*
 * y of the points whose order divides 8, little-endian. With such a key, anyone
 * can make a signature that OpenSSL verifies: R of small order, S = 0.
 */
static const unsigned char small_order_y[][ED25519_BYTES] = {
	{ 0x01 },			/* order 1 */
	{ 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f }, /* 2 */
	{ 0x00 },			/* 4 */
	{ 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
	  0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
	  0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 }, /* 8 */
	{ 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
	  0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
	  0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a }, /* 8 */
};

/* RFC 8032 5.1.3: y of a point is less than p = 2^255 - 19. */
static bool
is_canonical_y(const unsigned char y[ED25519_BYTES])
{
	size_t i;

	for (i = ED25519_BYTES - 2; i > 0 && y[i] == 0xff; i--) {
		continue;
	}
	return (y[ED25519_BYTES - 1] != 0x7f || i > 0 || y[0] < 0xed);
}

/* Whether only the owner of a private key can sign for it. */
static bool
is_strong_point(struct str raw)
{
	unsigned char y[ED25519_BYTES];
	size_t i;

	memcpy(y, raw.p, ED25519_BYTES);
	y[ED25519_BYTES - 1] &= 0x7f;	/* the sign of x */
	for (i = 0; i < sizeof(small_order_y) / sizeof(small_order_y[0]);
	    i++) {
		if (memcmp(y, small_order_y[i], ED25519_BYTES) == 0) {
			return (false);
		}
	}
	return (is_canonical_y(y));
}

static enum status
ed25519_parse(struct str raw, struct pubkey *key)
{
	if (raw.n != ED25519_BYTES || !is_strong_point(raw)) {
		return (STATUS_SYNTAX);
	}
	/* OpenSSL does not look at the octets: a failure is its own. */
	key->pkey = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL,
	    (const unsigned char *)raw.p, raw.n);
	key->bits = CRYPTO_ED25519_BITS;
	return (key->pkey != NULL ? STATUS_OK : STATUS_NOMEM);
}

enum status
pubkey_parse(enum crypto_key_type type, struct str der, struct pubkey **key_r)
{
	enum status status = STATUS_SYNTAX;
	struct pubkey *key;

	*key_r = NULL;
	key = calloc(1, sizeof(*key));
	if (key == NULL) {
		return (STATUS_NOMEM);
	}
	key->type = type;
	switch (type) {
	case CRYPTO_RSA:
		status = rsa_parse(der, key);
		break;
	case CRYPTO_ED25519:
		status = ed25519_parse(der, key);
		break;
	}
	if (status != STATUS_OK) {
		ERR_clear_error();
		pubkey_free(key);
		return (status);
	}
	*key_r = key;
	return (STATUS_OK);
}

void
pubkey_free(struct pubkey *key)
{
	if (key != NULL) {
		EVP_PKEY_free(key->pkey);
		free(key);
	}
}

unsigned
pubkey_bits(const struct pubkey *key)
{
	return (key->bits);
}

/*
 * The functions below return 1 if the signature matches, 0 if it does not, and
 * -1 for an internal error, like OpenSSL's. But OpenSSL also returns 0 for a
 * lack of memory, so its 0 needs evidence.
 */

/* OpenSSL queues an error of its RSA module for each kind of mismatch. */
static int
rsa_verify(const struct crypto *c, EVP_PKEY *pkey, const unsigned char *hash,
    struct str sig)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	int ok = -1;

	if (ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(ctx, c->sha256) == 1) {
		ok = EVP_PKEY_verify(ctx, (const unsigned char *)sig.p, sig.n,
		    hash, CRYPTO_SHA256_BYTES);
	}
	EVP_PKEY_CTX_free(ctx);
	if (ok == 1) {
		return (1);
	}
	return (crypto_take_mismatch() ? 0 : -1);
}

/*
 * 0: a mismatch, or a lack of memory that OpenSSL did not report. Since 3.5 a
 * mismatch queues an error of EVP, before that none.
 */
static int
ed25519_verify_once(EVP_PKEY *pkey, const unsigned char *hash, struct str sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok = -1;

	if (ctx != NULL &&
	    EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, NULL, pkey,
	    NULL) == 1) {
		ok = EVP_DigestVerify(ctx, (const unsigned char *)sig.p, sig.n,
		    hash, CRYPTO_SHA256_BYTES);
	}
	EVP_MD_CTX_free(ctx);
	if (ok == 1) {
		return (1);
	}
	return (ok == 0 && !crypto_take_internal_error() ? 0 : -1);
}

/* Whether OpenSSL verifies a signature that is known to match. */
static bool
ed25519_works(void)
{
	/* RFC 8032 7.1 test 1, and its signature over 32 zero bytes. */
	static const unsigned char key[ED25519_BYTES] = {
	    0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7,
	    0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
	    0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25,
	    0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a
	};
	static const unsigned char sig[ED25519_SIG_BYTES] = {
	    0x35, 0x5c, 0x74, 0x05, 0x3a, 0x38, 0x0a, 0xb5,
	    0x8b, 0x29, 0x8d, 0xe2, 0x3a, 0xdc, 0xca, 0x49,
	    0xf3, 0x9b, 0x7c, 0xa5, 0x0a, 0x2c, 0xec, 0x5b,
	    0x86, 0x1f, 0x6c, 0x7f, 0xdd, 0xf8, 0x7c, 0x8a,
	    0x53, 0xb7, 0x8c, 0x7b, 0xb3, 0x95, 0x92, 0x68,
	    0xc0, 0xdb, 0x1e, 0xde, 0xb0, 0x44, 0x07, 0x86,
	    0x83, 0x9e, 0xf5, 0xde, 0xfa, 0xad, 0x62, 0x32,
	    0x90, 0x07, 0x61, 0x98, 0x56, 0x0b, 0x3c, 0x02
	};
	static const unsigned char hash[CRYPTO_SHA256_BYTES];
	EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL,
	    key, sizeof(key));
	bool works;

	works = pkey != NULL && ed25519_verify_once(pkey, hash,
	    str_mem(sig, sizeof(sig))) == 1;
	EVP_PKEY_free(pkey);
	return (works);
}

/*
 * A mismatch counts if OpenSSL reports it twice and verifies a good signature
 * in between: a fault that is over, or one that lasts, is not taken for it.
 */
static int
ed25519_verify(EVP_PKEY *pkey, const unsigned char *hash, struct str sig)
{
	int ok;

	if (sig.n != ED25519_SIG_BYTES) {
		return (0);
	}
	ok = ed25519_verify_once(pkey, hash, sig);
	if (ok != 0) {
		return (ok);
	}
	return (ed25519_works() ? ed25519_verify_once(pkey, hash, sig) : -1);
}

enum status
pubkey_verify(const struct crypto *c, const struct pubkey *key,
    const unsigned char hash[CRYPTO_SHA256_BYTES], struct str sig,
    bool *good_r)
{
	int ok = -1;

	*good_r = false;
	if (sig.n == 0) {
		return (STATUS_OK);
	}
	ERR_clear_error();
	switch (key->type) {
	case CRYPTO_RSA:
		ok = rsa_verify(c, key->pkey, hash, sig);
		break;
	case CRYPTO_ED25519:
		ok = ed25519_verify(key->pkey, hash, sig);
		break;
	}
	*good_r = ok == 1;
	if (ok != 0 && ok != 1) {
		ERR_clear_error();
		return (STATUS_NOMEM);
	}
	return (STATUS_OK);
}
