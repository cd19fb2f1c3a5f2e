/* SPDX-License-Identifier: BSD-2-Clause */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/arena.h"
#include "base/b64.h"
#include "crypto/crypto.h"

#include "test/unit/crypto_vectors.h"
#include "test/unit/tap.h"

static struct arena arena;
static struct crypto *crypto;
static const unsigned char hash[CRYPTO_SHA256_BYTES] = "32 octets stand for a "
    "hash here";

static struct str
keep(struct buf *b)
{
	struct str s = arena_dup(&arena, buf_str(b));

	buf_reset(b);
	return (s);
}

/* The public half, as a key record has it. */
static struct pubkey *
public_of(const struct privkey *key)
{
	struct pubkey *pub = NULL;
	struct buf b;

	buf_init(&b, CRYPTO_KEY_MAX_BYTES);
	tap_num(privkey_public(key, &b), STATUS_OK, "its public key");
	tap_num(pubkey_parse(privkey_type(key), buf_str(&b), &pub), STATUS_OK,
	    "that parses");
	buf_fini(&b);
	return (pub);
}

static void
check_signs(const struct privkey *key, const struct pubkey *pub)
{
	struct buf sig;
	bool good = false;

	buf_init(&sig, CRYPTO_SIG_MAX_BYTES);
	tap_num(privkey_sign(crypto, key, hash, &sig), STATUS_OK, "it signs");
	tap_num(pubkey_verify(crypto, pub, hash, buf_str(&sig), &good),
	    STATUS_OK, "what it signed");
	tap_ok(good, "verifies");
	buf_fini(&sig);
}

static struct str
pem_of(const struct privkey *key)
{
	struct buf b;
	struct str pem;

	buf_init(&b, 65536);
	tap_num(privkey_write_pem(key, &b), STATUS_OK, "written as PEM");
	pem = keep(&b);
	buf_fini(&b);
	tap_ok(str_starts(pem, STR("-----BEGIN PRIVATE KEY-----\n")),
	    "which is PKCS#8");
	return (pem);
}

static void
check_round(enum crypto_key_type type, unsigned bits, unsigned want_bits)
{
	struct privkey *key, *again;
	struct pubkey *pub;
	struct diag diag;

	tap_num(privkey_generate(type, bits, &key), STATUS_OK, "a new key");
	tap_num(privkey_type(key), type, "its type");
	tap_num(privkey_bits(key), want_bits, "its bits");
	pub = public_of(key);
	tap_num(pubkey_bits(pub), want_bits, "its public key's bits");
	check_signs(key, pub);
	diag_init(&diag);
	tap_num(privkey_parse_pem(pem_of(key), "x", &again, &diag), STATUS_OK,
	    "and read again");
	tap_ok(privkey_fits(again, pub), "it is the same key");
	check_signs(again, pub);
	privkey_free(again);
	privkey_free(key);
	tap_num(privkey_generate(type, bits, &again), STATUS_OK,
	    "another new key");
	tap_ok(!privkey_fits(again, pub), "does not fit");
	privkey_free(again);
	pubkey_free(pub);
}

/* RFC 8032 7.1 test 1: the public key follows from the private one. */
static void
check_ed25519_vector(void)
{
	struct privkey *key;
	struct diag diag;
	struct buf b, text;

	diag_init(&diag);
	buf_init(&b, 100);
	buf_init(&text, 100);
	tap_num(privkey_parse_pem(STR(ED25519_PEM), "x", &key, &diag),
	    STATUS_OK, "RFC 8032 test 1");
	tap_num(privkey_public(key, &b), STATUS_OK, "its public key");
	b64_encode(&text, b.p, b.n);
	tap_str(buf_str(&text), STR(ED25519_PUBLIC), "as published");
	privkey_free(key);
	buf_fini(&text);
	buf_fini(&b);
}

static struct str
take_bio(BIO *bio)
{
	char *p;
	long n = BIO_get_mem_data(bio, &p);
	struct str s = arena_dup(&arena, str_mem(p, (size_t)n));

	BIO_free(bio);
	return (s);
}

