/* SPDX-License-Identifier: BSD-2-Clause */
/* results: our verdicts as an Authentication-Results field (RFC 8601). */
#include "authres/authres.h"
#include "base/buf.h"
#include "engine/private.h"

#define B_MIN_BYTES		8	/* of b=, RFC 6008 4 */
#define B_MAX_BYTES		64	/* equal so far: a copy */
#define PROPERTIES		5
/* As long as an address may be (RFC 5321 4.5.3.1); quoted it still fits into
   a line (RFC 5322 2.1.1). */
#define PROPERTY_MAX_BYTES	320

/*
 * The first characters of b=, as many as tell it from the other signatures
 * that are reported (RFC 6008 4), within reason.
 */
static struct str
unique_b(const struct dkim_verifier *verifier, size_t n, size_t index)
{
	struct str b = dkim_verifier_get(verifier, index)->sig.b_text;
	size_t i, k, want = B_MIN_BYTES;

	for (i = 0; i < n; i++) {
		struct str other = dkim_verifier_get(verifier, i)->sig.b_text;

		if (i == index) {
			continue;
		}
		for (k = 0; k + 1 < B_MAX_BYTES && k < b.n && k < other.n &&
		    b.p[k] == other.p[k]; k++) {
			continue;
		}
		want = want > k + 1 ? want : k + 1;
	}
	return (str_first(b, want));
}

void
engine_results_add(struct authres_result *r, struct str ptype,
    struct str property, struct str value)
{
	if (value.n > 0 && value.n <= PROPERTY_MAX_BYTES) {
		r->v[r->n++] = (struct authres_property){ .ptype = ptype,
			.property = property, .value = value };
	}
}

static void
add_property(struct authres_result *r, struct str name, struct str value)
{
	engine_results_add(r, STR("header"), name, value);
}

/* i= as ordinary mail has it, with A-labels (RFC 8601 2.2, RFC 8616). */
static enum status
identity(struct arena *arena, const struct dkim_signature *sig,
    struct str *r)
{
	struct str domain = sig->identity_domain;
	size_t n = str_rfind(sig->identity, '@') + 1;
	char *p;

	*r = sig->identity;
	if (domain.p == NULL || n > PROPERTY_MAX_BYTES) {
		return (STATUS_OK);
	}
	p = arena_alloc(arena, n + domain.n);
	if (p == NULL) {
		return (STATUS_NOMEM);
	}
	memcpy(p, sig->identity.p, n);
	memcpy(p + n, domain.p, domain.n);
	*r = str_mem(p, n + domain.n);
	return (STATUS_OK);
}

static enum status
describe(struct engine_msg *m, size_t n, size_t index,
    struct authres_result *r)
{
	const struct dkim_verdict *v = dkim_verifier_get(m->verifier, index);
	struct str i;

	*r = (struct authres_result){ .method = STR("dkim"), .version = 1,
		.result = str_from(dkim_result_name(v->result)),
		.reason = str_from(v->reason) };
	r->v = arena_calloc(&m->arena, PROPERTIES, sizeof(*r->v));
	if (r->v == NULL || identity(&m->arena, &v->sig, &i) != STATUS_OK) {
		return (STATUS_NOMEM);
	}
	if (v->key_bits > 0) {
		r->comment = arena_printf(&m->arena, "%u-bit key%s",
		    v->key_bits, v->testing ? ", test mode" : "");
		if (r->comment.p == NULL) {
			return (STATUS_NOMEM);
		}
	}
	add_property(r, STR("d"), v->sig.domain);
	add_property(r, STR("i"), i);
	add_property(r, STR("s"), v->sig.selector);
	add_property(r, STR("a"), v->sig.algorithm);
	add_property(r, STR("b"), unique_b(m->verifier, n, index));
	return (STATUS_OK);
}

/* Folded, with the space that stands behind the colon; as much as fits. */
static enum status
write_value(struct engine_msg *m, struct authres *ar, struct str *value_r)
{
	struct buf buf;
	enum status st;

	buf_init(&buf, ENGINE_RESULTS_MAX_BYTES);
	for (;;) {
		buf_add_char(&buf, ' ');
		st = authres_write(&buf, ar, true, false);
		if (st != STATUS_LIMIT || ar->n < 2) {
			break;
		}
		ar->n /= 2;
		buf_reset(&buf);
	}
	if (st == STATUS_OK) {
		*value_r = arena_dup(&m->arena, buf_str(&buf));
		st = value_r->p != NULL ? STATUS_OK : STATUS_NOMEM;
	}
	buf_fini(&buf);
	return (st);
}

/* RFC 5322 2.2.3, and what begins a line becomes a space. */
static enum status
unfold(struct arena *arena, struct str folded, struct str *r)
{
	struct str line, rest = str_trim_fws(folded);
	char *p = arena_alloc(arena, folded.n);

	*r = str_mem(p, 0);
	if (p == NULL) {
		return (STATUS_NOMEM);
	}
	while (str_next(&rest, '\n', &line)) {
		line = str_trim_fws(line);
		if (r->n > 0) {
			p[r->n++] = ' ';
		}
		memcpy(p + r->n, line.p, line.n);
		r->n += line.n;
	}
	return (STATUS_OK);
}

/* One result for each signature, or that there is none. */
static enum status
describe_dkim(struct engine_msg *m, struct authres_result *v, size_t n)
{
	enum status st = STATUS_OK;
	size_t i;

	if (n == 0) {
		v[0] = (struct authres_result){ .method = STR("dkim"),
			.version = 1, .result = STR("none") };
	}
	for (i = 0; i < n && st == STATUS_OK; i++) {
		st = describe(m, n, i, &v[i]);
	}
	return (st);
}

enum status
engine_results_write(struct engine_msg *m)
{
	struct authres ar = { .authserv_id = m->engine->authserv_id,
		.version = 1 };
	size_t n = dkim_verifier_count(m->verifier);
	struct str value;
	enum status st;

	if (n > ENGINE_MAX_RESULTS) {
		n = ENGINE_MAX_RESULTS;
	}
	ar.v = arena_calloc(&m->arena, ENGINE_SENDER_RESULTS + n + 1,
	    sizeof(*ar.v));
	if (ar.v == NULL) {
		return (STATUS_NOMEM);
	}
	/* First what must not be left out if it is too much. */
	st = engine_results_sender(m, ar.v, &ar.n);
	if (st == STATUS_OK) {
		st = describe_dkim(m, ar.v + ar.n, n);
		ar.n += n > 0 ? n : 1;
	}
	if (st == STATUS_OK) {
		st = write_value(m, &ar, &value);
	}
	if (st == STATUS_OK) {
		st = unfold(&m->arena, value, &m->outcome.authres);
	}
	if (st == STATUS_OK) {
		m->results = value;
		engine_actions_insert(m, ENGINE_FIELD_AUTHRES, value);
	}
	return (st);
}
