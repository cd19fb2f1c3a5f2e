/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/arena.h"
#include "base/b64.h"
#include "dkim/key.h"
#include "mail/taglist.h"

/* OpenSSL allocates about 2048 octets for a parsed key of 2048 bits. */
#define KEYS_ABOUT_BYTES	(sizeof(struct dkim_keys) + 2048)

/* The first refusal is the result of the key; every flaw is noted. */
static void
refuse_key(struct dkim_key *key, unsigned flaw, enum dkim_result result,
    const char *reason)
{
	key->flaws |= flaw;
	if (key->result == DKIM_NONE) {
		key->result = result;
		key->reason = reason;
	}
}

/* Whether the colon-separated list holds the word. */
static bool
list_has(struct str list, struct str word)
{
	struct str item;

	while (str_next(&list, ':', &item)) {
		if (str_eq(str_trim_fws(item), word)) {
			return (true);
		}
	}
	return (false);
}

static struct str
tag_value(const struct taglist *tags, struct str name, struct str absent)
{
	const struct tag *tag = taglist_get(tags, name);

	return (tag != NULL ? tag->value : absent);
}

/* Reads the tags that need no memory; refuses the key if one is invalid. */
static void
read_tags(const struct taglist *tags, struct dkim_key *key)
{
	const struct tag *version = taglist_get(tags, STR("v"));
	struct str type = tag_value(tags, STR("k"), STR("rsa"));
	struct str service = tag_value(tags, STR("s"), STR("*"));
	struct str hashes = tag_value(tags, STR("h"), STR("sha256"));
	struct str flags = tag_value(tags, STR("t"), STR(""));
	const struct tag *data = taglist_get(tags, STR("p"));

	key->testing = list_has(flags, STR("y"));
	key->strict = list_has(flags, STR("s"));
	key->sha256 = list_has(hashes, STR("sha256"));
	key->type = str_eq(type, STR("ed25519")) ? CRYPTO_ED25519 : CRYPTO_RSA;
	if (version != NULL && (version != &tags->v[0] ||
	    !str_eq(version->value, STR("DKIM1")))) {
		refuse_key(key, DKIM_KEY_SYNTAX, DKIM_PERMERROR,
		    "key version is not DKIM1");
	}
	if (data == NULL) {
		refuse_key(key, DKIM_KEY_SYNTAX, DKIM_PERMERROR,
		    "key syntax error");
	}
	if (!list_has(service, STR("*")) && !list_has(service, STR("email"))) {
		refuse_key(key, DKIM_KEY_NOT_MAIL, DKIM_PERMERROR,
		    "key is not for mail");
	}
	if (key->type == CRYPTO_RSA && !str_eq(type, STR("rsa"))) {
		refuse_key(key, DKIM_KEY_UNKNOWN_TYPE, DKIM_PERMERROR,
		    "unknown key type");
	}
	if (data != NULL && data->value.n == 0) {
		refuse_key(key, DKIM_KEY_NO_DATA, DKIM_PERMERROR,
		    "key revoked");
		/* Only a record without another flaw revokes a key. */
		key->revoked = (key->flaws & ~DKIM_KEY_BAD_HASH) ==
		    DKIM_KEY_NO_DATA;
	}
	if (!key->sha256) {
		refuse_key(key, DKIM_KEY_BAD_HASH, DKIM_PERMERROR,
		    "inappropriate hash algorithm");
	}
}

