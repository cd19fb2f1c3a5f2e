/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dkim_lab: shared by the tests of signing and verifying: keys, a zone with
 * their records, messages, and signature fields made from a pattern, for
 * fields that dkim_signer does not write.
 */
#ifndef TEST_UNIT_DKIM_LAB_H
#define TEST_UNIT_DKIM_LAB_H

#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/b64.h"
#include "base/buf.h"
#include "base/env.h"
#include "dkim/header.h"
#include "dkim/sign.h"
#include "dkim/verify.h"
#include "mail/message.h"

#include "test/unit/tap.h"

#define LAB_NOW		1700000000	/* 2023-11-14 */
#define LAB_FIELDS \
	"From: Kim <kim@example.com>\r\n" \
	"To: a@example.net\r\n" \
	"Subject:  one\r\n two \t three \r\n"
#define LAB_BODY	"Hello,  world. \r\n\r\n\r\n"
#define LAB_MSG		LAB_FIELDS "\r\n" LAB_BODY

struct lab {
	struct arena		 arena;		/* freed by lab_next */
	struct crypto		*crypto;
	struct privkey		*rsa;		/* rsa._domainkey.example.com */
	struct privkey		*ed;		/* ed._domainkey.example.com */
	struct env		 env;
	struct dns		*dns;
	/* of the last lab_verify: */
	struct dns_batch	*batch;
	struct dkim_bodies	*bodies;
};

static void ATTR_UNUSED
lab_must(bool ok, const char *what)
{
	if (!ok) {
		printf("Bail out! setup failed: %s\n", what);
		exit(99);
	}
}

/* The text after "p=" of the key's record. */
static struct str ATTR_UNUSED
lab_public(struct lab *lab, const struct privkey *key)
{
	struct buf der, text;
	struct str s;

	buf_init(&der, CRYPTO_KEY_MAX_BYTES);
	buf_init(&text, 2 * CRYPTO_KEY_MAX_BYTES);
	lab_must(privkey_public(key, &der) == STATUS_OK, "public key");
	b64_encode(&text, der.p, der.n);
	s = arena_dup(&lab->arena, buf_str(&text));
	buf_fini(&text);
	buf_fini(&der);
	return (s);
}

/* Publishes zone text, in which %RSA% and %ED% stand for the p= of the keys. */
static void ATTR_UNUSED
lab_publish(struct lab *lab, const char *zone)
{
	char path[] = "/tmp/t_dkim.XXXXXX";
	struct str rsa = lab_public(lab, lab->rsa);
	struct str ed = lab_public(lab, lab->ed);
	struct dns_opts opts;
	struct diag diag;
	int fd = mkstemp(path);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;

	lab_must(f != NULL, "zone file");
	while (*zone != '\0') {
		if (strncmp(zone, "%RSA%", 5) == 0) {
			fwrite(rsa.p, 1, rsa.n, f);
			zone += 5;
		} else if (strncmp(zone, "%ED%", 4) == 0) {
			fwrite(ed.p, 1, ed.n, f);
			zone += 4;
		} else {
			putc(*zone++, f);
		}
	}
	fclose(f);
	dns_opts_init(&opts);
	opts.env = &lab->env;
	diag_init(&diag);
	dns_release(lab->dns);
	lab_must(dns_new_zone(&opts, path, &lab->dns, &diag) == STATUS_OK,
	    diag.text);
	unlink(path);
}

static void ATTR_UNUSED
lab_init(struct lab *lab, const char *zone)
{
	*lab = (struct lab){ .dns = NULL };
	arena_init(&lab->arena, 64 << 20);
	env_init_system(&lab->env);
	lab->crypto = crypto_new();
	lab_must(lab->crypto != NULL, "crypto");
	lab_must(privkey_generate(CRYPTO_RSA, 1024, &lab->rsa) == STATUS_OK,
	    "RSA key");
	lab_must(privkey_generate(CRYPTO_ED25519, 0, &lab->ed) == STATUS_OK,
	    "Ed25519 key");
	lab_publish(lab, zone);
}

/* Frees the previous message. */
static void ATTR_UNUSED
lab_next(struct lab *lab)
{
	dkim_bodies_fini(lab->bodies);
	lab->bodies = NULL;
	dns_batch_free(lab->batch);
	lab->batch = NULL;
	arena_reset(&lab->arena);
}

static void ATTR_UNUSED
lab_fini(struct lab *lab)
{
	lab_next(lab);
	privkey_free(lab->rsa);
	privkey_free(lab->ed);
	dns_release(lab->dns);
	crypto_free(lab->crypto);
	arena_fini(&lab->arena);
}

static void ATTR_UNUSED
lab_verify_opts(const struct lab *lab, struct dkim_verify_opts *opts)
{
	*opts = (struct dkim_verify_opts){ .crypto = lab->crypto,
		.now_s = LAB_NOW, .drift_s = 300, .min_rsa_bits = 1024,
		.max_signatures = 5 };
}

static struct message ATTR_UNUSED
lab_message(struct lab *lab, struct str text)
{
	struct message m;

	lab_must(message_parse(&lab->arena, text, &m) == STATUS_OK, "message");
	return (m);
}

/* Verifies a message. The verifier is valid until lab_next. */
static ATTR_UNUSED struct dkim_verifier *
lab_verify(struct lab *lab, const struct dkim_verify_opts *opts,
    struct str text)
{
	struct message m = lab_message(lab, text);
	struct field_list *fields = arena_alloc(&lab->arena, sizeof(*fields));
	struct dkim_verifier *v;

