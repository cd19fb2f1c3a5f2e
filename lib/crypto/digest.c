/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypto/crypto.h"
#include "crypto/internal.h"

struct digest {
	EVP_MD_CTX	*ctx;
	const EVP_MD	*md;
	/* Since the last digest_final. OpenSSL must not be called then: a
	   context that could not be initialised has no state. */
	bool		 failed;
};

struct digest *
digest_new(const struct crypto *c)
{
	struct digest *d = calloc(1, sizeof(*d));

	if (d == NULL) {
		return (NULL);
	}
	d->md = c->sha256;
	d->ctx = EVP_MD_CTX_new();
	if (d->ctx == NULL || EVP_DigestInit_ex2(d->ctx, d->md, NULL) != 1) {
		ERR_clear_error();
		digest_free(d);
		return (NULL);
	}
	return (d);
}

void
digest_free(struct digest *d)
{
	if (d != NULL) {
		EVP_MD_CTX_free(d->ctx);
		free(d);
	}
}

void
digest_update(void *digest, const void *p, size_t n)
{
	struct digest *d = digest;

	if (n > 0 && !d->failed && EVP_DigestUpdate(d->ctx, p, n) != 1) {
		d->failed = true;
	}
}

enum status
digest_copy(struct digest *to, const struct digest *from)
{
	to->failed = from->failed;
	if (from->failed) {
		return (STATUS_OK);	/* digest_final reports it */
	}
	if (EVP_MD_CTX_copy_ex(to->ctx, from->ctx) != 1) {
		ERR_clear_error();
		return (STATUS_NOMEM);
	}
	return (STATUS_OK);
}

enum status
digest_final(struct digest *d, unsigned char hash_r[CRYPTO_SHA256_BYTES])
{
	bool failed = d->failed ||
	    EVP_DigestFinal_ex(d->ctx, hash_r, NULL) != 1;

	d->failed = EVP_DigestInit_ex2(d->ctx, d->md, NULL) != 1;
	if (failed || d->failed) {
		ERR_clear_error();
	}
	return (failed ? STATUS_NOMEM : STATUS_OK);
}
