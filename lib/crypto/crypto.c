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
	if (c->sha256 == NULL || !crypto_self_test(c)) {
		ERR_clear_error();
		crypto_free(c);
		return (NULL);
	}
	return (c);
}

void
crypto_free(struct crypto *c)
{
	if (c == NULL) {
		return;
	}
	EVP_MD_free(c->sha256);
	free(c);
}

bool
crypto_take_internal_error(void)
{
	bool found = false;
	unsigned long e;

	while ((e = ERR_get_error()) != 0) {
		switch (ERR_GET_REASON(e)) {
		case ERR_R_MALLOC_FAILURE:
		case ERR_R_INTERNAL_ERROR:
		case ERR_R_INIT_FAIL:
		case ERR_R_FETCH_FAILED:
			found = true;
			break;
		default:
			break;
		}
	}
	return (found);
}

/* Whether the error only says that a verification below failed: of the
   provider, and since OpenSSL 3.5 of EVP. */
static bool
is_note(unsigned long e)
{
	return (ERR_GET_LIB(e) == ERR_LIB_EVP ? !ERR_COMMON_ERROR(e) :
	    ERR_GET_LIB(e) == ERR_LIB_PROV &&
	    ERR_GET_REASON(e) == ERR_R_RSA_LIB);
}

bool
crypto_take_mismatch(void)
{
	bool mismatch = false, other = false;
	unsigned long e;

	while ((e = ERR_get_error()) != 0) {
		if (ERR_GET_LIB(e) == ERR_LIB_RSA && !ERR_COMMON_ERROR(e)) {
			mismatch = true;
		} else if (!is_note(e)) {
			other = true;
		}
	}
	return (mismatch && !other);
}

const char *
crypto_key_name(enum crypto_key_type type)
{
	switch (type) {
	case CRYPTO_RSA:
		return ("rsa");
	case CRYPTO_ED25519:
		break;
	}
	return ("ed25519");
}
