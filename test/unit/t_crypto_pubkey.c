/* SPDX-License-Identifier: BSD-2-Clause */
#include <pthread.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/arena.h"
#include "base/b64.h"
#include "crypto/crypto.h"
#include "crypto/internal.h"

#include "test/unit/crypto_vectors.h"
#include "test/unit/tap.h"

/* EVP_R_PROVIDER_SIGNATURE_FAILURE of later versions. */
#define EVP_3_5_SIGNATURE_FAILURE	234

static struct arena arena;
static struct crypto *crypto;
static unsigned char hash[CRYPTO_SHA256_BYTES];

static struct str
decode(const char *text)
{
	struct str s = STR_NONE;

	if (b64_decode(&arena, str_from(text), &s) != STATUS_OK) {
		tap_ok(false, "the test's own base64: %s", text);
	}
	return (s);
}

static void
hash_of_mailseal(void)
{
	struct digest *d = digest_new(crypto);

	digest_update(d, "mailseal", 8);
	tap_num(digest_final(d, hash), STATUS_OK, "the hash that is signed");
	digest_free(d);
}

/* What OpenSSL queues for a signature that does not match. */
static void
check_mismatch(void)
{
	ERR_raise(ERR_LIB_RSA, RSA_R_BAD_SIGNATURE);
	ERR_raise(ERR_LIB_PROV, ERR_R_RSA_LIB);
	tap_ok(crypto_take_mismatch(), "mismatch, OpenSSL 3.0");
	ERR_raise(ERR_LIB_RSA, RSA_R_BAD_SIGNATURE);
	ERR_raise(ERR_LIB_PROV, ERR_R_RSA_LIB);
	ERR_raise(ERR_LIB_EVP, EVP_3_5_SIGNATURE_FAILURE);
	tap_ok(crypto_take_mismatch(), "mismatch, OpenSSL 3.5");
	ERR_raise(ERR_LIB_EVP, EVP_3_5_SIGNATURE_FAILURE);
	tap_ok(!crypto_take_internal_error(), "Ed25519, OpenSSL 3.5");
	ERR_raise(ERR_LIB_RSA, RSA_R_BAD_SIGNATURE);
	ERR_raise(ERR_LIB_EVP, ERR_R_MALLOC_FAILURE);
	tap_ok(!crypto_take_mismatch(), "out of memory beside a mismatch");
	ERR_raise(ERR_LIB_EVP, EVP_3_5_SIGNATURE_FAILURE);
	tap_ok(!crypto_take_mismatch(), "no reason of RSA");
	tap_num((long long)ERR_peek_error(), 0, "the queue is empty");
}

/* -1: OpenSSL could not say. */
static int
verify(const struct pubkey *key, const unsigned char *h, struct str sig)
{
	bool good = true;

	if (pubkey_verify(crypto, key, h, sig, &good) != STATUS_OK) {
		return (-1);
	}
	return (good);
}

/* One octet of s changed. */
static struct str
flipped(struct str s, size_t at)
{
	char *p = arena_cstr(&arena, s);

	p[at] = (char)(p[at] ^ 1);
	return (str_mem(p, s.n));
}

static void
check_vector(const struct crypto_vector *v)
{
	struct str sig = decode(v->sig);
	unsigned char other[CRYPTO_SHA256_BYTES];
	struct pubkey *key;

	tap_num(pubkey_parse(v->type, decode(v->key), &key), STATUS_OK,
	    v->name);
	if (key == NULL) {
		return;
	}
	tap_num(pubkey_bits(key), v->bits, "its bits");
	tap_num(verify(key, hash, sig), 1, "its signature is good");
	tap_num(verify(key, hash, sig), 1, "and is good again");
	tap_num(verify(key, hash, flipped(sig, 0)), 0, "first octet changed");
	tap_num(verify(key, hash, flipped(sig, sig.n - 1)), 0,
	    "last octet changed");
	tap_num(verify(key, hash, str_first(sig, sig.n - 1)), 0,
	    "one octet short");
	tap_num(verify(key, hash, str_mem(sig.p, sig.n + 1)), 0,
	    "one octet more");
	tap_num(verify(key, hash, STR_NONE), 0, "no signature");
	memcpy(other, hash, sizeof(other));
	other[31] ^= 1;
	tap_num(verify(key, other, sig), 0, "another hash");
	tap_num((long long)ERR_peek_error(), 0,
	    "nothing left in OpenSSL's queue");
	pubkey_free(key);
}

