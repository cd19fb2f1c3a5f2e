/* SPDX-License-Identifier: BSD-2-Clause */
/* The signatures of a chain (RFC 8617 5.1.1, 5.2 steps 4 to 6). */
#include "arc/private.h"
#include "dkim/key.h"

const char arc_key_unavailable[] = "key unavailable";

static bool
key_is_usable(const struct arc_validator *v, const struct dkim_key *key,
    const struct dkim_signature *sig)
{
	return (key->result == DKIM_NONE && key->type == sig->key_type &&
	    (key->type != CRYPTO_RSA || key->bits >= v->opts.min_rsa_bits));
}

enum status
arc_check_key(const struct arc_validator *v, const struct arc_signature *s,
    const unsigned char hash[CRYPTO_SHA256_BYTES], const char **reason_r)
{
	const struct dns_answer *answer = dns_query_answer(s->query);
	const struct dkim_keys *keys;
	enum status status;
	bool good = false;
	size_t i;

	if (answer->result != DNS_OK) {
		*reason_r = answer->result == DNS_SERVFAIL ||
		    answer->result == DNS_TIMEOUT ? arc_key_unavailable :
		    "no key for signature";
		return (STATUS_OK);
	}
	keys = dns_answer_object(answer, &dkim_keys_parser);
	if (keys == NULL) {
		return (STATUS_NOMEM);
	}
	*reason_r = "no usable key for signature";
	for (i = 0; i < keys->n; i++) {
		if (!key_is_usable(v, &keys->v[i], &s->sig)) {
			continue;
		}
		*reason_r = "signature did not verify";
		status = pubkey_verify(v->opts.crypto, keys->v[i].pubkey, hash,
		    s->sig.signature, &good);
		if (status != STATUS_OK) {
			return (status);
		}
		if (good) {
			*reason_r = NULL;
			return (STATUS_OK);
		}
	}
	return (STATUS_OK);
}

/* The body hash, then the header hash, as of a DKIM-Signature. */
enum status
arc_check_message(struct arc_validator *v, const struct arc_set *set,
    const char **reason_r)
{
	const struct dkim_signature *sig = &set->ams.sig;
	struct dkim_header_input in = { .canon = sig->header_canon,
		.names = sig->names, .names_n = sig->names_n,
		.skip = set->ams.field,
		.sig_raw = v->fields->v[set->ams.field].raw,
		.b_raw = sig->b_raw };
	unsigned char hash[CRYPTO_SHA256_BYTES];
	enum status status;

	if (sig->body_bytes != DKIM_BODY_ALL &&
	    dkim_bodies_bytes(v->bodies, set->ams.slot) < sig->body_bytes) {
		*reason_r = "l= exceeds the body";
		return (STATUS_OK);
	}
	if (!str_eq(sig->body_hash, str_mem(dkim_bodies_hash(v->bodies,
	    set->ams.slot), CRYPTO_SHA256_BYTES))) {
		*reason_r = "body hash did not verify";
		return (STATUS_OK);
	}
	status = dkim_header_hash(v->headers, v->digest, &in, hash);
	if (status != STATUS_OK) {
		return (status);
	}
	return (arc_check_key(v, &set->ams, hash, reason_r));
}

static void
hash_field(struct arc_validator *v, size_t field)
{
	canon_header(CANON_RELAXED, v->fields->v[field].raw, true,
	    digest_update, v->digest);
}

/* Completes the hash of a seal: a copy of v->digest, and the seal less b=. */
static enum status
hash_seal(struct arc_validator *v, struct digest *digest, struct arc_set *set)
{
	struct str raw = v->fields->v[set->as.field].raw;
	struct str b = set->as.sig.b_raw, unsigned_as;
	enum status status;

	unsigned_as = arena_printf(v->arena, "%.*s%.*s",
	    STR_FMT(str_first(raw, (size_t)(b.p - raw.p))),
	    STR_FMT(str_from_offset(raw, (size_t)(b.p - raw.p) + b.n)));
	if (unsigned_as.p == NULL) {
		return (STATUS_NOMEM);
	}
	status = digest_copy(digest, v->digest);
	if (status != STATUS_OK) {
		return (status);
	}
	canon_header(CANON_RELAXED, unsigned_as, false, digest_update, digest);
	return (digest_final(digest, set->seal_hash));
}

/* RFC 8617 5.1.1: a seal signs AAR, AMS and AS of all sets up to its own. */
enum status
arc_hash_seals(struct arc_validator *v)
{
	unsigned char unused[CRYPTO_SHA256_BYTES];
	struct digest *digest = digest_new(v->opts.crypto);
	enum status status = STATUS_OK;
	struct arc_set *set;
	unsigned i;

	if (digest == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < v->verdict.instances && status == STATUS_OK; i++) {
		set = &v->sets[i];
		hash_field(v, set->aar);
		hash_field(v, set->ams.field);
		status = hash_seal(v, digest, set);
		hash_field(v, set->as.field);
	}
	digest_free(digest);
	if (status != STATUS_OK) {
		return (status);
	}
	/* Reset the digest for the next user. */
	return (digest_final(v->digest, unused));
}
