/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/crypto.h"

#include "test/unit/tap.h"

static const struct {
	const char	*text;
	size_t		 cut;	/* into two updates */
	const char	*hash;
} rows[] = {	/* FIPS 180-4 examples and the empty input */
	{ "", 0, "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855" },
	{ "abc", 1, "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 55,
	    "248d6a61d20638b8e5c026930c3e6039"
	    "a33ce45964ff2167f6ecedd419db06c1" },
};

static void
check_row(struct digest *d, size_t i)
{
	unsigned char hash[CRYPTO_SHA256_BYTES];
	char hex[2 * CRYPTO_SHA256_BYTES + 1];
	size_t k, n = strlen(rows[i].text);

	digest_update(d, rows[i].text, rows[i].cut);
	digest_update(d, rows[i].text + rows[i].cut, n - rows[i].cut);
	if (!tap_ok(digest_final(d, hash) == STATUS_OK, "row %zu: final", i)) {
		return;
	}
	for (k = 0; k < sizeof(hash); k++) {
		snprintf(hex + 2 * k, 3, "%02x", hash[k]);
	}
	tap_str(str_from(hex), str_from(rows[i].hash), "its hash");
}

/* Two ends to one beginning. */
static void
check_copy(const struct crypto *c, struct digest *d)
{
	unsigned char hash[2][CRYPTO_SHA256_BYTES];
	struct digest *copy = digest_new(c);

	digest_update(copy, "dropped", 7);
	digest_update(d, "ab", 2);
	tap_ok(digest_copy(copy, d) == STATUS_OK, "copied");
	digest_update(copy, "x", 1);
	tap_ok(digest_final(copy, hash[0]) == STATUS_OK, "the copy ends");
	digest_update(d, "x", 1);
	tap_ok(digest_final(d, hash[1]) == STATUS_OK &&
	    memcmp(hash[0], hash[1], sizeof(hash[0])) == 0,
	    "as the other goes on");
	digest_free(copy);
}

int
main(void)
{
	struct crypto *c = crypto_new();
	struct digest *d;
	size_t i;

	tap_ok(c != NULL, "crypto_new");
	d = digest_new(c);
	tap_ok(d != NULL, "digest_new");
	/* The same digest for every row: final leaves it ready. */
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(d, i);
	}
	check_copy(c, d);
	digest_free(d);
	digest_free(NULL);
	crypto_free(c);
	crypto_free(NULL);
	return (tap_done());
}
