/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signatures are verified in the order of RFC 6376 6.1: the field, its key,
 * the body hash, the header hash. Cheap checks come first: no key is looked up
 * for a bad field, and no RSA operation is done if the body hash differs.
 */
#include "dkim/header.h"
#include "dkim/verify.h"
#include "mail/domain.h"

struct trial {
	struct dkim_verdict	 verdict;
	struct dns_query	*query;		/* NULL: already decided */
	unsigned		 slot;		/* of its body hash */
};

struct dkim_verifier {
	struct arena			*arena;
	struct dkim_verify_opts		 opts;
	const struct field_list		*fields;
	const struct dkim_bodies	*bodies;
	struct dkim_headers		*headers;	/* made when needed */
	struct digest			*digest;	/* within finish */
	struct trial			*v;
	size_t				 n;
	unsigned			 tried;
};

static void
set_verdict(struct dkim_verdict *v, enum dkim_result result, const char *reason)
{
	v->result = result;
	v->reason = reason;
}

/* Sets the verdict that follows from the field alone, if any. */
static void
check_field(struct dkim_verifier *verifier, struct dkim_verdict *v)
{
	const struct dkim_verify_opts *opts = &verifier->opts;
	const struct dkim_signature *sig = &v->sig;

	set_verdict(v, sig->result, sig->reason);
	if (v->result != DKIM_NONE) {
		return;
	}
	if (sig->signed_s > opts->now_s + opts->drift_s) {
		set_verdict(v, DKIM_POLICY, "signature is from the future");
	} else if (sig->expires_s >= 0 &&
	    opts->now_s > sig->expires_s + opts->drift_s) {
		set_verdict(v, DKIM_POLICY, "signature expired");
	} else if (verifier->tried == opts->max_signatures) {
		set_verdict(v, DKIM_POLICY, "too many signatures");
		v->skipped = true;
	} else {
		verifier->tried++;
	}
}

/* Reserves a body slot that sees as much as Minimum needs. */
static enum status
want_body(const struct dkim_verifier *verifier,
    const struct dkim_signature *sig, struct dkim_bodies *bodies,
    unsigned *slot_r)
{
	enum status status = dkim_bodies_want(bodies, sig->body_canon,
	    sig->body_bytes, slot_r);
	uint64_t allowed = dkim_minimum_allows(&verifier->opts.minimum,
	    sig->body_bytes);

	if (status == STATUS_OK && allowed != UINT64_MAX) {
		dkim_bodies_count(bodies, *slot_r, allowed);
	}
	return (status);
}

static enum status
start_trial(struct dkim_verifier *verifier, struct trial *t,
    struct dkim_bodies *bodies, struct dns_batch *batch)
{
	const struct dkim_signature *sig = &t->verdict.sig;
	enum status status;
	struct str name;

	status = dkim_signature_parse(verifier->arena,
	    &verifier->fields->v[t->verdict.field_index], DKIM_SIGNATURE,
	    &t->verdict.sig);
	if (status != STATUS_OK) {
		return (status);
	}
	check_field(verifier, &t->verdict);
	if (t->verdict.result != DKIM_NONE) {
		return (STATUS_OK);
	}
	status = want_body(verifier, sig, bodies, &t->slot);
	if (status != STATUS_OK) {
		return (status);
	}
	name = domain_key_name(verifier->arena, sig->selector, sig->domain);
	if (name.p == NULL) {
		return (STATUS_NOMEM);
	}
	t->query = dns_batch_add(batch, name, DNS_TXT);
	return (t->query != NULL ? STATUS_OK : STATUS_NOMEM);
}

enum status
dkim_verifier_new(struct arena *a, const struct dkim_verify_opts *opts,
    const struct field_list *fields, struct dkim_bodies *bodies,
    struct dns_batch *batch, struct dkim_verifier **verifier_r)
{
	static const struct str name = { "DKIM-Signature", 14 };
	struct dkim_verifier *verifier = arena_alloc(a, sizeof(*verifier));
	enum status status;
	size_t i;