static struct str
openssl_pem(EVP_PKEY *pkey, bool traditional, const EVP_CIPHER *cipher)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char pass[] = "secret";
	int n = cipher != NULL ? (int)sizeof(pass) - 1 : 0;

	if (traditional) {
		PEM_write_bio_PrivateKey_traditional(bio, pkey, cipher,
		    (unsigned char *)pass, n, NULL, NULL);
	} else {
		PEM_write_bio_PKCS8PrivateKey(bio, pkey, cipher, pass, n, NULL,
		    NULL);
	}
	return (take_bio(bio));
}

static void
check_pem(struct str pem, enum status want, const char *want_text,
    const char *name)
{
	struct privkey *key;
	struct diag diag;

	diag_init(&diag);
	tap_num(privkey_parse_pem(pem, "k.private", &key, &diag), want, name);
	tap_ok((key != NULL) == (want == STATUS_OK), "a key or none");
	tap_str(str_from(diag.text), str_from(want_text), "the reason");
	tap_num((long long)ERR_peek_error(), 0,
	    "nothing left in OpenSSL's queue");
	privkey_free(key);
}

#define PASSPHRASE	"k.private: a private key with a passphrase: remove " \
	"it, with openssl pkey -in OLD -out NEW"

#define S(s)	{ s, sizeof(s) - 1 }

/* What is no private key, by its kind. */
static const struct {
	struct str	 text;
	const char	*want;
} kinds[] = {
	{ S(" \r\n\t\n"), "k.private: empty: it holds no private key" },
	{ S("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
	    "k.private: a certificate: the private key is needed here" },
	{ S("-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n"),
	    "k.private: a certificate request: the private key is needed "
	    "here" },
	{ S("-----BEGIN RSA PUBLIC KEY-----\nMIIB\n"),
	    "k.private: a public key: the private one is needed here" },
	{ S("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n"),
	    "k.private: a key of OpenSSH, not in PEM: make one with "
	    "dkimkeygen new" },
	{ S("-----BEGIN PGP PRIVATE KEY BLOCK-----\n"),
	    "k.private: a key of OpenPGP, not in PEM: make one with "
	    "dkimkeygen new" },
	{ S("s._domainkey IN TXT ( \"v=DKIM1; k=rsa; \" )\n"),
	    "k.private: a DNS record: the private key is needed here, "
	    "SELECTOR.private" },
	{ S("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"),
	    "k.private: a private key that is damaged, or of an unknown "
	    "kind" },
	{ S("\xef\xbb\xbf-----BEGIN PRIVATE KEY-----\nMIIB\n"
	    "-----END PRIVATE KEY-----\n"),
	    "k.private: a private key after a byte order mark: save it "
	    "without one" },
	{ S("ssh-ed25519 AAAAC3Nz joe@example.com\n"), "k.private: a public "
	    "key of OpenSSH: the private one is needed here, in PEM" },
	{ S("\x30\x04\x02\x01\x00\x30"), "k.private: in DER, not in PEM: "
	    "convert it, with openssl pkey -inform DER -in OLD -out NEW" },
	{ S("\x30\x82\x04\xbd\x02\x01"), "k.private: in DER, not in PEM: "
	    "convert it, with openssl pkey -inform DER -in OLD -out NEW" },
	{ S("\x30\x82\x0a\x5b\x02\x01\x03\x30"), "k.private: a container of "
	    "PKCS#12: take the key out, with openssl pkcs12 -nocerts -nodes "
	    "-in OLD -out NEW" },
	{ S("\x30\x03\x02\x01\x03"), "k.private: a container of PKCS#12: take "
	    "the key out, with openssl pkcs12 -nocerts -nodes -in OLD -out "
	    "NEW" },
	{ S("\x30"), "k.private: base64 without the BEGIN and END lines of a "
	    "private key in PEM" },
	{ S("MIIEvQIBADANBgkqhkiG9w0BAQE=\n"), "k.private: base64 without the "
	    "BEGIN and END lines of a private key in PEM" },
	{ S("\0\1\2"), "k.private: no private key in PEM, which begins with "
	    "-----BEGIN PRIVATE KEY-----" },
	{ S("\xff\xfe-\0-\0"), "k.private: no private key in PEM, which "
	    "begins with -----BEGIN PRIVATE KEY-----" },
};

static void
check_pem_forms(void)
{
	EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	EVP_PKEY *small = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1016);
	EVP_PKEY *ec = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	BIO *bio = BIO_new(BIO_s_mem());
	struct str pem = openssl_pem(rsa, false, NULL);
	size_t i;

	check_pem(pem, STATUS_OK, "", "PKCS#8");
	check_pem(openssl_pem(rsa, true, NULL), STATUS_OK, "",
	    "traditional RSA");
	check_pem(openssl_pem(rsa, false, EVP_aes_128_cbc()), STATUS_SYNTAX,
	    PASSPHRASE, "encrypted PKCS#8");
	check_pem(openssl_pem(rsa, true, EVP_aes_128_cbc()), STATUS_SYNTAX,
	    PASSPHRASE, "encrypted traditional RSA");
	check_pem(openssl_pem(ec, false, NULL), STATUS_SYNTAX,
	    "k.private: neither an RSA nor an Ed25519 key", "an EC key");
	check_pem(openssl_pem(small, false, NULL), STATUS_SYNTAX,
	    "k.private: the RSA key is shorter than 1024 bits (RFC 8301)",
	    "RSA of 1016 bits");
	PEM_write_bio_PUBKEY(bio, rsa);
	check_pem(take_bio(bio), STATUS_SYNTAX, "k.private: a public key: the "
	    "private one is needed here", "a public key");
	check_pem(str_first(pem, pem.n / 2), STATUS_SYNTAX, "k.private: a "
	    "private key that is cut off: its END line is missing",
	    "half a key");
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		check_pem(kinds[i].text, STATUS_SYNTAX, kinds[i].want,
		    kinds[i].want);
	}
	check_pem(STR_NONE, STATUS_SYNTAX, "k.private: empty: it holds no "
	    "private key", "nothing");
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(small);
	EVP_PKEY_free(ec);
}

