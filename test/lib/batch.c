/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * batch: the library as a co-process of the tests, so that thousands of
 * messages cost no thousand processes. usage: batch [ZONE-FILE]
 *
 * Requests and answers are lists of strings as fields.h has them:
 *
 *	canon KIND CHUNK ...	KIND is "header" or "body", then "simple"
 *				or "relaxed"; gives the canonical form
 *	key NAME PEM		keeps a private key, its name is a letter
 *	sign KEY DOMAIN SELECTOR CANON HEADERS OVERSIGN NOW TTL MESSAGE
 *	    SIZE ...		CANON as c=; the lists by colons, "-" is the
 *				default; gives the value of the field
 *	verify NOW MESSAGE SIZE ...
 *				gives result, reason, d=, s=, b= by signature;
 *				as "verify-partial" with Minimum 0 and
 *				AllowExtraFields
 *	spf IP HELO MAIL-FROM	gives result, mechanism, reason, explanation
 *				and the number of questions asked
 *	from VALUE		of a From field: gives its result as a phrase,
 *				"strict" or "read", and each author domain
 *
 * A SIZE is the length of a piece in which the body is fed; the last is used
 * for all that is left, none means in one piece.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/env.h"
#include "crypto/crypto.h"
#include "dkim/body.h"
#include "dkim/sign.h"
#include "dkim/verify.h"
#include "dns/dns.h"
#include "mail/addr.h"
#include "mail/canon.h"
#include "mail/message.h"
#include "spf/check.h"
#include "test/lib/fields.h"

#define MAX_NAMES	1000
#define DNS_WAIT_US	(5 * 1000 * 1000)
#define DRIFT_S		300
#define MIN_RSA_BITS	1024
#define MAX_SIGNATURES	20

struct batch {
	struct env	 env;
	struct crypto	*crypto;
	struct dns	*dns;		/* NULL: no zone was given */
	struct arena	 arena;		/* one request */
	struct privkey	*keys[256];	/* by their letter */
};

static void
sink(void *ctx, const void *p, size_t n)
{
	buf_add(ctx, p, n);
}

static void
do_canon(const struct fields *f)
{
	struct canon_body body;
	struct buf out;
	enum canon kind;
	size_t i;

	if (f->n < 2) {
		fields_answer_error("usage");
		return;
	}
	kind = str_ends_ci(f->v[1], STR("relaxed")) ? CANON_RELAXED :
	    CANON_SIMPLE;
	buf_init(&out, FIELDS_MAX_BYTES);
	if (str_starts(f->v[1], STR("header"))) {
		for (i = 2; i < f->n; i++) {
			canon_header(kind, f->v[i], true, sink, &out);
		}
	} else {
		canon_body_init(&body, kind, sink, &out);
		for (i = 2; i < f->n; i++) {
			canon_body_update(&body, f->v[i].p, f->v[i].n);
		}
		canon_body_finish(&body);
	}
	fields_answer_one(out.p != NULL ? buf_str(&out) : STR(""));
	buf_fini(&out);
}

static void
do_key(struct batch *b, const struct fields *f)
{
	struct diag diag;
	unsigned char name;

	if (f->n != 3 || f->v[1].n != 1) {
		fields_answer_error("usage");
		return;
	}
	name = (unsigned char)f->v[1].p[0];
	privkey_free(b->keys[name]);
	b->keys[name] = NULL;
	diag_init(&diag);
	if (privkey_parse_pem(f->v[2], "key", &b->keys[name], &diag) !=
	    STATUS_OK) {
		fields_answer_error(diag.text);
		return;
	}
	fields_answer_one(STR(""));
}

/* Feeds the body in the pieces that f->v[at] and on name. */
static enum status
feed(struct dkim_bodies *bodies, struct str body, const struct fields *f,
    size_t at)
{
	uint64_t size = 0;
	size_t n;

	while (body.n > 0) {
		if (at < f->n && (!str_to_u64(f->v[at], &size) || size == 0)) {
			return (STATUS_SYNTAX);
		}
		at++;
		n = size == 0 || size > body.n ? body.n : (size_t)size;
		dkim_bodies_update(bodies, body.p, n);
		body = str_from_offset(body, n);
	}
	return (dkim_bodies_finish(bodies));
}

/* "a:b:c" into an array; "-" is the default given. */
static const struct str *
names(struct arena *arena, struct str list, const struct str *fallback,
    size_t fallback_n, size_t *n_r)
{
	struct str *v;
	struct str rest;

	*n_r = fallback_n;
	if (str_eq(list, STR("-"))) {
		return (fallback);
	}
	v = arena_calloc(arena, MAX_NAMES, sizeof(*v));
	*n_r = 0;
	rest = list.n == 0 ? STR_NONE : list;
	while (v != NULL && *n_r < MAX_NAMES &&
	    str_next(&rest, ':', &v[*n_r])) {
		(*n_r)++;
	}
	return (v);
}

