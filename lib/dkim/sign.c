/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/b64.h"
#include "base/buf.h"
#include "dkim/header.h"
#include "dkim/sign.h"
#include "dkim/sign_names.h"
#include "dkim/sign_writer.h"
#include "dkim/signature_value.h"

#define TAG_MAX_BYTES	(1024 * 1024)

struct dkim_signer {
	struct arena			*arena;
	struct dkim_sign_opts		 opts;
	const struct field_list		*fields;
	const struct dkim_bodies	*bodies;
	unsigned			 slot;
	struct str			*names;		/* h= */
	size_t				 names_n;
};

static struct str
identity_tag(struct arena *a, struct str identity)
{
	struct str tag = STR_NONE;
	struct buf b;

	buf_init(&b, TAG_MAX_BYTES);
	buf_add_cstr(&b, "i=");
	signature_quote(&b, identity);
	buf_add_char(&b, ';');
	if (b.status == STATUS_OK) {
		tag = arena_dup(a, buf_str(&b));
	}
	buf_fini(&b);
	return (tag);
}

static struct str
body_hash_tag(const struct dkim_signer *s)
{
	struct str tag = STR_NONE;
	struct buf b;

	buf_init(&b, TAG_MAX_BYTES);
	buf_add_cstr(&b, "bh=");
	b64_encode(&b, dkim_bodies_hash_sent(s->bodies, s->slot),
	    CRYPTO_SHA256_BYTES);
	buf_add_char(&b, ';');
	if (b.status == STATUS_OK) {
		tag = arena_dup(s->arena, buf_str(&b));
	}
	buf_fini(&b);
	return (tag);
}

/* v= of a DKIM-Signature, i= of an ARC-Message-Signature. */
static struct str
first_tag(const struct dkim_signer *s)
{
	return (s->opts.kind == DKIM_SIGNATURE ? STR("v=1;") :
	    arena_printf(s->arena, "i=%u;", s->opts.instance));
}

/* Writes all tags before b=. */
static void
put_tags(struct sign_writer *w, const struct dkim_signer *s)
{
	const struct dkim_sign_opts *o = &s->opts;
	struct arena *a = s->arena;

	sign_writer_tag(w, first_tag(s));
	sign_writer_algorithm(w, privkey_type(o->key));
	sign_writer_tag(w, arena_printf(a, "c=%s/%s;",
	    canon_name(o->header_canon), canon_name(o->body_canon)));
	sign_writer_tag(w, arena_printf(a, "d=%.*s;", STR_FMT(o->domain)));
	sign_writer_tag(w, arena_printf(a, "s=%.*s;", STR_FMT(o->selector)));
	if (o->identity.p != NULL) {
		sign_writer_tag(w, identity_tag(a, o->identity));
	}
	if (o->now_s >= 0) {
		sign_writer_time(w, "t", o->now_s);
	}
	if (o->now_s >= 0 && o->ttl_s > 0) {
		sign_writer_time(w, "x", o->now_s + o->ttl_s);
	}
	sign_writer_names(w, s->names, s->names_n);
	sign_writer_tag(w, body_hash_tag(s));
}

enum status
dkim_signer_new(struct arena *a, const struct dkim_sign_opts *opts,
    const struct field_list *fields, struct dkim_bodies *bodies,
    struct dkim_signer **signer_r)
{
	struct dkim_signer *s = arena_alloc(a, sizeof(*s));
	enum status status;

	*signer_r = NULL;
	if (s == NULL) {
		return (STATUS_NOMEM);
	}
	s->arena = a;
	s->opts = *opts;
	s->fields = fields;
	s->bodies = bodies;
	status = sign_names_choose(a, opts, fields, &s->names, &s->names_n);
	if (status != STATUS_OK) {
		return (status);
	}
	status = dkim_bodies_want_sent(bodies, opts->body_canon, &s->slot);
	if (status != STATUS_OK) {
		return (status);
	}
	*signer_r = s;
	return (STATUS_OK);
}

/* Hashes the signed fields and the unfinished signature field. */
static enum status
hash_header(const struct dkim_signer *s, struct str field,
    unsigned char hash_r[CRYPTO_SHA256_BYTES])
{
	struct dkim_header_input in = { .canon = s->opts.header_canon,
		.names = s->names, .names_n = s->names_n,
		.skip = s->fields->n, .sig_raw = field };
	struct dkim_headers *headers = dkim_headers_new(s->arena, s->fields);
	struct digest *digest = digest_new(s->opts.crypto);
	enum status status = STATUS_NOMEM;

	if (headers != NULL && digest != NULL) {
		status = dkim_header_hash(headers, digest, &in, hash_r);
	}
	digest_free(digest);
	return (status);
}

enum status
dkim_signer_finish(struct dkim_signer *s, struct str *value_r)
{
	unsigned char hash[CRYPTO_SHA256_BYTES];
	struct sign_writer w;
	enum status status;
	struct str field;

	*value_r = STR_NONE;
	sign_writer_init(&w, s->opts.kind == DKIM_SIGNATURE ?
	    STR("DKIM-Signature:") : STR("ARC-Message-Signature:"));
	put_tags(&w, s);
	field = sign_writer_unsigned(&w);
	status = w.out.status;
	if (status != STATUS_OK) {
		goto out;
	}
	status = hash_header(s, field, hash);
	if (status != STATUS_OK) {
		goto out;
	}
	status = sign_writer_finish(&w, s->arena, s->opts.crypto, s->opts.key,
	    hash, value_r);
out:
	sign_writer_fini(&w);
	return (status);
}