static void
check_generate_limits(void)
{
	static const unsigned bits[] = { 0, 512, 1023, 8193, 16384 };
	struct privkey *key;
	size_t i;

	for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		tap_ok(privkey_generate(CRYPTO_RSA, bits[i], &key) ==
		    STATUS_LIMIT && key == NULL, "no new key of %u bits",
		    bits[i]);
	}
}

static void
check_der(void)
{
	struct privkey *key, *again = NULL;
	struct str der, pem, body;
	struct buf text;
	struct diag diag;

	buf_init(&text, 1 << 16);
	diag_init(&diag);
	if (privkey_generate(CRYPTO_RSA, 1024, &key) != STATUS_OK ||
	    privkey_write_pem(key, &text) != STATUS_OK) {
		tap_ok(false, "a key");
		return;
	}
	pem = buf_str(&text);
	body = str_from_offset(pem, str_find(pem, '\n'));
	body = str_first(body, str_find(body, '-'));
	tap_ok(b64_decode(&arena, body, &der) == STATUS_OK &&
	    privkey_parse_der(der, "k", &again, &diag) == STATUS_OK &&
	    privkey_bits(again) == 1024, "DER");
	privkey_free(again);
	tap_ok(privkey_parse_der(str_first(der, der.n - 1), "k", &again,
	    &diag) == STATUS_SYNTAX && again == NULL, "DER cut off");
	tap_str(str_from(diag.text), STR("k: no private key in DER"), "why");
	tap_ok(privkey_parse_der(STR(""), "k", &again, &diag) ==
	    STATUS_SYNTAX, "no DER");
	privkey_free(key);
	buf_fini(&text);
}

/* The signers and a message hold the same key. */
static void
check_hold(void)
{
	struct privkey *key;

	if (privkey_generate(CRYPTO_ED25519, 0, &key) != STATUS_OK) {
		tap_ok(false, "a key");
		return;
	}
	tap_ok(privkey_hold(key) == key, "a key is held");
	privkey_free(key);
	tap_num(privkey_bits(key), 256, "and is there until the last free");
	privkey_free(key);
}

int
main(void)
{
	arena_init(&arena, 1 << 22);
	crypto = crypto_new();
	check_round(CRYPTO_RSA, 1024, 1024);
	check_round(CRYPTO_ED25519, 0, 256);
	check_ed25519_vector();
	check_pem_forms();
	check_generate_limits();
	check_der();
	check_hold();
	privkey_free(NULL);
	crypto_free(crypto);
	arena_fini(&arena);
	return (tap_done());
}
