/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * self_test: uses every operation of this folder once, with fixed keys.
 *
 * OpenSSL fetches its algorithms when they are first used, and never again
 * after a fetch has failed. So an allocation that fails during the first
 * verification of a process would make every later one fail. After the self
 * test everything is fetched. The keys are published here and protect nothing.
 */
#include "config.h"

#include "crypto/crypto.h"
#include "crypto/internal.h"

#define PEM_MAX_BYTES	8192

static const char *const test_keys[] = {
	"-----BEGIN PRIVATE KEY-----\n"
	"MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQCszYjgQwWzKqqo\n"
	"+33+/OZgfQf2Yj+iNdZJiYbvFZB+I6UqXTY+citXddXl8NQNtUu5QNRVYtc//2EK\n"
	"ZW/x7yulCcjdEL/Z63Hs1mBl0+8ae7HtdC/UV9FOrUSseq1ySxSDX+H3Pv4w+iuM\n"
	"8jpa5w+IUl0SXZrGtHDcw1BJe6K7MeIbqLsPbPqBQAZFtz3mIOjbBdtyBYBub6LO\n"
	"qjc2KpBhKbbZdCfGLsbWkkNq6chg/IkBKo35dkpzriBfK03gLbTXwphYn5SeFdQu\n"
	"fUbXSw/xbk23S1zpfC4TM82vrNgBzfrOqUfOKDs0gco9lU5vomdB1vAJW+EvMNey\n"
	"/jhGD8zLAgMBAAECggEAQuUcUEjR246wW1NkbsJDguXUH8bgAHEcAALL6CEuew5c\n"
	"gZ5tAdabvbNhty64QIhHBLO6n0Vws5cu32HuaLegazby+dVil7+ELl29Gp5lSRjK\n"
	"g/R/EZJfdjgwRh8FpyG2krcbGGZb6+Tk2B7rhUY+ppTP7+ypnrO6n1PC8Hd6w0FD\n"
	"wNF7vByNI3Db+ZO/lHP6GDNGTXDnUplv73qtSJMWMalnM2+7hqEgtmzYzoxxYnnf\n"
	"zrXZC7bHW7D36hap4zhqajaLmsKuDshDHqoblBQNrfSK3+5iavm9XPhoiOYxyr86\n"
	"8v4zNJGMpzCMThM9r59Rw00YFPMBaDjTFkalJTIXdQKBgQDuD3xiA/NlRu8iuC7K\n"
	"WAu4mCzywU3xvQtBjhGcEFlM0cjliifqbiBpFsDmEpseceau48btKmxQFh4c2Wn+\n"
	"6yyg/05e0X/wXj9lu1K6GMXEfVSQ+0HL9KazqFXu0TbIc1+5kTeqQuLhzjgdy6HY\n"
	"yRfYSCwbmQUidvMBNBRpJ3qd7QKBgQC50yO65BvyK80FxnnssalBZJdTc0JNuG7A\n"
	"pfviKCO5uM24ZJq/su8tngTsrlS6lYEzmJy/ZwNeNfwGqPhTr4NhGhFPThRRH+IJ\n"
	"VYiFEEHSgQ860Kje8muyTSR6gEomc8Q0EdiykeCoyfRLEils/ouNtnYT/j7Boi+/\n"
	"nA1eXsp+lwKBgGdGQpCG5D1Ic4+dVXckkRkosz8wyu6XM13iExOgKA1iaQPjVoOl\n"
	"+Nt+KnrlEXQ4t3mhiPf0Un6/yZp8WzZisb66YzZRLm6JhHlOtYnUG1+te1VWGuov\n"
	"HW6NFZKAIoL9QkbPj9WGJMUO4FtUrsbMHlMOpEvoq0iTT8Jy5HPl05TVAoGBAIx4\n"
	"5fuz0MRjBBunjCe3reE3L4XwDWE/WMndL+ooucj9wNXxh2H+2/u6BrL8niRmPENK\n"
	"zMOMFem0GY7XUNHCTiirUgaHWahx16eCty8PuRJuaZrmfaH71Bn3YuoP7P3gaaOL\n"
	"Eir7R7+Q21GcqyAv1EMOeXhnq/0oo7vPNfPu6FiFAoGBAI2jTDsduQEgS0Wq535U\n"
	"L2JqJv5TAUnfq/ijPCcKZY1HCohXEWlU9mhxTKz87GGLUspXvS/AdSVg3BJ7qSxI\n"
	"l1rCB4ewJtFH8pb72iFCoogrfSRy0XyTvjIU0FTy8NkCIDNl3gIEZ28glqa/sgw3\n"
	"V9rSJgrIHL5dFq5rKYINuugQ\n"
	"-----END PRIVATE KEY-----\n",
	/* RFC 8032 7.1 test 1 */
	"-----BEGIN PRIVATE KEY-----\n"
	"MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
	"-----END PRIVATE KEY-----\n",
};

