/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "crypto/pem_kind.h"
#include "crypto/crypto.h"
#include "crypto/internal.h"

/* ctx: the passphrase. Without one it fails: a daemon cannot ask for one. */
static int
copy_passphrase(char *p, int max, int rw ATTR_UNUSED, void *ctx)
{
	const struct str *passphrase = ctx;

	if (passphrase->n == 0 || passphrase->n > (size_t)max) {
		return (-1);
	}
	memcpy(p, passphrase->p, passphrase->n);
	return ((int)passphrase->n);
}

/* NULL: such a key may be used; else why not. */
static const char *
key_refusal(enum crypto_key_type type, unsigned bits)
{
	if (type == CRYPTO_RSA && bits < CRYPTO_RSA_MIN_BITS) {
		return ("the RSA key is shorter than 1024 bits (RFC 8301)");
	}
	if (type == CRYPTO_RSA && bits > CRYPTO_RSA_MAX_BITS) {
		return ("the RSA key is longer than 8192 bits");
	}
	return (NULL);
}

/* False: neither kind. *bits_r is 0 if OpenSSL does not say. */
static bool
key_kind(const EVP_PKEY *pkey, enum crypto_key_type *type_r, unsigned *bits_r)
{
	int bits;

	if (EVP_PKEY_is_a(pkey, "ED25519")) {
		*type_r = CRYPTO_ED25519;
		*bits_r = CRYPTO_ED25519_BITS;
		return (true);
	}
	bits = EVP_PKEY_get_bits(pkey);
	*type_r = CRYPTO_RSA;
	*bits_r = bits > 0 ? (unsigned)bits : 0;
	return (EVP_PKEY_is_a(pkey, "RSA"));
}

static enum status
set_id(struct privkey *key)
{
	enum status status;
	struct buf public;

	buf_init(&public, CRYPTO_KEY_MAX_BYTES);
	status = privkey_public(key, &public);
	key->id = str_hash(buf_str(&public));
	if (status == STATUS_OK && EVP_Q_digest(NULL, "SHA256", NULL,
	    public.p, public.n, key->handle, NULL) != 1) {
		ERR_clear_error();
		status = STATUS_NOMEM;
	}
	buf_fini(&public);
	return (status);
}

enum status
privkey_from(EVP_PKEY *pkey, enum crypto_key_type type, unsigned bits,
    struct privkey **key_r)
{
	struct privkey *key = calloc(1, sizeof(*key));
	enum status status;

	if (key == NULL) {
		EVP_PKEY_free(pkey);
		return (STATUS_NOMEM);
	}
	key->pkey = pkey;
	key->type = type;
	key->bits = bits;
	atomic_init(&key->references, 1);
	status = set_id(key);
	if (status != STATUS_OK) {
		privkey_free(key);
		return (status);
	}
	*key_r = key;
	return (STATUS_OK);
}

static EVP_PKEY *
read_pem(struct str pem, struct str passphrase)
{
	EVP_PKEY *pkey;
	BIO *bio;

	if (pem.n == 0 || pem.n > INT_MAX) {
		return (NULL);
	}
	bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	if (bio == NULL) {
		return (NULL);
	}
	pkey = PEM_read_bio_PrivateKey(bio, NULL, copy_passphrase, &passphrase);
	BIO_free(bio);
	return (pkey);
}

static EVP_PKEY *
read_der(struct str der, struct str passphrase ATTR_UNUSED)
{
	const unsigned char *p = (const unsigned char *)der.p;
	EVP_PKEY *pkey;

	if (der.n == 0 || der.n > LONG_MAX) {
		return (NULL);
	}
	pkey = d2i_AutoPrivateKey(NULL, &p, (long)der.n);
	if (pkey != NULL && p != (const unsigned char *)der.p + der.n) {
		EVP_PKEY_free(pkey);
		return (NULL);
	}
	return (pkey);
}

/* Takes pkey over. *why_r: of SYNTAX. */
static enum status
privkey_take(EVP_PKEY *pkey, struct privkey **key_r, const char **why_r)
{
	enum crypto_key_type type;
	unsigned bits;

	*why_r = key_kind(pkey, &type, &bits) ? key_refusal(type, bits) :
	    "neither an RSA nor an Ed25519 key";
	if (bits == 0 || *why_r != NULL) {
		ERR_clear_error();
		EVP_PKEY_free(pkey);
		return (bits == 0 ? STATUS_NOMEM : STATUS_SYNTAX);
	}
	return (privkey_from(pkey, type, bits, key_r));
}