/* One DER element; the content is copied behind its tag and length. */
static struct str
der(unsigned char tag, struct str content)
{
	char *p = arena_alloc(&arena, content.n + 4);
	size_t n = 0;

	p[n++] = (char)tag;
	if (content.n >= 256) {
		p[n++] = (char)0x82;
		p[n++] = (char)(content.n >> 8);
	} else if (content.n >= 128) {
		p[n++] = (char)0x81;
	}
	p[n++] = (char)(content.n & 255);
	if (content.n > 0) {
		memcpy(p + n, content.p, content.n);
	}
	return (str_mem(p, n + content.n));
}

static struct str
join(struct str a, struct str b)
{
	char *p = arena_alloc(&arena, a.n + b.n);

	if (a.n > 0) {
		memcpy(p, a.p, a.n);
	}
	if (b.n > 0) {
		memcpy(p + a.n, b.p, b.n);
	}
	return (str_mem(p, a.n + b.n));
}

/* An odd number of that many bits. */
static struct str
odd_number(unsigned bits)
{
	size_t n = (bits + 7) / 8;
	char *p = arena_alloc(&arena, n + 1);

	memset(p, 0x5b, n + 1);
	p[0] = 0;
	p[1] = (char)(1u << (bits - 1) % 8);
	return (str_mem(p, n + 1));
}

static struct str
rsa_key(struct str n, struct str e)
{
	return (der(0x30, join(der(2, n), der(2, e))));
}

static struct str
spki(struct str algorithm, const char *unused_bits, struct str key)
{
	return (der(0x30, join(der(0x30, algorithm),
	    der(3, join(str_mem(unused_bits, 1), key)))));
}

#define E_F4	STR("\x01\x00\x01")
#define RSA_ID	STR("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00")
#define RSA_ID_NO_NULL	STR("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01")
#define PSS_ID	STR("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a")
#define EC_ID	STR("\x06\x07\x2a\x86\x48\xce\x3d\x02\x01" \
		    "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07")

/* bits 0: must be refused with that status. */
static void
check_parse(enum crypto_key_type type, struct str in, enum status want,
    unsigned bits, const char *name)
{
	struct pubkey *key;

	tap_num(pubkey_parse(type, in, &key), want, name);
	if (want == STATUS_OK && key != NULL) {
		tap_num(pubkey_bits(key), bits, "its bits");
	} else {
		tap_ok(key == NULL, "and no key");
	}
	tap_num((long long)ERR_peek_error(), 0,
	    "nothing left in OpenSSL's queue");
	pubkey_free(key);
}

static void
check_rsa_sizes(void)
{
	static const unsigned sizes[] = { 512, 768, 1023, 1024, 1025, 4096,
	    8191, 8192 };
	char name[32];
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		snprintf(name, sizeof(name), "%u bits", sizes[i]);
		check_parse(CRYPTO_RSA, rsa_key(odd_number(sizes[i]), E_F4),
		    STATUS_OK, sizes[i], name);
	}
	check_parse(CRYPTO_RSA, rsa_key(odd_number(8193), E_F4), STATUS_LIMIT,
	    0, "8193 bits");
	check_parse(CRYPTO_RSA, rsa_key(odd_number(16384), E_F4), STATUS_LIMIT,
	    0, "16384 bits");
	check_parse(CRYPTO_RSA, rsa_key(odd_number(65536), E_F4), STATUS_LIMIT,
	    0, "65536 bits: more than CRYPTO_KEY_MAX_BYTES");
}

static void
check_rsa_numbers(void)
{
	struct str n = odd_number(1024);

	check_parse(CRYPTO_RSA, rsa_key(n, STR("\x03")), STATUS_OK, 1024,
	    "exponent 3");
	check_parse(CRYPTO_RSA, rsa_key(n, STR("\x00\xff\xff\xff\xff\xff\xff"
	    "\xff\xff")), STATUS_OK, 1024, "exponent of 64 bits");
	check_parse(CRYPTO_RSA, rsa_key(n, STR("\x01\xff\xff\xff\xff\xff\xff"
	    "\xff\xff")), STATUS_SYNTAX, 0, "exponent of 65 bits");
	check_parse(CRYPTO_RSA, rsa_key(n, STR("\x01")), STATUS_SYNTAX, 0,
	    "exponent 1");
	check_parse(CRYPTO_RSA, rsa_key(n, STR("\x04")), STATUS_SYNTAX, 0,
	    "even exponent");
	check_parse(CRYPTO_RSA, rsa_key(n, STR("")), STATUS_SYNTAX, 0,
	    "exponent without octets");
	check_parse(CRYPTO_RSA, rsa_key(STR("\x7f\xfe"), STR("\x03")),
	    STATUS_SYNTAX, 0, "even modulus");
	check_parse(CRYPTO_RSA, rsa_key(STR(""), STR("\x03")), STATUS_SYNTAX,
	    0, "modulus without octets");
	check_parse(CRYPTO_RSA, rsa_key(STR("\x03"), STR("\x03")),
	    STATUS_SYNTAX, 0, "exponent not below the modulus");
}