	*verifier_r = NULL;
	if (verifier == NULL) {
		return (STATUS_NOMEM);
	}
	verifier->arena = a;
	verifier->opts = *opts;
	verifier->fields = fields;
	verifier->bodies = bodies;
	verifier->v = arena_calloc(a, field_list_count(fields, name),
	    sizeof(*verifier->v));
	if (verifier->v == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < fields->n; i++) {
		if (!str_eq_ci(fields->v[i].name, name)) {
			continue;
		}
		verifier->v[verifier->n].verdict.field_index = i;
		status = start_trial(verifier, &verifier->v[verifier->n++],
		    bodies, batch);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	*verifier_r = verifier;
	return (STATUS_OK);
}

/* Whether the answer has key records; if not, sets the verdict. */
static bool
has_keys(const struct dns_answer *answer, struct dkim_verdict *v)
{
	v->security = answer->security;
	switch (answer->result) {
	case DNS_OK:
		return (true);
	case DNS_NODATA:
	case DNS_NXDOMAIN:
	case DNS_BADNAME:
		set_verdict(v, DKIM_PERMERROR, "no key for signature");
		break;
	case DNS_SERVFAIL:
	case DNS_TIMEOUT:
		set_verdict(v, DKIM_TEMPERROR, "key unavailable");
		break;
	}
	return (false);
}

/* DKIM_NONE: the key may be used for this signature. */
static enum dkim_result
judge_key(const struct dkim_verify_opts *opts, const struct dkim_key *key,
    const struct dkim_signature *sig, const char **reason_r)
{
	if (key->result != DKIM_NONE) {
		*reason_r = key->reason;
		return (key->result);
	}
	if (key->type != sig->key_type) {
		*reason_r = "inappropriate key algorithm";
		return (DKIM_PERMERROR);
	}
	if (key->strict && !str_eq(sig->identity_domain, sig->domain)) {
		*reason_r = "i= is not d= as the key demands";
		return (DKIM_PERMERROR);
	}
	if (key->type == CRYPTO_RSA && key->bits < opts->min_rsa_bits) {
		*reason_r = "rsa key shorter than required here";
		return (DKIM_POLICY);
	}
	return (DKIM_NONE);
}

/* Compares the body hash; if it differs, sets the verdict. */
static bool
body_matches(const struct dkim_verifier *verifier, struct trial *t)
{
	const struct dkim_signature *sig = &t->verdict.sig;
	const struct dkim_bodies *bodies = verifier->bodies;

	if (sig->body_bytes != DKIM_BODY_ALL &&
	    dkim_bodies_bytes(bodies, t->slot) < sig->body_bytes) {
		set_verdict(&t->verdict, DKIM_PERMERROR, "l= exceeds the body");
		return (false);
	}
	if (!str_eq(sig->body_hash, str_mem(dkim_bodies_hash(bodies, t->slot),
	    CRYPTO_SHA256_BYTES))) {
		set_verdict(&t->verdict, DKIM_FAIL,
		    "body hash did not verify");
		t->verdict.body_differs = true;
		return (false);
	}
	return (true);
}

static enum status
compute_header_hash(struct dkim_verifier *verifier,
    const struct dkim_verdict *v, unsigned char *hash_r)
{
	const struct dkim_signature *sig = &v->sig;
	struct dkim_header_input in = { .canon = sig->header_canon,
		.names = sig->names, .names_n = sig->names_n,
		.skip = v->field_index,
		.sig_raw = verifier->fields->v[v->field_index].raw,
		.b_raw = sig->b_raw };

	if (verifier->headers == NULL) {
		verifier->headers = dkim_headers_new(verifier->arena,
		    verifier->fields);
	}
	if (verifier->digest == NULL) {
		verifier->digest = digest_new(verifier->opts.crypto);
	}
	if (verifier->headers == NULL || verifier->digest == NULL) {
		return (STATUS_NOMEM);
	}
	return (dkim_header_hash(verifier->headers, verifier->digest, &in,
	    hash_r));
}

static void
set_key_verdict(struct dkim_verdict *v, const struct dkim_key *key,
    enum dkim_result result, const char *reason)
{
	v->key_bits = key->bits;
	v->testing = key->testing;
	v->revoked = key->revoked;
	set_verdict(v, result, reason);
}

static void
set_uncovered(struct dkim_verdict *v, enum dkim_cover cover,
    const char *reason)
{
	v->cover = cover;
	set_verdict(v, DKIM_POLICY, reason);
}

/* The signature verifies: does it cover what a reader sees? */
static void
judge_cover(struct dkim_verifier *verifier, struct trial *t)
{
	const struct dkim_verify_opts *opts = &verifier->opts;
	const struct dkim_signature *sig = &t->verdict.sig;
	uint64_t bytes = dkim_bodies_bytes(verifier->bodies, t->slot);
	const char *field = opts->extra_fields ? NULL :
	    dkim_uncovered_field(verifier->headers, sig->names, sig->names_n);

	if (bytes > dkim_minimum_allows(&opts->minimum, sig->body_bytes)) {
		set_uncovered(&t->verdict, DKIM_BODY_OPEN,
		    dkim_uncovered_body);
	} else if (field != NULL) {
		set_uncovered(&t->verdict, DKIM_FIELD_OPEN, field);
	} else if (bytes > sig->body_bytes) {
		set_verdict(&t->verdict, DKIM_PASS, dkim_uncovered_body);
	}
}

static enum status
check_signature(struct dkim_verifier *verifier, struct trial *t,
    const struct dkim_key *const *keys, size_t n)
{
	struct dkim_verdict *v = &t->verdict;
	unsigned char hash[CRYPTO_SHA256_BYTES];
	enum status status;
	bool good = false;
	size_t i;

	status = compute_header_hash(verifier, v, hash);
	for (i = 0; status == STATUS_OK && i < n && !good; i++) {
		status = pubkey_verify(verifier->opts.crypto, keys[i]->pubkey,
		    hash, v->sig.signature, &good);
	}
	if (status != STATUS_OK) {
		return (status);
	}
	if (!good) {
		set_key_verdict(v, keys[0], DKIM_FAIL,
		    "signature did not verify");
		return (STATUS_OK);
	}
	set_key_verdict(v, keys[i - 1], DKIM_PASS, NULL);
	judge_cover(verifier, t);
	return (STATUS_OK);
}

/*
 * Tries all usable key records (RFC 6376 6.1.2). The verdict is that of the
 * first that verifies the signature, else of the first usable one, else of the
 * first one.
 */
static enum status
try_keys(struct dkim_verifier *verifier, const struct dkim_keys *keys,
    struct trial *t)
{
	const struct dkim_key *fit[DKIM_KEYS_MAX];
	enum dkim_result result;
	const char *reason;
	size_t i, n = 0;