typedef EVP_PKEY	*read_function(struct str text, struct str passphrase);

static enum status
read_key(read_function *read_text, struct str text, struct str passphrase,
    EVP_PKEY **pkey_r)
{
	bool internal_error;

	ERR_clear_error();
	*pkey_r = read_text(text, passphrase);
	internal_error = crypto_take_internal_error();
	if (*pkey_r != NULL) {
		return (STATUS_OK);
	}
	return (internal_error ? STATUS_NOMEM : STATUS_SYNTAX);
}

static enum status
parse_once(read_function *read_text, struct str text, struct privkey **key_r,
    const char **why_r)
{
	enum status status;
	EVP_PKEY *pkey;

	*why_r = NULL;
	status = read_key(read_text, text, STR_NONE, &pkey);
	if (status != STATUS_OK) {
		return (status);
	}
	return (privkey_take(pkey, key_r, why_r));
}

/*
 * OpenSSL's decoders do not report each lack of memory: only a second failure
 * says that the text holds no such key.
 */
static enum status
privkey_parse(read_function *read_text, struct str text, const char *form,
    const char *name, struct privkey **key_r, struct diag *diag)
{
	enum status status;
	const char *why;

	*key_r = NULL;
	status = parse_once(read_text, text, key_r, &why);
	if (status == STATUS_SYNTAX) {
		status = parse_once(read_text, text, key_r, &why);
	}
	if (status != STATUS_SYNTAX) {
		return (status);
	}
	if (why != NULL) {
		diag_set(diag, name, 0, "%s", why);
	} else {
		diag_set(diag, name, 0, "%s", form != NULL ? form :
		    pem_kind_text(text));
	}
	return (STATUS_SYNTAX);
}

enum status
privkey_parse_pem(struct str pem, const char *name, struct privkey **key_r,
    struct diag *diag)
{
	return (privkey_parse(read_pem, pem, NULL, name, key_r, diag));
}

enum status
privkey_parse_der(struct str der, const char *name, struct privkey **key_r,
    struct diag *diag)
{
	return (privkey_parse(read_der, der, "no private key in DER", name,
	    key_r, diag));
}

enum status
privkey_generate(enum crypto_key_type type, unsigned bits,
    struct privkey **key_r)
{
	EVP_PKEY *pkey = NULL;

	*key_r = NULL;
	switch (type) {
	case CRYPTO_RSA:
		if (bits < CRYPTO_RSA_MIN_BITS || bits > CRYPTO_RSA_MAX_BITS) {
			return (STATUS_LIMIT);
		}
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
		break;
	case CRYPTO_ED25519:
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
		break;
	}
	if (pkey == NULL) {
		ERR_clear_error();
		return (STATUS_NOMEM);
	}
	return (privkey_from(pkey, type, type == CRYPTO_RSA ? bits :
	    CRYPTO_ED25519_BITS, key_r));
}

struct privkey *
privkey_hold(struct privkey *key)
{
	atomic_fetch_add_explicit(&key->references, 1, memory_order_relaxed);
	return (key);
}

void
privkey_free(struct privkey *key)
{
	if (key == NULL || atomic_fetch_sub_explicit(&key->references, 1,
	    memory_order_acq_rel) != 1) {
		return;
	}
	/* Overwrites the secret numbers before it frees them. */
	EVP_PKEY_free(key->pkey);
	if (key->remote != NULL) {
		key->remote->free(key->remote_ctx);
	}
	explicit_bzero(key, sizeof(*key));
	free(key);
}

enum crypto_key_type
privkey_type(const struct privkey *key)
{
	return (key->type);
}

unsigned
privkey_bits(const struct privkey *key)
{
	return (key->bits);
}

/* Encrypted if there is a passphrase. */
static enum status
write_pem(EVP_PKEY *pkey, struct str passphrase, struct buf *out)
{
	const EVP_CIPHER *cipher = passphrase.n > 0 ? EVP_aes_256_cbc() : NULL;
	enum status status = STATUS_NOMEM;
	BIO *bio = BIO_new(BIO_s_secmem());
	char *p;
	long n;

	if (bio != NULL &&
	    PEM_write_bio_PKCS8PrivateKey(bio, pkey, cipher, passphrase.p,
	    (int)passphrase.n, NULL, NULL) == 1 &&
	    (n = BIO_get_mem_data(bio, &p)) > 0) {
		buf_add(out, p, (size_t)n);
		status = out->status;
	}
	BIO_free(bio);
	ERR_clear_error();
	return (status);
}

