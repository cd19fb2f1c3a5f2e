/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "crypto/crypto.h"
#include "crypto/internal.h"

#define ED25519_BYTES		32
/* A larger exponent only makes a verification slow. */
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
rsa_parse(struct str der, EVP_PKEY **pkey_r)
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
	*pkey_r = rsa_from_numbers(n, e);
	if (*pkey_r == NULL) {
		status = crypto_take_nomem() ? STATUS_NOMEM : STATUS_SYNTAX;
	}
out:
	BN_free(n);
	BN_free(e);
	return (status);
}

static enum status
ed25519_parse(struct str raw, EVP_PKEY **pkey_r)
{
	if (raw.n != ED25519_BYTES) {
		return (STATUS_SYNTAX);
	}
	*pkey_r = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL,
	    (const unsigned char *)raw.p, raw.n);
	if (*pkey_r == NULL) {
		return (crypto_take_nomem() ? STATUS_NOMEM : STATUS_SYNTAX);
	}
	return (STATUS_OK);
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
		status = rsa_parse(der, &key->pkey);
		break;
	case CRYPTO_ED25519:
		status = ed25519_parse(der, &key->pkey);
		break;
	}
	if (status != STATUS_OK) {
		pubkey_free(key);
		return (status);
	}
	key->bits = crypto_key_bits(type, key->pkey);
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

enum crypto_key_type
pubkey_type(const struct pubkey *key)
{
	return (key->type);
}

/* 1: the signature is good; anything else: it is not, or OpenSSL failed. */
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
	return (ok);
}

static int
ed25519_verify(EVP_PKEY *pkey, const unsigned char *hash, struct str sig)
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
	return (ok);
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
	switch (key->type) {
	case CRYPTO_RSA:
		ok = rsa_verify(c, key->pkey, hash, sig);
		break;
	case CRYPTO_ED25519:
		ok = ed25519_verify(key->pkey, hash, sig);
		break;
	}
	*good_r = ok == 1;
	if (ok != 1 && crypto_take_nomem()) {
		return (STATUS_NOMEM);
	}
	return (STATUS_OK);
}