static bool
sign_opts(struct batch *b, const struct fields *f, struct dkim_sign_opts *o)
{
	uint64_t now, ttl;

	if (f->n < 10 || f->v[1].n != 1 ||
	    b->keys[(unsigned char)f->v[1].p[0]] == NULL ||
	    !str_to_u64(f->v[7], &now) || !str_to_u64(f->v[8], &ttl)) {
		return (false);
	}
	memset(o, 0, sizeof(*o));
	o->crypto = b->crypto;
	o->key = b->keys[(unsigned char)f->v[1].p[0]];
	o->domain = f->v[2];
	o->selector = f->v[3];
	o->header_canon = str_starts(f->v[4], STR("relaxed")) ?
	    CANON_RELAXED : CANON_SIMPLE;
	o->body_canon = str_ends_ci(f->v[4], STR("/relaxed")) ?
	    CANON_RELAXED : CANON_SIMPLE;
	o->sign_headers = names(&b->arena, f->v[5], dkim_sign_headers_default,
	    dkim_sign_headers_default_n, &o->sign_headers_n);
	o->oversign_headers = names(&b->arena, f->v[6],
	    dkim_oversign_headers_default, dkim_oversign_headers_default_n,
	    &o->oversign_headers_n);
	if (o->oversign_headers == dkim_oversign_headers_default) {
		o->oversign_present = dkim_oversign_present_default;
		o->oversign_present_n = dkim_oversign_present_default_n;
	}
	o->now_s = (int64_t)now;
	o->ttl_s = (int64_t)ttl;
	return (o->sign_headers != NULL && o->oversign_headers != NULL);
}

static void
do_sign(struct batch *b, const struct fields *f)
{
	struct dkim_bodies *bodies;
	struct dkim_sign_opts opts;
	struct dkim_signer *signer;
	struct message m;
	struct str value;
	enum status s;

	if (!sign_opts(b, f, &opts)) {
		fields_answer_error("usage");
		return;
	}
	bodies = dkim_bodies_new(&b->arena, b->crypto);
	s = bodies == NULL ? STATUS_NOMEM :
	    message_parse(&b->arena, f->v[9], &m);
	if (s == STATUS_OK) {
		s = dkim_signer_new(&b->arena, &opts, &m.fields, bodies,
		    &signer);
	}
	if (s == STATUS_OK) {
		s = feed(bodies, m.body, f, 10);
	}
	if (s == STATUS_OK) {
		s = dkim_signer_finish(signer, &value);
	}
	if (s == STATUS_OK) {
		fields_answer_one(value);
	} else {
		fields_answer_error(status_text(s));
	}
	dkim_bodies_fini(bodies);
}

static void
answer_verdicts(const struct dkim_verifier *v)
{
	const struct dkim_verdict *d;
	size_t i, n;

	n = dkim_verifier_count(v);
	fields_answer(5 * n);
	for (i = 0; i < n; i++) {
		d = dkim_verifier_get(v, i);
		fields_write(str_from(dkim_result_name(d->result)));
		fields_write(d->reason != NULL ? str_from(d->reason) : STR(""));
		fields_write(d->sig.domain);
		fields_write(d->sig.selector);
		fields_write(d->sig.b_text);
	}
}

static void
do_verify(struct batch *b, const struct fields *f)
{
	struct dkim_bodies *bodies;
	struct dkim_verify_opts opts;
	struct dkim_verifier *verifier;
	struct dns_batch *dns = NULL;
	struct message m;
	enum status s;
	uint64_t now;

	if (f->n < 3 || b->dns == NULL || !str_to_u64(f->v[1], &now)) {
		fields_answer_error("usage");
		return;
	}
	memset(&opts, 0, sizeof(opts));
	opts.crypto = b->crypto;
	opts.now_s = (int64_t)now;
	opts.drift_s = DRIFT_S;
	opts.min_rsa_bits = MIN_RSA_BITS;
	opts.max_signatures = MAX_SIGNATURES;
	if (str_eq(f->v[0], STR("verify-partial"))) {
		opts.minimum.kind = DKIM_MINIMUM_BYTES;
		opts.extra_fields = true;
	}
	bodies = dkim_bodies_new(&b->arena, b->crypto);
	s = bodies == NULL || (dns = dns_batch_new(b->dns)) == NULL ?
	    STATUS_NOMEM : message_parse(&b->arena, f->v[2], &m);
	if (s == STATUS_OK) {
		s = dkim_verifier_new(&b->arena, &opts, &m.fields, bodies, dns,
		    &verifier);
	}
	if (s == STATUS_OK) {
		s = feed(bodies, m.body, f, 3);
	}
	if (s == STATUS_OK) {
		dns_batch_wait(dns, env_mono_us(&b->env) + DNS_WAIT_US);
		s = dkim_verifier_finish(verifier);
	}
	if (s == STATUS_OK) {
		answer_verdicts(verifier);
	} else {
		fields_answer_error(status_text(s));
	}
	dkim_bodies_fini(bodies);
	dns_batch_free(dns);
}