	*fields = m.fields;
	lab->bodies = dkim_bodies_new(&lab->arena, lab->crypto);
	lab->batch = dns_batch_new(lab->dns);
	lab_must(dkim_verifier_new(&lab->arena, opts, fields, lab->bodies,
	    lab->batch, &v) == STATUS_OK, "verifier");
	dkim_bodies_update(lab->bodies, m.body.p, m.body.n);
	lab_must(dkim_bodies_finish(lab->bodies) == STATUS_OK, "body hash");
	dns_batch_wait(lab->batch, env_mono_us(&lab->env) + 200000);
	lab_must(dkim_verifier_finish(v) == STATUS_OK, "verification");
	return (v);
}

/* Replaces the first `mark` in the text, if any. */
static struct str ATTR_UNUSED
lab_replace(struct lab *lab, struct str text, const char *mark, struct str by)
{
	const char *at = memmem(text.p, text.n, mark, strlen(mark));
	size_t before;

	if (at == NULL) {
		return (text);
	}
	before = (size_t)(at - text.p);
	return (arena_printf(&lab->arena, "%.*s%.*s%.*s", (int)before, text.p,
	    STR_FMT(by), (int)(text.n - before - strlen(mark)),
	    at + strlen(mark)));
}

static struct str ATTR_UNUSED
lab_b64(struct lab *lab, const void *p, size_t n)
{
	struct buf text;
	struct str s;

	buf_init(&text, 4096);
	b64_encode(&text, p, n);
	s = arena_dup(&lab->arena, buf_str(&text));
	buf_fini(&text);
	return (s);
}

static void ATTR_UNUSED
lab_parse_field(struct lab *lab, struct str raw, struct field *field,
    struct dkim_signature *sig)
{
	struct field_list one;

	field_list_init(&one);
	lab_must(field_list_add_raw(&lab->arena, &one, raw) == STATUS_OK,
	    "signature field");
	*field = one.v[0];
	lab_must(dkim_signature_parse(&lab->arena, field,
	    DKIM_SIGNATURE, sig) == STATUS_OK,
	    "signature");
}

static struct str ATTR_UNUSED
lab_body_hash(struct lab *lab, const struct message *m,
    const struct dkim_signature *sig)
{
	struct dkim_bodies *b = dkim_bodies_new(&lab->arena, lab->crypto);
	struct str text;
	unsigned slot;

	lab_must(dkim_bodies_want(b, sig->body_canon, sig->body_bytes,
	    &slot) == STATUS_OK, "body slot");
	dkim_bodies_update(b, m->body.p, m->body.n);
	lab_must(dkim_bodies_finish(b) == STATUS_OK, "body hash");
	text = lab_b64(lab, dkim_bodies_hash(b, slot), CRYPTO_SHA256_BYTES);
	dkim_bodies_fini(b);
	return (text);
}

static struct str ATTR_UNUSED
lab_header_signature(struct lab *lab, const struct message *m,
    const struct field *field, const struct dkim_signature *sig)
{
	struct dkim_header_input in = { .canon = sig->header_canon,
		.names = sig->names, .names_n = sig->names_n,
		.skip = m->fields.n, .sig_raw = field->raw,
		.b_raw = sig->b_raw };
	unsigned char hash[CRYPTO_SHA256_BYTES];
	struct digest *d = digest_new(lab->crypto);
	struct str text;
	struct buf b;

	buf_init(&b, CRYPTO_SIG_MAX_BYTES);
	lab_must(dkim_header_hash(dkim_headers_new(&lab->arena, &m->fields), d,
	    &in, hash) == STATUS_OK, "header hash");
	lab_must(privkey_sign(lab->crypto, sig->key_type == CRYPTO_RSA ?
	    lab->rsa : lab->ed, hash, &b) == STATUS_OK, "signature");
	text = lab_b64(lab, b.p, b.n);
	buf_fini(&b);
	digest_free(d);
	return (text);
}

/*
 * A DKIM-Signature field with the pattern as its value. The first @BH@ and @B@
 * in it are replaced by body hash and signature of the message.
 */
static struct str ATTR_UNUSED
lab_sign(struct lab *lab, const char *pattern, struct str text)
{
	struct message m = lab_message(lab, text);
	struct dkim_signature sig;
	struct field field;
	struct str raw, zero;

	raw = arena_printf(&lab->arena, "DKIM-Signature:%s\r\n", pattern);
	zero = lab_b64(lab, (char[CRYPTO_SHA256_BYTES]){ 0 },
	    CRYPTO_SHA256_BYTES);
	lab_parse_field(lab, lab_replace(lab, lab_replace(lab, raw, "@BH@",
	    zero), "@B@", STR("AAAA")), &field, &sig);
	raw = lab_replace(lab, raw, "@BH@", lab_body_hash(lab, &m, &sig));
	lab_parse_field(lab, lab_replace(lab, raw, "@B@", STR("AAAA")),
	    &field, &sig);
	return (lab_replace(lab, raw, "@B@",
	    lab_header_signature(lab, &m, &field, &sig)));
}

static struct str ATTR_UNUSED
lab_join(struct lab *lab, struct str a, struct str b)
{
	char *p = arena_alloc(&lab->arena, a.n + b.n);

	lab_must(p != NULL, "memory");
	memcpy(p, a.p, a.n);
	memcpy(p + a.n, b.p, b.n);
	return (str_mem(p, a.n + b.n));
}

/* LAB_MSG below as many fields. */
static struct str ATTR_UNUSED
lab_repeat(struct lab *lab, struct str field, size_t n)
{
	char *p = arena_alloc(&lab->arena, field.n * n + strlen(LAB_MSG));
	size_t i;

	lab_must(p != NULL, "memory");
	for (i = 0; i < n; i++) {
		memcpy(p + i * field.n, field.p, field.n);
	}
	memcpy(p + n * field.n, LAB_MSG, strlen(LAB_MSG));
	return (str_mem(p, field.n * n + strlen(LAB_MSG)));
}

#endif
