/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys whose private half is in another process, and what is derived from a
   private key. */
#include "config.h"

#include <string.h>

#include <openssl/evp.h>

#include "crypto/internal.h"

#define PEM_MAX_BYTES	(64 * 1024)
/* Never changed: marks of other hosts and of earlier versions depend on it. */
#define DERIVE_LABEL	STR("mailseal key of marks 1")

enum status
privkey_derive(const struct crypto *crypto, const struct privkey *key,
    unsigned char r[CRYPTO_SHA256_BYTES])
{
	enum status status;
	struct str text;
	struct buf pem;

	if (key->remote != NULL) {
		memcpy(r, key->derived, CRYPTO_SHA256_BYTES);
		return (STATUS_OK);
	}
	buf_init(&pem, PEM_MAX_BYTES);
	status = privkey_write_pem(key, &pem);
	if (status == STATUS_OK) {
		text = buf_str(&pem);
		status = hmac_sha256(crypto, DERIVE_LABEL, &text, 1, r);
	}
	buf_fini_secret(&pem);
	return (status);
}

static enum status
parse_public(enum crypto_key_type type, struct str public, EVP_PKEY **pkey_r,
    unsigned *bits_r)
{
	struct pubkey *key;
	enum status status = pubkey_parse(type, public, &key);

	if (status != STATUS_OK) {
		return (status);
	}
	if (type == CRYPTO_RSA && key->bits < CRYPTO_RSA_MIN_BITS) {
		pubkey_free(key);
		return (STATUS_SYNTAX);
	}
	*bits_r = key->bits;
	*pkey_r = key->pkey;
	key->pkey = NULL;
	pubkey_free(key);
	return (STATUS_OK);
}

enum status
privkey_remote_new(enum crypto_key_type type, struct str public,
    const unsigned char derived[CRYPTO_SHA256_BYTES],
    const struct privkey_remote *remote, void *ctx, struct privkey **key_r)
{
	EVP_PKEY *pkey = NULL;
	unsigned bits = 0;
	enum status status;

	*key_r = NULL;
	status = parse_public(type, public, &pkey, &bits);
	if (status == STATUS_OK) {
		status = privkey_from(pkey, type, bits, key_r);
	}
	if (status != STATUS_OK) {
		remote->free(ctx);
		return (status);
	}
	memcpy((*key_r)->derived, derived, CRYPTO_SHA256_BYTES);
	(*key_r)->remote = remote;
	(*key_r)->remote_ctx = ctx;
	return (STATUS_OK);
}
