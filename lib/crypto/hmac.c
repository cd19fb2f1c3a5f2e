/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "crypto/crypto.h"

#define BLOCK_BYTES	64	/* of SHA-256 */

enum status
hmac_sha256(const struct crypto *c, struct str key, const struct str *parts,
    size_t n, unsigned char r[CRYPTO_SHA256_BYTES])
{
	unsigned char pad[BLOCK_BYTES] = { 0 };
	struct digest *digest = digest_new(c);
	enum status status = STATUS_NOMEM;
	size_t i;

	if (digest == NULL || key.n > BLOCK_BYTES) {
		goto out;
	}
	memcpy(pad, key.p, key.n);
	for (i = 0; i < BLOCK_BYTES; i++) {
		pad[i] ^= 0x36;
	}
	digest_update(digest, pad, sizeof(pad));
	for (i = 0; i < n; i++) {
		digest_update(digest, parts[i].p, parts[i].n);
	}
	status = digest_final(digest, r);
	if (status != STATUS_OK) {
		goto out;
	}
	for (i = 0; i < BLOCK_BYTES; i++) {
		pad[i] ^= 0x36 ^ 0x5c;
	}
	digest_update(digest, pad, sizeof(pad));
	digest_update(digest, r, CRYPTO_SHA256_BYTES);
	status = digest_final(digest, r);
out:
	explicit_bzero(pad, sizeof(pad));
	digest_free(digest);
	return (status);
}

bool
crypto_equal(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;
	unsigned char differ = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		differ |= x[i] ^ y[i];
	}
	return (differ == 0);
}