static void
check_rsa_der(void)
{
	struct str key = rsa_key(odd_number(1024), E_F4);
	struct str info = spki(RSA_ID, "\0", key);
	struct str long_e = rsa_key(odd_number(1024), STR("\1\0\1\1"));
	struct str nul = STR("\0");

	check_parse(CRYPTO_RSA, info, STATUS_OK, 1024, "SubjectPublicKeyInfo");
	check_parse(CRYPTO_RSA, spki(RSA_ID_NO_NULL, "\0", key), STATUS_OK,
	    1024, "algorithm without its NULL");
	check_parse(CRYPTO_RSA, rsa_key(str_from_offset(odd_number(1024), 1),
	    E_F4), STATUS_OK, 1024, "modulus without its leading zero");
	check_parse(CRYPTO_RSA, join(key, nul), STATUS_SYNTAX, 0,
	    "an octet behind RSAPublicKey");
	check_parse(CRYPTO_RSA, join(info, nul), STATUS_SYNTAX, 0,
	    "an octet behind SubjectPublicKeyInfo");
	check_parse(CRYPTO_RSA, spki(RSA_ID, "\0", join(key, nul)),
	    STATUS_SYNTAX, 0, "an octet behind the key inside it");
	check_parse(CRYPTO_RSA, der(0x30, join(der(0x30, RSA_ID),
	    join(der(3, join(nul, key)), der(2, nul)))), STATUS_SYNTAX, 0,
	    "a third element in SubjectPublicKeyInfo");
	check_parse(CRYPTO_RSA, spki(RSA_ID, "\1", key), STATUS_SYNTAX, 0,
	    "unused bits");
	check_parse(CRYPTO_RSA, spki(PSS_ID, "\0", key), STATUS_SYNTAX, 0,
	    "an RSA-PSS key");
	check_parse(CRYPTO_RSA, spki(EC_ID, "\0", key), STATUS_SYNTAX, 0,
	    "an EC key");
	check_parse(CRYPTO_RSA, str_first(info, info.n - 1), STATUS_SYNTAX, 0,
	    "cut off at its end");
	check_parse(CRYPTO_RSA, str_first(long_e, long_e.n - 1), STATUS_SYNTAX,
	    0, "cut off within the exponent");
	check_parse(CRYPTO_RSA, str_first(info, 3), STATUS_SYNTAX, 0,
	    "nothing but a length");
	check_parse(CRYPTO_RSA, str_first(info, 1), STATUS_SYNTAX, 0,
	    "nothing but a tag");
	check_parse(CRYPTO_RSA, STR_NONE, STATUS_SYNTAX, 0, "nothing");
	check_parse(CRYPTO_RSA, STR("\x30\x80\x02\x01\x21\x02\x01\x03\0\0"),
	    STATUS_SYNTAX, 0, "indefinite length");
	check_parse(CRYPTO_RSA, STR("\x30\x81\x06\x02\x01\x21\x02\x01\x03"),
	    STATUS_SYNTAX, 0, "length not in its shortest form");
	check_parse(CRYPTO_RSA, decode(ED25519_PUBLIC), STATUS_SYNTAX, 0,
	    "an Ed25519 key");
}

static void
check_ed25519_sizes(void)
{
	struct str raw = decode(ED25519_PUBLIC);

	check_parse(CRYPTO_ED25519, raw, STATUS_OK, 256, "32 octets");
	check_parse(CRYPTO_ED25519, str_first(raw, 31), STATUS_SYNTAX, 0,
	    "31 octets");
	check_parse(CRYPTO_ED25519, join(raw, STR("\0")), STATUS_SYNTAX, 0,
	    "33 octets");
	check_parse(CRYPTO_ED25519, STR_NONE, STATUS_SYNTAX, 0, "none");
}

/* A modulus that is no product of two primes must not upset anything. */
static void
check_odd_key(void)
{
	char sig[128] = { 1 };
	struct pubkey *key;

	tap_num(pubkey_parse(CRYPTO_RSA, rsa_key(odd_number(1024), E_F4),
	    &key), STATUS_OK, "a modulus without meaning");
	tap_num(verify(key, hash, str_mem(sig, sizeof(sig))), 0,
	    "verifies nothing");
	pubkey_free(key);
}