static const unsigned char test_hash[CRYPTO_SHA256_BYTES] = "self test";

/* Whether verification accepts the signature, and rejects a changed one. */
static bool
test_verify(const struct crypto *c, const struct pubkey *key,
    struct buf *signature)
{
	bool good;

	if (pubkey_verify(c, key, test_hash, buf_str(signature), &good) !=
	    STATUS_OK || !good) {
		return (false);
	}
	signature->p[0] ^= 1;
	return (pubkey_verify(c, key, test_hash, buf_str(signature), &good) ==
	    STATUS_OK && !good);
}

static bool
test_pair(const struct crypto *c, const struct privkey *private,
    struct buf *scratch)
{
	struct pubkey *public = NULL;
	bool passed;

	if (privkey_public(private, scratch) != STATUS_OK ||
	    pubkey_parse(privkey_type(private), buf_str(scratch), &public) !=
	    STATUS_OK) {
		return (false);
	}
	buf_reset(scratch);
	passed = privkey_fits(private, public) &&
	    privkey_sign(c, private, test_hash, scratch) == STATUS_OK &&
	    test_verify(c, public, scratch);
	pubkey_free(public);
	return (passed);
}

static bool
test_key(const struct crypto *c, const char *pem)
{
	struct privkey *private;
	struct buf scratch;
	struct diag diag;
	bool passed;

	diag_init(&diag);
	if (privkey_parse_pem(str_from(pem), "self test", &private, &diag) !=
	    STATUS_OK) {
		return (false);
	}
	buf_init(&scratch, PEM_MAX_BYTES);
	passed = privkey_write_pem(private, &scratch) == STATUS_OK &&
	    str_eq(buf_str(&scratch), str_from(pem));
	buf_reset(&scratch);
	passed = passed && test_pair(c, private, &scratch);
	buf_fini(&scratch);
	privkey_free(private);
	return (passed);
}

/* Encrypts the key and decrypts it. */
static bool
test_passphrase(const char *pem)
{
	struct buf encrypted, decrypted;
	bool passed;

	buf_init(&encrypted, PEM_MAX_BYTES);
	buf_init(&decrypted, PEM_MAX_BYTES);
	passed = privkey_recode_pem(str_from(pem), STR_NONE, STR("secret"),
	    &encrypted) == STATUS_OK &&
	    privkey_recode_pem(buf_str(&encrypted), STR("secret"), STR_NONE,
	    &decrypted) == STATUS_OK &&
	    str_eq(buf_str(&decrypted), str_from(pem));
	buf_fini(&encrypted);
	buf_fini(&decrypted);
	return (passed);
}

static bool
test_generation(void)
{
	struct privkey *key;

	if (privkey_generate(CRYPTO_ED25519, 0, &key) != STATUS_OK) {
		return (false);
	}
	privkey_free(key);
	return (true);
}

bool
crypto_self_test(const struct crypto *c)
{
	size_t i;

	for (i = 0; i < sizeof(test_keys) / sizeof(test_keys[0]); i++) {
		if (!test_key(c, test_keys[i])) {
			return (false);
		}
	}
	return (test_passphrase(test_keys[0]) && test_generation());
}
