/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>

#include "base/b64.h"
#include "base/buf.h"
#include "dkim/header.h"
#include "dkim/sign.h"
#include "dkim/sign_names.h"
#include "dkim/signature_value.h"

#define FIELD_NAME	STR("DKIM-Signature:")
#define FIELD_MAX_BYTES	(1024 * 1024)
#define LINE_COLUMNS	78
#define TAB_COLUMNS	8
/* b= starts on a line that has room for that much of it. */
#define B_MIN_COLUMNS	20

struct dkim_signer {
	struct arena			*arena;
	struct dkim_sign_opts		 opts;
	const struct field_list		*fields;
	const struct dkim_bodies	*bodies;
	unsigned			 slot;
	struct str			*names;		/* h= */
	size_t				 names_n;
};

/* The field as it grows. */
struct writer {
	struct buf	 out;
	size_t		 column;	/* where its last line ends */
};

static void
put(struct writer *w, struct str s)
{
	buf_add_str(&w->out, s);
	w->column += s.n;
}

static void
fold(struct writer *w)
{
	buf_add_cstr(&w->out, "\r\n\t");
	w->column = TAB_COLUMNS;
}

/* A space and a tag, or a new line when no room columns are left behind it. */
static void
put_tag(struct writer *w, struct str tag, size_t room)
{
	if (w->column + 1 + tag.n + room > LINE_COLUMNS) {
		fold(w);
	} else {
		put(w, STR(" "));
	}
	if (tag.p == NULL) {
		w->out.status = STATUS_NOMEM;
	}
	put(w, tag);
}

/* White space may stand behind each colon (RFC 6376 3.5). */
static void
put_names(struct writer *w, const struct str *names, size_t n)
{
	size_t i;

	put_tag(w, STR("h="), names[0].n + 1);
	for (i = 0; i < n; i++) {
		if (w->column + names[i].n + 1 > LINE_COLUMNS) {
			fold(w);
		}
		put(w, names[i]);
		put(w, i + 1 < n ? STR(":") : STR(";"));
	}
}

/* White space may stand anywhere in base64 (RFC 6376 2.10). */
static void
put_base64(struct writer *w, struct str text)
{
	size_t room;

	while (text.n > 0) {
		if (w->column >= LINE_COLUMNS) {
			fold(w);
		}
		room = LINE_COLUMNS - w->column;
		put(w, str_first(text, room));
		text = str_from_offset(text, room);
	}
}

static struct str
identity_tag(struct arena *a, struct str identity)
{
	struct str tag = STR_NONE;
	struct buf b;

	buf_init(&b, FIELD_MAX_BYTES);
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

	buf_init(&b, FIELD_MAX_BYTES);
	buf_add_cstr(&b, "bh=");
	b64_encode(&b, dkim_bodies_hash(s->bodies, s->slot),
	    CRYPTO_SHA256_BYTES);
	buf_add_char(&b, ';');
	if (b.status == STATUS_OK) {
		tag = arena_dup(s->arena, buf_str(&b));
	}
	buf_fini(&b);
	return (tag);
}

static const char *
algorithm_name(enum crypto_key_type type)
{
	switch (type) {
	case CRYPTO_RSA:
		return ("rsa-sha256");
	case CRYPTO_ED25519:
		return ("ed25519-sha256");
	}
	return ("unknown");
}

/* All of the field up to "b=". */
static void
put_tags(struct writer *w, const struct dkim_signer *s)
{
	const struct dkim_sign_opts *o = &s->opts;
	struct arena *a = s->arena;

	put_tag(w, STR("v=1;"), 0);
	put_tag(w, arena_printf(a, "a=%s;",
	    algorithm_name(privkey_type(o->key))), 0);
	put_tag(w, arena_printf(a, "c=%s/%s;", canon_name(o->header_canon),
	    canon_name(o->body_canon)), 0);
	put_tag(w, arena_printf(a, "d=%.*s;", STR_FMT(o->domain)), 0);
	put_tag(w, arena_printf(a, "s=%.*s;", STR_FMT(o->selector)), 0);
	if (o->identity.p != NULL) {
		put_tag(w, identity_tag(a, o->identity), 0);
	}
	if (o->now_s >= 0) {
		put_tag(w, arena_printf(a, "t=%" PRId64 ";", o->now_s), 0);
	}
	if (o->now_s >= 0 && o->ttl_s > 0) {
		put_tag(w, arena_printf(a, "x=%" PRId64 ";",
		    o->now_s + o->ttl_s), 0);
	}
	put_names(w, s->names, s->names_n);
	put_tag(w, body_hash_tag(s), 0);
	put_tag(w, STR("b="), B_MIN_COLUMNS);
}

enum status
dkim_signer_new(struct arena *a, const struct dkim_sign_opts *opts,
    const struct field_list *fields, struct dkim_bodies *bodies,
    struct dkim_signer **signer_r)
{
	struct dkim_signer *s = arena_alloc(a, sizeof(*s));
	enum status status;

	if (s == NULL) {
		return (STATUS_NOMEM);
	}
	s->arena = a;
	s->opts = *opts;
	s->fields = fields;
	s->bodies = bodies;
	status = sign_names_choose(a, opts, fields, &s->names, &s->names_n);
	if (status == STATUS_OK) {
		status = dkim_bodies_want(bodies, opts->body_canon,
		    DKIM_BODY_ALL, &s->slot);
	}
	*signer_r = status == STATUS_OK ? s : NULL;
	return (status);
}

/* The signature over the header and the field written so far, as base64. */
static enum status
make_signature(const struct dkim_signer *s, struct str field,
    struct buf *text_r)
{
	struct dkim_header_input in = { .canon = s->opts.header_canon,
		.names = s->names, .names_n = s->names_n,
		.skip = s->fields->n, .sig_raw = field };
	struct dkim_headers *headers = dkim_headers_new(s->arena, s->fields);
	struct digest *digest = digest_new(s->opts.crypto);
	unsigned char hash[CRYPTO_SHA256_BYTES];
	enum status status = STATUS_NOMEM;
	struct buf sig;

	buf_init(&sig, CRYPTO_SIG_MAX_BYTES);
	if (headers == NULL || digest == NULL) {
		goto out;
	}
	status = dkim_header_hash(headers, digest, &in, hash);
	if (status == STATUS_OK) {
		status = privkey_sign(s->opts.crypto, s->opts.key, hash, &sig);
	}
	if (status == STATUS_OK) {
		b64_encode(text_r, sig.p, sig.n);
		status = text_r->status;
	}
out:
	buf_fini(&sig);
	digest_free(digest);
	return (status);
}

enum status
dkim_signer_finish(struct dkim_signer *s, struct str *value_r)
{
	struct writer w = { .column = 0 };
	enum status status;
	struct buf text;

	*value_r = STR_NONE;
	buf_init(&w.out, FIELD_MAX_BYTES);
	buf_init(&text, 2 * CRYPTO_SIG_MAX_BYTES);
	put(&w, FIELD_NAME);
	put_tags(&w, s);
	status = w.out.status;
	if (status != STATUS_OK) {
		goto out;
	}
	status = make_signature(s, buf_str(&w.out), &text);
	if (status != STATUS_OK) {
		goto out;
	}
	put_base64(&w, buf_str(&text));
	status = w.out.status;
	if (status == STATUS_OK) {
		*value_r = arena_dup(s->arena,
		    str_from_offset(buf_str(&w.out), FIELD_NAME.n));
		status = value_r->p != NULL ? STATUS_OK : STATUS_NOMEM;
	}
out:
	buf_fini(&text);
	buf_fini(&w.out);
	return (status);
}
