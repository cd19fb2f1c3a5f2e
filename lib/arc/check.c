/* SPDX-License-Identifier: BSD-2-Clause */
/* The signatures of a chain (RFC 8617 5.1.1, 5.2 steps 4 to 6). */
#include "arc/private.h"
#include "dkim/key.h"

static bool
fits(const struct arc_validator *v, const struct dkim_key *key,
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
	enum status st = STATUS_OK;
	bool good = false;
	size_t i;

	if (answer->result != DNS_OK) {
		*reason_r = answer->result == DNS_SERVFAIL ||
		    answer->result == DNS_TIMEOUT ? "key unavailable" :
		    "no key for signature";
		return (STATUS_OK);
	}
	keys = dns_answer_object(answer, &dkim_keys_parser);
	if (keys == NULL) {
		return (STATUS_NOMEM);
	}
	*reason_r = "no usable key for signature";
	for (i = 0; i < keys->n && !good && st == STATUS_OK; i++) {
		if (fits(v, &keys->v[i], &s->sig)) {
			*reason_r = "signature did not verify";
			st = pubkey_verify(v->opts.crypto, keys->v[i].pubkey,
			    hash, s->sig.signature, &good);
		}
	}
	if (good) {
		*reason_r = NULL;
	}
	return (st);
}

/* Like a DKIM-Signature's: the body, then the header. */
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
	enum status st;

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
	st = dkim_header_hash(v->headers, v->digest, &in, hash);
	return (st == STATUS_OK ? arc_check_key(v, &set->ams, hash, reason_r) :
	    st);
}

static void
add_field(struct arc_validator *v, size_t field)
{
	canon_header(CANON_RELAXED, v->fields->v[field].raw, true,
	    digest_update, v->digest);
}

/* Behind what the digest has: the seal itself, without its b=. */
static enum status
finish_seal(struct arc_validator *v, struct digest *digest,
    struct arc_set *set)
{
	struct str raw = v->fields->v[set->as.field].raw;
	struct str b = set->as.sig.b_raw, own;
	enum status st;

	own = arena_printf(v->arena, "%.*s%.*s",
	    STR_FMT(str_first(raw, (size_t)(b.p - raw.p))),
	    STR_FMT(str_from_offset(raw, (size_t)(b.p - raw.p) + b.n)));
	if (own.p == NULL) {
		return (STATUS_NOMEM);
	}
	st = digest_copy(digest, v->digest);
	if (st != STATUS_OK) {
		return (st);
	}
	canon_header(CANON_RELAXED, own, false, digest_update, digest);
	return (digest_final(digest, set->seal_hash));
}

/* 5.1.1: all sets up to its own, AAR, AMS and AS of each. */
enum status
arc_hash_seals(struct arc_validator *v)
{
	unsigned char all[CRYPTO_SHA256_BYTES];
	struct digest *digest = digest_new(v->opts.crypto);
	enum status st = digest != NULL ? STATUS_OK : STATUS_NOMEM;
	unsigned i;

	for (i = 0; i < v->verdict.instances && st == STATUS_OK; i++) {
		struct arc_set *set = &v->sets[i];

		add_field(v, set->aar);
		add_field(v, set->ams.field);
		st = finish_seal(v, digest, set);
		add_field(v, set->as.field);
	}
	digest_free(digest);
	/* Fresh for what follows. */
	return (st == STATUS_OK ? digest_final(v->digest, all) : st);
}
