/* SPDX-License-Identifier: BSD-2-Clause */
#include "arc/private.h"
#include "arc/seal.h"
#include "dkim/sign.h"
#include "dkim/sign_writer.h"

enum status
arc_seal_begin(struct dkim_bodies *bodies)
{
	unsigned slot;

	return (dkim_bodies_want(bodies, CANON_RELAXED, DKIM_BODY_ALL, &slot));
}

/* Of no use are a chain that has ended and one that has no room left. */
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
		.now_s = o->now_s };
	struct dkim_signer *signer;
	enum status st;

	st = dkim_signer_new(arena, &opts, m->fields, m->bodies, &signer);
	return (st == STATUS_OK ? dkim_signer_finish(signer, &seal->ams) : st);
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

/* 5.1.1; of a chain that fails, the new set alone (5.1.2). */
static enum status
hash_sets(struct arena *arena, const struct arc_validator *chain,
    enum arc_result cv, const struct arc_seal *seal, struct str as,
    struct digest *digest, unsigned char hash_r[CRYPTO_SHA256_BYTES])
{
	enum status st;
	unsigned i;

	for (i = 0; cv == ARC_PASS && i < chain->verdict.instances; i++) {
		hash_field(chain, chain->sets[i].aar, digest);
		hash_field(chain, chain->sets[i].ams.field, digest);
		hash_field(chain, chain->sets[i].as.field, digest);
	}
	st = hash_value(arena, digest, "ARC-Authentication-Results",
	    seal->aar);
	if (st == STATUS_OK) {
		st = hash_value(arena, digest, "ARC-Message-Signature",
		    seal->ams);
	}
	canon_header(CANON_RELAXED, as, false, digest_update, digest);
	return (st == STATUS_OK ? digest_final(digest, hash_r) : st);
}

static enum status
make_as(struct arena *arena, const struct arc_seal_opts *o,
    const struct arc_validator *chain, enum arc_result cv,
    struct arc_seal *seal)
{
	unsigned char hash[CRYPTO_SHA256_BYTES];
	struct digest *digest = digest_new(o->crypto);
	struct sign_writer w;
	enum status st;
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
	st = digest != NULL ? w.out.status : STATUS_NOMEM;
	if (st == STATUS_OK) {
		st = hash_sets(arena, chain, cv, seal, as, digest, hash);
	}
	if (st == STATUS_OK) {
		st = sign_writer_finish(&w, arena, o->crypto, o->key, hash,
		    &seal->as);
	}
	sign_writer_fini(&w);
	digest_free(digest);
	return (st);
}

enum status
arc_seal_finish(struct arena *arena, const struct arc_seal_opts *opts,
    const struct arc_seal_message *m, struct arc_seal *r)
{
	struct arc_validator *chain = arena_alloc(arena, sizeof(*chain));
	enum status st;

	*r = (struct arc_seal){ .instance = 0 };
	if (chain == NULL) {
		return (STATUS_NOMEM);
	}
	chain->arena = arena;
	chain->fields = m->fields;
	st = arc_read_sets(chain);
	if (st != STATUS_OK || next_instance(chain) == 0) {
		return (st);
	}
	if (!cv_fits(chain, m->cv)) {
		return (STATUS_SYNTAX);
	}
	r->instance = next_instance(chain);
	r->aar = arena_printf(arena, " i=%u;%.*s", r->instance,
	    STR_FMT(m->results));
	st = r->aar.p != NULL ? make_ams(arena, opts, m, r) : STATUS_NOMEM;
	if (st == STATUS_OK) {
		st = make_as(arena, opts, chain, m->cv, r);
	}
	if (st != STATUS_OK) {
		r->instance = 0;
	}
	return (st);
}