	set_verdict(&t->verdict, DKIM_PERMERROR, "no key for signature");
	for (i = 0; i < keys->n; i++) {
		result = judge_key(&verifier->opts, &keys->v[i],
		    &t->verdict.sig, &reason);
		if (result == DKIM_NONE) {
			fit[n++] = &keys->v[i];
		} else if (i == 0) {
			set_key_verdict(&t->verdict, &keys->v[i], result,
			    reason);
		}
	}
	if (n == 0) {
		return (STATUS_OK);
	}
	set_key_verdict(&t->verdict, fit[0], DKIM_NONE, NULL);
	return (body_matches(verifier, t) ?
	    check_signature(verifier, t, fit, n) : STATUS_OK);
}

static enum status
finish_trial(struct dkim_verifier *verifier, struct trial *t)
{
	const struct dns_answer *answer;
	const struct dkim_keys *keys;

	if (t->query == NULL) {
		return (STATUS_OK);
	}
	answer = dns_query_answer(t->query);
	if (!has_keys(answer, &t->verdict)) {
		return (STATUS_OK);
	}
	keys = dns_answer_object(answer, &dkim_keys_parser);
	return (keys != NULL ? try_keys(verifier, keys, t) : STATUS_NOMEM);
}

bool
dkim_verifier_is_ready(const struct dkim_verifier *verifier)
{
	size_t i;

	for (i = 0; i < verifier->n; i++) {
		if (verifier->v[i].query != NULL &&
		    !dns_query_is_answered(verifier->v[i].query)) {
			return (false);
		}
	}
	return (true);
}

enum status
dkim_verifier_finish(struct dkim_verifier *verifier)
{
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; i < verifier->n && status == STATUS_OK; i++) {
		status = finish_trial(verifier, &verifier->v[i]);
	}
	digest_free(verifier->digest);
	verifier->digest = NULL;
	return (status);
}

size_t
dkim_verifier_count(const struct dkim_verifier *verifier)
{
	return (verifier->n);
}

const struct dkim_verdict *
dkim_verifier_get(const struct dkim_verifier *verifier, size_t i)
{
	return (&verifier->v[i].verdict);
}
