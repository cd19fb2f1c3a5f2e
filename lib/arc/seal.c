/* SPDX-License-Identifier: BSD-2-Clause */
#include "arc/private.h"
#include "arc/seal.h"
#include "dkim/sign.h"
#include "dkim/sign_writer.h"

enum status
arc_seal_begin(struct dkim_bodies *bodies)
{
	unsigned slot;

	return (dkim_bodies_want_sent(bodies, CANON_RELAXED, &slot));
}

/* 0: the chain has failed, or has the maximum number of sets. */
static unsigned
next_instance(const struct arc_validator *chain)
{
	unsigned n = chain->verdict.instances;

	if (n == ARC_MAX_SETS || chain->too_many ||
	    (n > 0 && chain->sets[n - 1].as_n > 0 &&
	    chain->sets[n - 1].cv == ARC_CV_FAIL)) {
		return (0);
	}
	return (n + 1);
}

static bool
cv_fits(const struct arc_validator *chain, enum arc_result cv)
{
	unsigned i, n = chain->verdict.instances;

	switch (cv) {
	case ARC_FAIL:
		return (true);
	case ARC_NONE:
		return (n == 0);
	case ARC_PASS:
		break;
	}
	for (i = 0; i < n && arc_set_is_whole(&chain->sets[i]); i++) {
		continue;
	}
	return (n > 0 && i == n);
}

static enum status
make_ams(struct arena *arena, const struct arc_seal_opts *o,
    const struct arc_seal_message *m, struct arc_seal *seal)
{
	struct dkim_sign_opts opts = { .kind = DKIM_ARC_MESSAGE,
		.instance = seal->instance, .crypto = o->crypto, .key = o->key,
		.domain = o->domain, .selector = o->selector,
		.header_canon = CANON_RELAXED, .body_canon = CANON_RELAXED,
		.sign_headers = o->sign_headers,
		.sign_headers_n = o->sign_headers_n,
		.oversign_headers = o->oversign_headers,
		.oversign_headers_n = o->oversign_headers_n,
		.oversign_present = o->oversign_present,
		.oversign_present_n = o->oversign_present_n,
		.now_s = o->now_s };
	struct dkim_signer *signer;
	enum status status;

	status = dkim_signer_new(arena, &opts, m->fields, m->bodies, &signer);
	if (status != STATUS_OK) {
		return (status);
	}
	return (dkim_signer_finish(signer, &seal->ams));
}

static enum status
hash_value(struct arena *arena, struct digest *digest, const char *name,
    struct str value)
{
	struct str raw = arena_printf(arena, "%s:%.*s\r\n", name,
	    STR_FMT(value));

	if (raw.p == NULL) {
		return (STATUS_NOMEM);
	}
	canon_header(CANON_RELAXED, raw, true, digest_update, digest);
	return (STATUS_OK);
}

static void
hash_field(const struct arc_validator *chain, size_t field,
    struct digest *digest)
{
	canon_header(CANON_RELAXED, chain->fields->v[field].raw, true,
	    digest_update, digest);
}

/* RFC 8617 5.1.1; for a failed chain only the new set (5.1.2). */
static enum status
hash_sets(struct arena *arena, const struct arc_validator *chain,
    enum arc_result cv, const struct arc_seal *seal, struct str as,
    struct digest *digest, unsigned char hash_r[CRYPTO_SHA256_BYTES])
{
	enum status status;
	unsigned i;

	for (i = 0; cv == ARC_PASS && i < chain->verdict.instances; i++) {
		hash_field(chain, chain->sets[i].aar, digest);
		hash_field(chain, chain->sets[i].ams.field, digest);
		hash_field(chain, chain->sets[i].as.field, digest);
	}
	status = hash_value(arena, digest, "ARC-Authentication-Results",
	    seal->aar);
	if (status != STATUS_OK) {
		return (status);
	}
	status = hash_value(arena, digest, "ARC-Message-Signature", seal->ams);
	if (status != STATUS_OK) {
		return (status);
	}
	canon_header(CANON_RELAXED, as, false, digest_update, digest);
	return (digest_final(digest, hash_r));
}

static enum status
make_as(struct arena *arena, const struct arc_seal_opts *o,
    const struct arc_validator *chain, enum arc_result cv,
    struct arc_seal *seal)
{
	unsigned char hash[CRYPTO_SHA256_BYTES];
	struct digest *digest = digest_new(o->crypto);
	struct sign_writer w;
	enum status status;
	struct str as;

	sign_writer_init(&w, STR("ARC-Seal:"));
	sign_writer_tag(&w, arena_printf(arena, "i=%u;", seal->instance));
	sign_writer_algorithm(&w, privkey_type(o->key));
	sign_writer_tag(&w, arena_printf(arena, "cv=%s;",
	    arc_result_name(cv)));
	sign_writer_tag(&w, arena_printf(arena, "d=%.*s;",
	    STR_FMT(o->domain)));
	sign_writer_tag(&w, arena_printf(arena, "s=%.*s;",
	    STR_FMT(o->selector)));
	sign_writer_time(&w, "t", o->now_s);
	as = sign_writer_unsigned(&w);
	status = digest != NULL ? w.out.status : STATUS_NOMEM;
	if (status != STATUS_OK) {
		goto out;
	}
	status = hash_sets(arena, chain, cv, seal, as, digest, hash);
	if (status != STATUS_OK) {
		goto out;
	}
	status = sign_writer_finish(&w, arena, o->crypto, o->key, hash,
	    &seal->as);
out:
	sign_writer_fini(&w);
	digest_free(digest);
	return (status);
}

enum status
arc_seal_finish(struct arena *arena, const struct arc_seal_opts *opts,
    const struct arc_seal_message *m, struct arc_seal *r)
{
	struct arc_validator *chain = arena_alloc(arena, sizeof(*chain));
	struct arc_seal seal = { .instance = 0 };
	enum status status;

	*r = seal;
	if (chain == NULL) {
		return (STATUS_NOMEM);
	}
	chain->arena = arena;
	chain->fields = m->fields;
	status = arc_read_sets(chain);
	if (status != STATUS_OK || next_instance(chain) == 0) {
		return (status);
	}
	if (!cv_fits(chain, m->cv)) {
		return (STATUS_SYNTAX);
	}
	seal.instance = next_instance(chain);
	seal.aar = arena_printf(arena, " i=%u;%.*s", seal.instance,
	    STR_FMT(m->results));
	if (seal.aar.p == NULL) {
		return (STATUS_NOMEM);
	}
	status = make_ams(arena, opts, m, &seal);
	if (status != STATUS_OK) {
		return (status);
	}
	status = make_as(arena, opts, chain, m->cv, &seal);
	if (status != STATUS_OK) {
		return (status);
	}
	*r = seal;
	return (STATUS_OK);
}
