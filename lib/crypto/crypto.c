/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypto/crypto.h"
#include "crypto/internal.h"

struct crypto *
crypto_new(void)
{
	struct crypto *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		return (NULL);
	}
	c->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (c->sha256 == NULL) {
		ERR_clear_error();
		free(c);
		return (NULL);
	}
	return (c);
}

void
crypto_free(struct crypto *c)
{
	if (c != NULL) {
		EVP_MD_free(c->sha256);
		free(c);
	}
}

unsigned
crypto_key_bits(enum crypto_key_type type, const EVP_PKEY *pkey)
{
	switch (type) {
	case CRYPTO_RSA:
		return ((unsigned)EVP_PKEY_get_bits(pkey));
	case CRYPTO_ED25519:
		return (256);
	}
	return (0);
}

/*
 * What went wrong was left in the thread's queue, where it would stay for
 * ever; it also tells a lack of memory from bad data.
 */
bool
crypto_take_nomem(void)
{
	bool nomem = false;
	unsigned long e;

	while ((e = ERR_get_error()) != 0) {
		if (ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE) {
			nomem = true;
		}
	}
	return (nomem);
}
