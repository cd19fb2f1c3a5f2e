/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"
#include "dkim/cover.h"
#include "dkim/header.h"
#include "dkim/self_check.h"
#include "dkim/signature.h"

/* Makes the field from its value and parses it. */
static enum status
parse_field(struct arena *a, struct str value, struct dkim_signature *sig,
    struct str *raw_r)
{
	struct str raw = arena_printf(a, "DKIM-Signature:%.*s\r\n",
	    STR_FMT(value));
	struct field_list list;
	enum status status;

	if (raw.p == NULL) {
		return (STATUS_NOMEM);
	}
	field_list_init(&list);
	status = field_list_add_raw(a, &list, raw);
	if (status != STATUS_OK) {
		return (status);
	}
	*raw_r = list.v[0].raw;
	return (dkim_signature_parse(a, &list.v[0], DKIM_SIGNATURE, sig));
}

static enum status
verify_hash(const struct crypto *crypto, const struct privkey *key,
    const struct dkim_signature *sig,
    const unsigned char hash[CRYPTO_SHA256_BYTES], bool *good_r)
{
	struct pubkey *public = NULL;
	enum status status;
	struct buf der;

	*good_r = false;
	buf_init(&der, CRYPTO_KEY_MAX_BYTES);
	status = privkey_public(key, &der);
	if (status != STATUS_OK) {
		goto out;
	}
	status = pubkey_parse(privkey_type(key), buf_str(&der), &public);
	if (status != STATUS_OK) {
		goto out;
	}
	status = pubkey_verify(crypto, public, hash, sig->signature, good_r);
out:
	pubkey_free(public);
	buf_fini(&der);
	return (status);
}

/* Checks everything but the signature itself. NULL: no error. */
static const char *
field_error(const struct dkim_signature *sig, const struct privkey *key,
    const struct dkim_bodies *bodies)
{
	const unsigned char *hash;

	if (sig->result != DKIM_NONE) {
		return (sig->reason != NULL ? sig->reason :
		    "the field cannot be read");
	}
	if (sig->key_type != privkey_type(key)) {
		return ("a= is not the key's");
	}
	hash = sig->body_bytes != DKIM_BODY_ALL ? NULL :
	    dkim_bodies_find_sent(bodies, sig->body_canon);
	return (hash != NULL && str_eq(sig->body_hash,
	    str_mem(hash, CRYPTO_SHA256_BYTES)) ? NULL :
	    "bh= is not the body's");
}

/* sig: parsed from the field raw, which is fields[skip] or none of them. */
static enum status
check_signature(struct arena *a, const struct crypto *crypto,
    const struct privkey *key, const struct field_list *fields,
    const struct dkim_signature *sig, struct str raw, size_t skip,
    bool *good_r)
{
	struct dkim_header_input in = { .skip = skip, .sig_raw = raw,
		.canon = sig->header_canon, .names = sig->names,
		.names_n = sig->names_n, .b_raw = sig->b_raw };
	struct dkim_headers *headers = dkim_headers_new(a, fields);
	struct digest *digest = digest_new(crypto);
	unsigned char hash[CRYPTO_SHA256_BYTES];
	enum status status = STATUS_NOMEM;

	if (headers != NULL && digest != NULL) {
		status = dkim_header_hash(headers, digest, &in, hash);
	}
	digest_free(digest);
	return (status == STATUS_OK ?
	    verify_hash(crypto, key, sig, hash, good_r) : status);
}

enum status
dkim_self_check(struct arena *a, const struct crypto *crypto,
    const struct privkey *key, const struct field_list *fields,
    const struct dkim_bodies *bodies, struct str value, const char **reason_r)
{
	enum status status;
	struct dkim_signature sig;
	struct str raw;
	bool good = false;

	*reason_r = NULL;
	status = parse_field(a, value, &sig, &raw);
	if (status != STATUS_OK) {
		return (status);
	}
	*reason_r = field_error(&sig, key, bodies);
	if (*reason_r != NULL) {
		return (STATUS_OK);
	}
	status = check_signature(a, crypto, key, fields, &sig, raw, fields->n,
	    &good);
	if (status == STATUS_OK && !good) {
		*reason_r = "signature did not verify";
	}
	return (status);
}

/* The same for a signature that others may have added fields to since. */
static enum status
present_error(struct arena *a, const struct dkim_signature *sig,
    const struct privkey *key, const struct field_list *fields,
    const struct dkim_bodies *bodies, int64_t now_s, const char **reason_r)
{
	struct dkim_headers *headers;

	*reason_r = field_error(sig, key, bodies);
	if (*reason_r == NULL && sig->expires_s >= 0 &&
	    now_s > sig->expires_s) {
		*reason_r = "signature expired";
	}
	if (*reason_r != NULL) {
		return (STATUS_OK);
	}
	headers = dkim_headers_new(a, fields);
	if (headers == NULL) {
		return (STATUS_NOMEM);
	}
	*reason_r = dkim_uncovered_field(headers, sig->names, sig->names_n);
	return (STATUS_OK);
}

enum status
dkim_self_check_field(struct arena *a, const struct crypto *crypto,
    const struct privkey *key, const struct field_list *fields,
    const struct dkim_bodies *bodies, size_t index, int64_t now_s,
    const char **reason_r)
{
	const struct field *field = &fields->v[index];
	struct dkim_signature sig;
	enum status status;
	bool good = false;

	*reason_r = NULL;
	status = dkim_signature_parse(a, field, DKIM_SIGNATURE, &sig);
	if (status == STATUS_OK) {
		status = present_error(a, &sig, key, fields, bodies, now_s,
		    reason_r);
	}
	if (status != STATUS_OK || *reason_r != NULL) {
		return (status);
	}
	status = check_signature(a, crypto, key, fields, &sig, field->raw,
	    index, &good);
	if (status == STATUS_OK && !good) {
		*reason_r = "signature did not verify";
	}
	return (status);
}