static enum status
read_pubkey(struct arena *a, struct str text, struct dkim_key *key)
{
	enum status status;
	struct str der;

	status = b64_decode(a, text, &der);
	if (status == STATUS_OK) {
		status = pubkey_parse(key->type, der, &key->pubkey);
	}
	switch (status) {
	case STATUS_OK:
		break;
	case STATUS_LIMIT:
		refuse_key(key, DKIM_KEY_TOO_LONG, DKIM_POLICY,
		    "rsa key too large");
		return (STATUS_OK);
	case STATUS_SYNTAX:
		refuse_key(key, DKIM_KEY_SYNTAX, DKIM_PERMERROR,
		    "key syntax error");
		return (STATUS_OK);
	case STATUS_NOMEM:
	case STATUS_TEMP:
	case STATUS_IO:
		return (status);
	}
	key->bits = pubkey_bits(key->pubkey);
	if (key->type == CRYPTO_RSA && key->bits < CRYPTO_RSA_MIN_BITS) {
		refuse_key(key, DKIM_KEY_TOO_SHORT, DKIM_PERMERROR,
		    "rsa key too short");
	}
	if (key->result != DKIM_NONE) {
		pubkey_free(key->pubkey);
		key->pubkey = NULL;
	}
	return (STATUS_OK);
}

enum status
dkim_key_parse(struct str text, struct dkim_key *key)
{
	struct taglist tags;
	const char *reason;
	enum status status;
	struct arena arena;

	*key = (struct dkim_key){ .result = DKIM_NONE };
	if (text.n > DKIM_KEY_MAX_BYTES) {
		refuse_key(key, DKIM_KEY_SYNTAX, DKIM_PERMERROR,
		    "key record too long");
		return (STATUS_OK);
	}
	if (taglist_parse(&tags, text, false, &reason) != STATUS_OK) {
		refuse_key(key, DKIM_KEY_SYNTAX, DKIM_PERMERROR,
		    "key syntax error");
		return (STATUS_OK);
	}
	read_tags(&tags, key);
	if ((key->flaws & (DKIM_KEY_SYNTAX | DKIM_KEY_UNKNOWN_TYPE |
	    DKIM_KEY_NO_DATA)) != 0) {
		return (STATUS_OK);
	}
	arena_init(&arena, 2 * DKIM_KEY_MAX_BYTES);
	status = read_pubkey(&arena, taglist_get(&tags, STR("p"))->value, key);
	arena_fini(&arena);
	return (status);
}

void
dkim_key_fini(struct dkim_key *key)
{
	pubkey_free(key->pubkey);
	key->pubkey = NULL;
}

static void
keys_free(void *object)
{
	struct dkim_keys *keys = object;
	size_t i;

	for (i = 0; i < keys->n; i++) {
		dkim_key_fini(&keys->v[i]);
	}
	free(keys);
}

static void *
keys_parse(const struct dns_answer *answer)
{
	struct dkim_keys *keys = calloc(1, sizeof(*keys));
	struct dkim_key *key;
	size_t i;

	if (keys == NULL || answer->result != DNS_OK) {
		return (keys);
	}
	for (i = 0; i < answer->n && keys->n < DKIM_KEYS_MAX; i++) {
		key = &keys->v[keys->n];
		if (dkim_key_parse(answer->v[i].data, key) != STATUS_OK) {
			keys_free(keys);
			return (NULL);
		}
		if (key->result == DKIM_NONE || keys->n == 0) {
			keys->n++;
		}
	}
	return (keys);
}

const struct dns_parser dkim_keys_parser = {
	.parse = keys_parse,
	.free = keys_free,
	.object_bytes = KEYS_ABOUT_BYTES
};

enum dkim_key_match
dkim_key_compare(const struct dkim_key *key, const struct privkey *private)
{
	if (key->revoked) {
		return (DKIM_KEY_REVOKED);
	}
	return (private != NULL && key->pubkey != NULL &&
	    privkey_fits(private, key->pubkey) ? DKIM_KEY_OURS :
	    DKIM_KEY_OTHER);
}

const struct dkim_key *
dkim_keys_find(const struct dkim_keys *keys, const struct privkey *private)
{
	size_t i;

	for (i = 0; i < keys->n; i++) {
		if (dkim_key_compare(&keys->v[i], private) == DKIM_KEY_OURS) {
			return (&keys->v[i]);
		}
	}
	return (NULL);
}