struct shared {
	const struct pubkey	*key;
	struct str		 sig;
	unsigned		 good;
};

static void *
verify_often(void *ctx)
{
	struct shared *s = ctx;
	unsigned i;

	for (i = 0; i < 200; i++) {
		s->good += verify(s->key, hash, s->sig) == 1;
	}
	return (NULL);
}

/* One key, four threads (the sanitizer's run is the real check). */
static void
check_threads(const struct crypto_vector *v)
{
	struct shared shared[4];
	pthread_t thread[4];
	struct pubkey *key;
	unsigned i, good = 0;

	tap_num(pubkey_parse(v->type, decode(v->key), &key), STATUS_OK,
	    "a key for four threads");
	for (i = 0; i < 4; i++) {
		shared[i] = (struct shared){ key, decode(v->sig), 0 };
		pthread_create(&thread[i], NULL, verify_often, &shared[i]);
	}
	for (i = 0; i < 4; i++) {
		pthread_join(thread[i], NULL);
		good += shared[i].good;
	}
	tap_num(good, 800, "all of them verify");
	pubkey_free(key);
}

/* Whether R = identity, S = 0 is a signature that OpenSSL verifies for one of
   some hashes: what a key of small order permits. */
static bool
is_forgeable(const unsigned char raw[32])
{
	unsigned char sig[64] = { 1 }, text[32] = { 0 };
	EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
	    raw, 32);
	bool good = false;
	unsigned i;

	for (i = 0; i < 100 && !good; i++) {
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();

		text[0] = (unsigned char)i;
		good = EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) ==
		    1 && EVP_DigestVerify(ctx, sig, 64, text, 32) == 1;
		EVP_MD_CTX_free(ctx);
	}
	EVP_PKEY_free(pkey);
	ERR_clear_error();
	return (good);
}

static void
refuse_point(unsigned char y[32], const char *what)
{
	unsigned sign;

	for (sign = 0; sign < 2; sign++) {
		y[31] = (unsigned char)((y[31] & 0x7f) | sign << 7);
		check_parse(CRYPTO_ED25519, str_mem(y, 32), STATUS_SYNTAX, 0,
		    what);
	}
}

/* Each encoding of a point of small order, and all with y >= p. */
static void
check_ed25519_points(void)
{
	static const char *const order_8[] = {
		"JuiVj8KyJ7BFw/SJ8u+Y8NXfrAXTxjM5sTgCiG1T/AU=",
		"xxdqcD1N2E+6PAt2DRBnDyogU/osOczGTsf9d5KsA3o=" };
	unsigned char y[32] = { 0 };
	unsigned i;

	for (i = 0; i < 2; i++) {
		memcpy(y, decode(order_8[i]).p, 32);
		tap_ok(is_forgeable(y), "anybody signs for a key of order 8");
		refuse_point(y, "order 8");
	}
	memset(y, 0, 32);
	tap_ok(is_forgeable(y), "anybody signs for a placeholder of zeros");
	refuse_point(y, "order 4: 32 zero octets");
	y[0] = 1;
	refuse_point(y, "order 1: the identity");
	y[0] = 2;
	y[31] = 0;
	check_parse(CRYPTO_ED25519, str_mem(y, 32), STATUS_OK, 256, "y = 2");
	memset(y, 0xff, 32);
	for (i = 0xec; i <= 0xff; i++) {
		y[0] = (unsigned char)i;
		refuse_point(y, "y = p - 1 and above");
	}
	y[0] = 0xeb;
	y[31] = 0x7f;
	check_parse(CRYPTO_ED25519, str_mem(y, 32), STATUS_OK, 256,
	    "y = p - 2");
	y[0] = 0xff;
	y[15] = 0xfe;
	check_parse(CRYPTO_ED25519, str_mem(y, 32), STATUS_OK, 256,
	    "y below p by an octet in the middle");
}

int
main(void)
{
	size_t i;

	arena_init(&arena, 1 << 22);
	crypto = crypto_new();
	hash_of_mailseal();
	check_mismatch();
	for (i = 0; i < CRYPTO_VECTORS; i++) {
		check_vector(&crypto_vectors[i]);
	}
	check_rsa_sizes();
	check_rsa_numbers();
	check_rsa_der();
	check_ed25519_sizes();
	check_ed25519_points();
	check_odd_key();
	check_threads(&crypto_vectors[0]);
	check_threads(&crypto_vectors[1]);
	pubkey_free(NULL);
	crypto_free(crypto);
	arena_fini(&arena);
	return (tap_done());
}