static void
do_spf(struct batch *b, const struct fields *f)
{
	struct spf_opts opts = { .identity = SPF_MAILFROM };
	struct dns_batch *dns = NULL;
	struct spf_verdict v;
	enum status s;

	if (f->n != 4 || b->dns == NULL || !ip_parse(f->v[1], &opts.ip)) {
		fields_answer_error("usage");
		return;
	}
	opts.helo = f->v[2];
	opts.mail_from = f->v[3];
	opts.now_s = env_now_s(&b->env);
	dns = dns_batch_new(b->dns);
	s = dns == NULL ? STATUS_NOMEM : spf_check(&b->arena, &opts, dns,
	    env_mono_us(&b->env) + DNS_WAIT_US, &v);
	if (s == STATUS_OK) {
		fields_answer(5);
		fields_write(str_from(spf_result_name(v.result)));
		fields_write(v.mechanism);
		fields_write(v.reason != NULL ? str_from(v.reason) : STR(""));
		fields_write(v.explanation);
		fields_write(arena_printf(&b->arena, "%zu",
		    dns_batch_count(dns)));
	} else {
		fields_answer_error(status_text(s));
	}
	dns_batch_free(dns);
}

static void
do_from(struct batch *b, const struct fields *f)
{
	struct addr_from from;
	struct field_list l;
	enum status s;
	size_t i;

	if (f->n != 2) {
		fields_answer_error("usage");
		return;
	}
	field_list_init(&l);
	s = field_list_add(&b->arena, &l, STR("From"), f->v[1]);
	if (s == STATUS_OK) {
		s = addr_from_parse(&b->arena, &l,
		    (struct lines_rule){ .limit = 0 }, &from);
	}
	if (s != STATUS_OK) {
		fields_answer_error(status_text(s));
		return;
	}
	fields_answer(2 + from.n);
	fields_write(str_from(addr_from_text(from.result)));
	fields_write(from.strict ? STR("strict") : STR("read"));
	for (i = 0; i < from.n; i++) {
		fields_write(from.v[i].domain);
	}
}

static void
serve(struct batch *b)
{
	struct fields f;

	while (fields_read(&b->arena, &f)) {
		if (str_eq(f.v[0], STR("canon"))) {
			do_canon(&f);
		} else if (str_eq(f.v[0], STR("key"))) {
			do_key(b, &f);
		} else if (str_eq(f.v[0], STR("sign"))) {
			do_sign(b, &f);
		} else if (str_eq(f.v[0], STR("verify")) ||
		    str_eq(f.v[0], STR("verify-partial"))) {
			do_verify(b, &f);
		} else if (str_eq(f.v[0], STR("spf"))) {
			do_spf(b, &f);
		} else if (str_eq(f.v[0], STR("from"))) {
			do_from(b, &f);
		} else {
			fields_answer_error("no such request");
		}
		fflush(stdout);
		arena_reset(&b->arena);
	}
}

int
main(int argc, char **argv)
{
	static struct batch b;
	struct dns_opts opts;
	struct diag diag;
	size_t i;

	env_init_system(&b.env);
	diag_init(&diag);
	arena_init(&b.arena, 4 * (size_t)FIELDS_MAX_BYTES);
	b.crypto = crypto_new();
	if (b.crypto == NULL) {
		fprintf(stderr, "batch: no crypto\n");
		return (2);
	}
	if (argc > 1) {
		dns_opts_init(&opts);
		opts.env = &b.env;
		if (dns_new_zone(&opts, argv[1], &b.dns, &diag) != STATUS_OK) {
			fprintf(stderr, "batch: %s\n", diag.text);
			return (2);
		}
	}
	serve(&b);
	for (i = 0; i < sizeof(b.keys) / sizeof(b.keys[0]); i++) {
		privkey_free(b.keys[i]);
	}
	dns_release(b.dns);
	crypto_free(b.crypto);
	arena_fini(&b.arena);
	return (0);
}
