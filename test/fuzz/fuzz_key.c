/* SPDX-License-Identifier: BSD-2-Clause */
#include "dkim/key.h"
#include "test/fuzz/fuzz.h"

static void
check_pubkey(const struct crypto *crypto, const struct pubkey *key,
    struct str sig)
{
	static const unsigned char hash[CRYPTO_SHA256_BYTES];
	bool good;

	FUZZ_CHECK(pubkey_bits(key) <= CRYPTO_RSA_MAX_BITS);
	FUZZ_CHECK(pubkey_verify(crypto, key, hash, sig, &good) == STATUS_OK);
}

/* The input as the text of a record. */
static void
check_record(const struct crypto *crypto, struct str text)
{
	struct dkim_key key;

	FUZZ_CHECK(dkim_key_parse(text, &key) == STATUS_OK);
	FUZZ_CHECK((key.result == DKIM_NONE) == (key.pubkey != NULL));
	FUZZ_CHECK((key.result == DKIM_NONE) == (key.reason == NULL));
	if (key.pubkey != NULL) {
		FUZZ_CHECK(key.bits == pubkey_bits(key.pubkey));
		FUZZ_CHECK(key.type != CRYPTO_RSA ||
		    key.bits >= CRYPTO_RSA_MIN_BITS);
		check_pubkey(crypto, key.pubkey, text);
	}
	dkim_key_fini(&key);
}

/* The input as the decoded value of p=. */
static void
check_der(const struct crypto *crypto, enum crypto_key_type type,
    struct str der)
{
	struct pubkey *key;
	enum status status = pubkey_parse(type, der, &key);

	FUZZ_CHECK((status == STATUS_OK) == (key != NULL));
	FUZZ_CHECK(status == STATUS_OK || status == STATUS_SYNTAX ||
	    status == STATUS_LIMIT);
	if (key != NULL) {
		check_pubkey(crypto, key, der);
	}
	pubkey_free(key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str input = str_mem(data, n);
	struct crypto *crypto = crypto_new();

	FUZZ_CHECK(crypto != NULL);
	check_record(crypto, input);
	check_der(crypto, CRYPTO_RSA, input);
	check_der(crypto, CRYPTO_ED25519, input);
	crypto_free(crypto);
	return (0);
}