enum status
privkey_write_pem(const struct privkey *key, struct buf *out)
{
	if (key->remote != NULL) {
		return (STATUS_IO);
	}
	return (write_pem(key->pkey, STR_NONE, out));
}

enum status
privkey_recode_pem(struct str pem, struct str from, struct str to,
    struct buf *out)
{
	enum status status;
	EVP_PKEY *pkey;

	status = read_key(read_pem, pem, from, &pkey);
	if (status == STATUS_SYNTAX) {
		status = read_key(read_pem, pem, from, &pkey);
	}
	if (status != STATUS_OK) {
		return (status);
	}
	status = write_pem(pkey, to, out);
	EVP_PKEY_free(pkey);
	return (status);
}

static enum status
ed25519_public(EVP_PKEY *pkey, struct buf *out)
{
	unsigned char raw[64];
	size_t n = sizeof(raw);

	if (EVP_PKEY_get_raw_public_key(pkey, raw, &n) != 1) {
		return (STATUS_NOMEM);
	}
	buf_add(out, raw, n);
	return (out->status);
}

static enum status
rsa_public(EVP_PKEY *pkey, struct buf *out)
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(pkey, &der);

	if (n <= 0) {
		return (STATUS_NOMEM);
	}
	buf_add(out, der, (size_t)n);
	OPENSSL_free(der);
	return (out->status);
}

enum status
privkey_public(const struct privkey *key, struct buf *out)
{
	enum status status = STATUS_NOMEM;

	switch (key->type) {
	case CRYPTO_RSA:
		status = rsa_public(key->pkey, out);
		break;
	case CRYPTO_ED25519:
		status = ed25519_public(key->pkey, out);
		break;
	}
	ERR_clear_error();
	return (status);
}

uint64_t
privkey_id(const struct privkey *key)
{
	return (key->id);
}

void
privkey_handle(const struct privkey *key,
    unsigned char handle_r[CRYPTO_HANDLE_BYTES])
{
	memcpy(handle_r, key->handle, CRYPTO_HANDLE_BYTES);
}

bool
privkey_fits(const struct privkey *priv, const struct pubkey *pub)
{
	bool fits = EVP_PKEY_eq(priv->pkey, pub->pkey) == 1;

	ERR_clear_error();
	return (fits);
}

static bool
rsa_sign(const struct crypto *c, EVP_PKEY *pkey, const unsigned char *hash,
    unsigned char *sig_r, size_t *n)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	bool ok;

	ok = ctx != NULL && EVP_PKEY_sign_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(ctx, c->sha256) == 1 &&
	    EVP_PKEY_sign(ctx, sig_r, n, hash, CRYPTO_SHA256_BYTES) == 1;
	EVP_PKEY_CTX_free(ctx);
	return (ok);
}

static bool
ed25519_sign(EVP_PKEY *pkey, const unsigned char *hash, unsigned char *sig_r,
    size_t *n)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok;

	ok = ctx != NULL &&
	    EVP_DigestSignInit_ex(ctx, NULL, NULL, NULL, NULL, pkey,
	    NULL) == 1 &&
	    EVP_DigestSign(ctx, sig_r, n, hash, CRYPTO_SHA256_BYTES) == 1;
	EVP_MD_CTX_free(ctx);
	return (ok);
}

enum status
privkey_sign(const struct crypto *c, const struct privkey *key,
    const unsigned char hash[CRYPTO_SHA256_BYTES], struct buf *sig_r)
{
	unsigned char sig[CRYPTO_SIG_MAX_BYTES];
	size_t n = sizeof(sig);
	bool ok = false;

	if (key->remote != NULL) {
		return (key->remote->sign(key->remote_ctx, key, hash, sig_r));
	}
	switch (key->type) {
	case CRYPTO_RSA:
		ok = rsa_sign(c, key->pkey, hash, sig, &n);
		break;
	case CRYPTO_ED25519:
		ok = ed25519_sign(key->pkey, hash, sig, &n);
		break;
	}
	if (!ok) {
		ERR_clear_error();
		return (STATUS_NOMEM);
	}
	buf_add(sig_r, sig, n);
	return (sig_r->status);
}
