/* SPDX-License-Identifier: BSD-2-Clause */
#include "dkim/header.h"
#include "dkim/signature.h"
#include "mail/domain.h"
#include "test/fuzz/fuzz.h"

#define ARENA_BYTES	(64 * 1024 * 1024)

static bool
is_inside(struct str part, struct str whole)
{
	return (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

/* The properties of an accepted field that verification relies on. */
static void
check_accepted(const struct dkim_signature *sig, const struct field *field)
{
	size_t i;

	FUZZ_CHECK(sig->reason == NULL);
	FUZZ_CHECK(domain_labels(sig->domain) >= 2);
	FUZZ_CHECK(sig->selector.n > 0);
	FUZZ_CHECK(domain_is_within(sig->identity_domain, sig->domain));
	FUZZ_CHECK(str_find(sig->identity, '@') < sig->identity.n);
	FUZZ_CHECK(sig->body_hash.n == CRYPTO_SHA256_BYTES);
	FUZZ_CHECK(sig->signature.n > 0);
	FUZZ_CHECK(is_inside(sig->b_raw, field->raw));
	FUZZ_CHECK(sig->b_raw.p[-1] == '=');
	FUZZ_CHECK(sig->names_n > 0);
	FUZZ_CHECK(sig->names_n <= DKIM_MAX_SIGNED_FIELDS);
	for (i = 0; i < sig->names_n; i++) {
		FUZZ_CHECK(sig->names[i].n > 0);
		FUZZ_CHECK(is_inside(sig->names[i], field->raw));
	}
	FUZZ_CHECK(sig->expires_s == -1 || sig->expires_s > sig->signed_s);
}

static void
hash(struct arena *a, const struct field_list *fields, size_t skip,
    const struct dkim_signature *sig, const struct field *field)
{
	struct dkim_header_input in = { .canon = sig->header_canon,
		.names = sig->names, .names_n = sig->names_n, .skip = skip,
		.sig_raw = field->raw, .b_raw = sig->b_raw };
	unsigned char out[CRYPTO_SHA256_BYTES];
	struct crypto *crypto = crypto_new();
	struct digest *digest = digest_new(crypto);
	struct dkim_headers *headers = dkim_headers_new(a, fields);

	FUZZ_CHECK(headers != NULL && digest != NULL);
	FUZZ_CHECK(dkim_header_hash(headers, digest, &in, out) == STATUS_OK);
	digest_free(digest);
	crypto_free(crypto);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct dkim_signature sig;
	struct field_list fields;
	struct arena arena;

	arena_init(&arena, ARENA_BYTES);
	field_list_init(&fields);
	FUZZ_CHECK(field_list_add(&arena, &fields, STR("From"), STR(" a")) ==
	    STATUS_OK);
	if (field_list_add(&arena, &fields, STR("DKIM-Signature"),
	    str_mem(data, n)) == STATUS_OK) {
		FUZZ_CHECK(dkim_signature_parse(&arena, &fields.v[1],
		    DKIM_SIGNATURE, &sig) ==
		    STATUS_OK);
		FUZZ_CHECK(sig.result == DKIM_NONE || sig.reason != NULL);
		if (sig.result == DKIM_NONE) {
			check_accepted(&sig, &fields.v[1]);
			hash(&arena, &fields, 1, &sig, &fields.v[1]);
		}
	}
	arena_fini(&arena);
	return (0);
}
