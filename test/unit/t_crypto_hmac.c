/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/crypto.h"

#include "test/unit/tap.h"

static const struct {
	const char	*name;
	struct str	 key;
	struct str	 data;
	size_t		 cut;	/* into two parts */
	const char	*hmac;
} rows[] = {	/* RFC 4231 4.2 to 4.4 */
	{ "case 1", STR("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
	    "\x0b\x0b\x0b\x0b\x0b\x0b\x0b"), STR("Hi There"), 3,
	    "b0344c61d8db38535ca8afceaf0bf12b"
	    "881dc200c9833da726e9376c2e32cff7" },
	{ "case 2", STR("Jefe"), STR("what do ya want for nothing?"), 28,
	    "5bdcc146bf60754e6a042426089575c7"
	    "5a003f089d2739839dec58b964ec3843" },
	{ "case 3", STR("\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
	    "\xaa\xaa\xaa\xaa\xaa\xaa\xaa"),
	    STR("\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd"
	    "\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd"
	    "\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd"
	    "\xdd\xdd\xdd"), 0,
	    "773ea91e36800e46854db8ebd09181a7"
	    "2959098b3ef8c122d9635514ced565fe" },
};

int
main(void)
{
	struct crypto *c = crypto_new();
	unsigned char mac[CRYPTO_SHA256_BYTES];
	char hex[2 * CRYPTO_SHA256_BYTES + 1];
	static const char long_key[65];
	size_t i, k;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct str parts[] = { str_first(rows[i].data, rows[i].cut),
			str_from_offset(rows[i].data, rows[i].cut) };

		if (!tap_ok(hmac_sha256(c, rows[i].key, parts, 2, mac) ==
		    STATUS_OK, "%s: done", rows[i].name)) {
			continue;
		}
		for (k = 0; k < sizeof(mac); k++) {
			snprintf(hex + 2 * k, 3, "%02x", mac[k]);
		}
		tap_str(str_from(hex), str_from(rows[i].hmac), rows[i].name);
	}
	tap_ok(hmac_sha256(c, str_mem(long_key, 65), NULL, 0, mac) !=
	    STATUS_OK, "a key of more than one block is refused");
	tap_ok(crypto_equal("abc", "abc", 3) && !crypto_equal("abc", "abd", 3)
	    && !crypto_equal("xbc", "abc", 3) && crypto_equal("x", "y", 0),
	    "crypto_equal");
	crypto_free(c);
	return (tap_done());
}
