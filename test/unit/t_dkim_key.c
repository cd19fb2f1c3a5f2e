/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/b64.h"
#include "dkim/key.h"

#include "test/unit/crypto_vectors.h"
#include "test/unit/tap.h"

#define ED	"k=ed25519; p=" ED25519_PUBLIC
/* Arbitrary moduli: no signature is verified with them. */
#define RSA_1023 \
	"MIGIAoGAQFtbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tb" \
	"W1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tb" \
	"W1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1sCAwEAAQ=="
#define RSA_512 \
	"MEgCQQCAW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tb" \
	"W1tbW1tbW1tbW1tbW1tbW1tbW1tbAgMBAAE="

static const struct row {
	const char		*section;
	const char		*text;
	enum dkim_result	 result;
	const char		*reason;
	bool			 testing;
	bool			 strict;
} rows[] = {
	{ "3.6.1 v first", "v=DKIM1; " ED, DKIM_NONE, NULL, 0, 0 },
	{ "3.6.1 v absent", ED, DKIM_NONE, NULL, 0, 0 },
	{ "3.6.1 v not first", ED "; v=DKIM1", DKIM_PERMERROR,
	    "key version is not DKIM1", 0, 0 },
	{ "3.6.1 v in lower case", "v=dkim1; " ED, DKIM_PERMERROR,
	    "key version is not DKIM1", 0, 0 },
	{ "3.6.1 v of another version", "v=DKIM2; " ED, DKIM_PERMERROR,
	    "key version is not DKIM1", 0, 0 },
	{ "3.6.1 some other TXT", "v=spf1 -all", DKIM_PERMERROR,
	    "key version is not DKIM1", 0, 0 },
	{ "3.6.1 text", "hello", DKIM_PERMERROR, "key syntax error", 0, 0 },
	{ "3.6.1 empty", "", DKIM_PERMERROR, "key syntax error", 0, 0 },
	{ "3.6.1 no p", "v=DKIM1; k=ed25519", DKIM_PERMERROR,
	    "key syntax error", 0, 0 },
	{ "3.2 duplicate tag", ED "; k=rsa", DKIM_PERMERROR,
	    "key syntax error", 0, 0 },
	{ "3.2 empty tag", "v=DKIM1;; " ED, DKIM_PERMERROR,
	    "key syntax error", 0, 0 },
	{ "3.2 one ; at the end", ED ";", DKIM_NONE, NULL, 0, 0 },
	{ "3.2 unknown tag", "zz=1; " ED, DKIM_NONE, NULL, 0, 0 },
	{ "3.2 tag names have case", "K=ed25519; p=" ED25519_PUBLIC,
	    DKIM_PERMERROR, "key syntax error", 0, 0 },
	{ "3.6.1 p empty", "v=DKIM1; p=", DKIM_PERMERROR, "key revoked",
	    0, 0 },
	{ "3.6.1 p empty, flags", "v=DKIM1; t=y; p= ;", DKIM_PERMERROR,
	    "key revoked", 1, 0 },
	{ "3.6.1 white space in p", "k=ed25519; p=11qYAYKxCrfVS/7TyWQH \t"
	    "Og7hcvPapiMlrwIaaPcHURo =", DKIM_NONE, NULL, 0, 0 },
	{ "2.10 p is no base64", "p=*", DKIM_PERMERROR, "key syntax error",
	    0, 0 },
	{ "2.10 no padding", "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIa"
	    "aPcHURo", DKIM_PERMERROR, "key syntax error", 0, 0 },
	{ "3.6.1 k is rsa by default", "p=" ED25519_PUBLIC, DKIM_PERMERROR,
	    "key syntax error", 0, 0 },
	{ "3.6.1 k unknown", "k=dsa; p=AAAA", DKIM_PERMERROR,
	    "unknown key type", 0, 0 },
	{ "3.6.1 k has case", "k=RSA; p=AAAA", DKIM_PERMERROR,
	    "unknown key type", 0, 0 },
	{ "RFC 8463 4.2 31 octets",
	    "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHUQ==",
	    DKIM_PERMERROR, "key syntax error", 0, 0 },
	{ "RFC 8032 a placeholder of zeros, for which anybody signs",
	    "k=ed25519; p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	    DKIM_PERMERROR, "key syntax error", 0, 0 },
	{ "RFC 8463 4.2 SubjectPublicKeyInfo", "k=ed25519; p=MCowBQYDK2VwAyEA"
	    "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", DKIM_PERMERROR,
	    "key syntax error", 0, 0 },
	{ "3.6.1 h has sha256", "h=sha1 : sha256; " ED, DKIM_NONE, NULL,
	    0, 0 },
	{ "3.6.1 h has not", "h=sha1; " ED, DKIM_PERMERROR,
	    "inappropriate hash algorithm", 0, 0 },
	{ "3.6.1 h unknown only", "h=sha512; " ED, DKIM_PERMERROR,
	    "inappropriate hash algorithm", 0, 0 },
	{ "3.6.1 h has case", "h=SHA256; " ED, DKIM_PERMERROR,
	    "inappropriate hash algorithm", 0, 0 },
	{ "3.6.1 s all", "s=*; " ED, DKIM_NONE, NULL, 0, 0 },
	{ "3.6.1 s email", "s=tlsrpt:email; " ED, DKIM_NONE, NULL, 0, 0 },
	{ "3.6.1 s something else", "s=tlsrpt; " ED, DKIM_PERMERROR,
	    "key is not for mail", 0, 0 },
	{ "3.6.1 s empty", "s=; " ED, DKIM_PERMERROR, "key is not for mail",
	    0, 0 },
	{ "3.6.1 t y", "t=y; " ED, DKIM_NONE, NULL, 1, 0 },
	{ "3.6.1 t s", "t=s; " ED, DKIM_NONE, NULL, 0, 1 },
	{ "3.6.1 t both", "t=y : s; " ED, DKIM_NONE, NULL, 1, 1 },
	{ "3.6.1 t unknown", "t=q:ys; " ED, DKIM_NONE, NULL, 0, 0 },
	{ "3.6.1 n ignored", "n=some note; " ED, DKIM_NONE, NULL, 0, 0 },
	{ "g of RFC 4871 ignored", "g=; " ED, DKIM_NONE, NULL, 0, 0 },
	{ "RFC 8301 3.2 512 bits", "p=" RSA_512, DKIM_PERMERROR,
	    "rsa key too short", 0, 0 },
	{ "RFC 8301 3.2 1023 bits", "p=" RSA_1023, DKIM_PERMERROR,
	    "rsa key too short", 0, 0 },
	{ "8-bit note", "n=\xc3\xa4; " ED, DKIM_PERMERROR, "key syntax error",
	    0, 0 },
};

static void
check_row(const struct row *row)
{
	struct dkim_key key;

	tap_num(dkim_key_parse(str_from(row->text), &key), STATUS_OK,
	    row->section);
	tap_num(key.result, row->result, "result");
	tap_str(str_from(key.reason), str_from(row->reason), "reason");
	tap_num(key.testing, row->testing, "testing");
	tap_num(key.strict, row->strict, "strict");
	tap_ok((key.pubkey != NULL) == (row->result == DKIM_NONE),
	    "a public key if usable");
	dkim_key_fini(&key);
}

static void
check_bits(const char *text, unsigned bits, enum dkim_result result)
{
	struct dkim_key key;

	tap_num(dkim_key_parse(str_from(text), &key), STATUS_OK, "a key");
	tap_num(key.result, result, "result");
	tap_num(key.bits, bits, "bits");
	dkim_key_fini(&key);
}

/* The vectors as records: 1024 to 8192 bits, both encodings. */
static void
check_vectors(void)
{
	char text[4096];
	size_t i;

	for (i = 0; i < CRYPTO_VECTORS; i++) {
		snprintf(text, sizeof(text), "v=DKIM1; k=%s; p=%s",
		    crypto_vectors[i].type == CRYPTO_RSA ? "rsa" : "ed25519",
		    crypto_vectors[i].key);
		check_bits(text, crypto_vectors[i].bits, DKIM_NONE);
	}
	check_bits("p=" RSA_512, 512, DKIM_PERMERROR);
	check_bits("p=" RSA_1023, 1023, DKIM_PERMERROR);
}

/* 16,384 bits: the start of the DER, then 5b for the rest of the modulus. */
static void
check_too_large(void)
{
	static const char head[] = "p=MIIICgKCCAEAgFtb";
	static const char tail[] = "W1tbW1sCAwEAAQ==";
	char text[4096];
	struct dkim_key key;
	size_t i, n = sizeof(head) - 1;

	memcpy(text, head, n);
	for (i = 0; i < 680; i++) {
		memcpy(text + n + 4 * i, "W1tb", 4);
	}
	memcpy(text + n + 4 * i, tail, sizeof(tail) - 1);
	n += 4 * i + sizeof(tail) - 1;
	tap_num(dkim_key_parse(str_mem(text, n), &key), STATUS_OK,
	    "a key of 16384 bits");
	tap_num(key.result, DKIM_POLICY, "16384 bits: policy");
	tap_str(str_from(key.reason), STR("rsa key too large"), "reason");
	dkim_key_fini(&key);
}

static void
check_long(size_t n, const char *reason)
{
	char *text = malloc(n);
	struct dkim_key key;

	memset(text, 'A', n);
	memcpy(text, "p=", 2);
	tap_num(dkim_key_parse(str_mem(text, n), &key), STATUS_OK,
	    "a long record");
	tap_num(key.result, DKIM_PERMERROR, "permerror");
	tap_str(str_from(key.reason), str_from(reason), "reason");
	dkim_key_fini(&key);
	free(text);
}

/* Several TXT records at one name (6.1.2 step 4). */
static void
check_answers(void)
{
	static const struct dns_record records[] = {
		{ .data = { "v=spf1 -all", 11 } }, { .data = { "\0\1\2", 3 } },
		{ .data = { "", 0 } }, { .data = { "x", 1 } },
		{ .data = { "p=", 2 } }, { .data = { ED, sizeof(ED) - 1 } },
		{ .data = { ED, sizeof(ED) - 1 } },
		{ .data = { ED, sizeof(ED) - 1 } },
		{ .data = { ED, sizeof(ED) - 1 } },
	};
	struct dns_answer answer = { .result = DNS_OK, .v = records, .n = 9 };
	struct dkim_keys *keys = dkim_keys_parser.parse(&answer);

	tap_num((long long)keys->n, DKIM_KEYS_MAX, "four of nine records");
	tap_str(str_from(keys->v[0].reason), STR("key version is not DKIM1"),
	    "the first record, not a key");
	tap_num(keys->v[1].result, DKIM_NONE, "the first usable key");
	tap_num(keys->v[3].result, DKIM_NONE, "the third usable key");
	dkim_keys_parser.free(keys);
	answer = (struct dns_answer){ .result = DNS_NXDOMAIN };
	keys = dkim_keys_parser.parse(&answer);
	tap_num((long long)keys->n, 0, "NXDOMAIN: no keys");
	dkim_keys_parser.free(keys);
	tap_ok(dkim_keys_parser.object_bytes >= sizeof(struct dkim_keys),
	    "object_bytes for the cache");
}

static void
record_of(const struct privkey *private, const char *tags, struct buf *text)
{
	struct buf public;

	buf_init(&public, CRYPTO_KEY_MAX_BYTES);
	buf_init(text, DKIM_KEY_MAX_BYTES);
	tap_num(privkey_public(private, &public), STATUS_OK, "public half");
	buf_printf(text, "%sk=ed25519; p=", tags);
	b64_encode(text, public.p, public.n);
	buf_fini(&public);
}

static void
check_match(struct str text, const struct privkey *private,
    enum dkim_key_match want, const char *name)
{
	struct dkim_key key;

	tap_num(dkim_key_parse(text, &key), STATUS_OK, name);
	tap_num(dkim_key_compare(&key, private), want, name);
	dkim_key_fini(&key);
}

static void
check_compare(void)
{
	struct privkey *ours = NULL, *other = NULL;
	struct dns_answer answer = { .result = DNS_OK };
	struct dns_record records[2];
	struct dkim_keys *keys;
	struct buf text, sha1;

	tap_ok(privkey_generate(CRYPTO_ED25519, 0, &ours) == STATUS_OK &&
	    privkey_generate(CRYPTO_ED25519, 0, &other) == STATUS_OK,
	    "two keys");
	record_of(ours, "", &text);
	record_of(ours, "h=sha1; ", &sha1);
	check_match(buf_str(&text), ours, DKIM_KEY_OURS,
	    "compare: the key's record");
	check_match(buf_str(&text), other, DKIM_KEY_OTHER,
	    "compare: another key's record");
	check_match(buf_str(&text), NULL, DKIM_KEY_OTHER,
	    "compare: without a private half");
	check_match(buf_str(&sha1), ours, DKIM_KEY_OTHER,
	    "compare: the key's record, not for SHA-256");
	check_match(STR("v=DKIM1; p="), ours, DKIM_KEY_REVOKED,
	    "compare: p= is empty");
	check_match(STR("v=spf1 -all"), ours, DKIM_KEY_OTHER,
	    "compare: no key record");
	records[0] = (struct dns_record){ .data = STR("v=spf1 -all") };
	records[1] = (struct dns_record){ .data = buf_str(&text) };
	answer.v = records;
	answer.n = 2;
	keys = dkim_keys_parser.parse(&answer);
	tap_ok(dkim_keys_find(keys, ours) == &keys->v[1],
	    "find: the second of two records");
	tap_ok(dkim_keys_find(keys, other) == NULL, "find: none of two");
	dkim_keys_parser.free(keys);
	buf_fini(&text);
	buf_fini(&sha1);
	privkey_free(ours);
	privkey_free(other);
}

/* All that is wrong, not only what decides the result. */
static void
check_flaws(void)
{
	static const struct {
		const char	*text;
		unsigned	 flaws;
	} flawed[] = {
		{ ED, 0 },
		{ "h=sha1; s=tlsrpt; " ED, DKIM_KEY_BAD_HASH |
		    DKIM_KEY_NOT_MAIL },
		{ "h=sha1; p=" RSA_512, DKIM_KEY_BAD_HASH |
		    DKIM_KEY_TOO_SHORT },
		{ "h=sha1; k=dsa; p=", DKIM_KEY_BAD_HASH |
		    DKIM_KEY_UNKNOWN_TYPE | DKIM_KEY_NO_DATA },
		{ "v=DKIM2; h=sha1; " ED, DKIM_KEY_SYNTAX |
		    DKIM_KEY_BAD_HASH },
		{ "s=tlsrpt; p=*", DKIM_KEY_SYNTAX | DKIM_KEY_NOT_MAIL },
	};
	struct dkim_key key;
	size_t i;

	for (i = 0; i < sizeof(flawed) / sizeof(flawed[0]); i++) {
		tap_ok(dkim_key_parse(str_from(flawed[i].text), &key) ==
		    STATUS_OK && key.flaws == flawed[i].flaws, "flaws of %s",
		    flawed[i].text);
		tap_ok((key.result == DKIM_NONE) == (key.flaws == 0) &&
		    (key.pubkey != NULL) == (key.flaws == 0) && !key.revoked,
		    "a flaw makes it unusable");
		dkim_key_fini(&key);
	}
	tap_ok(dkim_key_parse(STR("h=sha1; p=" RSA_512), &key) == STATUS_OK &&
	    key.bits == 512, "the bits of a key with flaws");
	dkim_key_fini(&key);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(&rows[i]);
	}
	check_vectors();
	check_too_large();
	check_long(DKIM_KEY_MAX_BYTES, "key syntax error");
	check_long(DKIM_KEY_MAX_BYTES + 1, "key record too long");
	check_long(1024 * 1024, "key record too long");
	check_answers();
	check_compare();
	check_flaws();
	return (tap_done());
}
