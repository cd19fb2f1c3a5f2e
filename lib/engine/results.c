/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * results: our verdicts as an Authentication-Results field (RFC 8601).
 *
 * The invariant: besides our own words the field has text from outside only in
 * a narrow alphabet, in which no other result can be written, whether a reader
 * uses a regular expression, splits at ';' or decodes encoded words. A value
 * with any other character is left out.
 */
#include "authres/authres.h"
#include "base/buf.h"
#include "engine/private.h"

#define B_MIN_BYTES		8	/* of b=, RFC 6008 4 */
#define B_MAX_BYTES		64	/* two that are equal so far: a copy */
#define PROPERTIES		5
#define NAME_CHARS		"-._"	/* of domains, besides alphanumerics */
#define IP_CHARS		"-._:"
#define B64_CHARS		"+/"	/* without the '=' at the end */
/* A dot-atom without '=', '?' and '/' (RFC 5322 3.2.3), which not all readers
   accept unquoted, and its '@'. */
#define IDENTITY_CHARS		"-._!#$%&'*+^`{|}~@"
/* The longest address (RFC 5321 4.5.3.1); even quoted it fits into a line
   (RFC 5322 2.1.1). */
#define PROPERTY_MAX_BYTES	320

/*
 * The first characters of b=, as many as distinguish it from the other
 * signatures that are reported (RFC 6008 4), up to B_MAX_BYTES.
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

/* Whether all are ASCII letters, digits or one of the others. */
static bool
has_only(struct str s, const char *others)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (!char_is_alpha(s.p[i]) && !char_is_digit(s.p[i]) &&
		    (s.p[i] == '\0' || strchr(others, s.p[i]) == NULL)) {
			return (false);
		}
	}
	return (true);
}

static void
add_property(struct authres_result *r, struct str ptype, struct str property,
    struct str value, const char *chars)
{
	if (value.n > 0 && value.n <= PROPERTY_MAX_BYTES &&
	    has_only(value, chars)) {
		r->v[r->n++] = (struct authres_property){ .ptype = ptype,
			.property = property, .value = value };
	}
}

void
engine_results_add(struct authres_result *r, struct str ptype,
    struct str property, struct str value)
{
	add_property(r, ptype, property, value, IP_CHARS);
}

static void
add_header_property(struct authres_result *r, struct str name,
    struct str value, const char *chars)
{
	add_property(r, STR("header"), name, value, chars);
}

/* a= if it is a name that we know. */
static struct str
known_algorithm(struct str a)
{
	return (str_eq(a, STR("rsa-sha256")) ||
	    str_eq(a, STR("ed25519-sha256")) || str_eq(a, STR("rsa-sha1")) ?
	    a : STR_NONE);
}

static bool
is_plain_local_part(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '.' && (i == 0 || i + 1 == s.n ||
		    s.p[i - 1] == '.')) {
			return (false);
		}
	}
	return (has_only(s, IDENTITY_CHARS) && str_find(s, '@') == s.n);
}

/*
 * i= with A-labels, as fields outside of SMTPUTF8 need it (RFC 8616); "@domain"
 * if the local part is not plain; absent if the domain is not known.
 */
static enum status
get_identity(struct arena *arena, const struct dkim_signature *sig,
    struct str *r)
{
	struct str domain = sig->identity_domain;
	struct str local = str_first(sig->identity,
	    str_rfind(sig->identity, '@'));

	*r = STR_NONE;
	if (domain.p == NULL) {
		return (STATUS_OK);
	}
	if (local.n + 1 + domain.n > PROPERTY_MAX_BYTES ||
	    !is_plain_local_part(local)) {
		local = STR("");
	}
	*r = arena_printf(arena, "%.*s@%.*s", STR_FMT(local),
	    STR_FMT(domain));
	return (r->p != NULL ? STATUS_OK : STATUS_NOMEM);
}

static enum status
describe_signature(struct arena *arena, const struct dkim_verifier *dkim,
    size_t n, size_t index, struct authres_result *r)
{
	const struct dkim_verdict *v = dkim_verifier_get(dkim, index);
	struct str identity;

	*r = (struct authres_result){ .method = STR("dkim"), .version = 1,
		.result = str_from(dkim_result_name(v->result)),
		.reason = str_from(v->reason) };
	r->v = arena_calloc(arena, PROPERTIES, sizeof(*r->v));
	if (r->v == NULL ||
	    get_identity(arena, &v->sig, &identity) != STATUS_OK) {
		return (STATUS_NOMEM);
	}
	if (v->key_bits > 0) {
		r->comment = arena_printf(arena, "%u-bit key%s", v->key_bits,
		    v->testing ? ", test mode" : "");
		if (r->comment.p == NULL) {
			return (STATUS_NOMEM);
		}
	}
	add_header_property(r, STR("d"), v->sig.domain, NAME_CHARS);
	add_header_property(r, STR("i"), identity, IDENTITY_CHARS);
	add_header_property(r, STR("s"), v->sig.selector, NAME_CHARS);
	add_header_property(r, STR("a"), known_algorithm(v->sig.algorithm),
	    NAME_CHARS);
	add_header_property(r, STR("b"), unique_b(dkim, n, index), B64_CHARS);
	return (STATUS_OK);
}

/* Folded, with a space in front; as many results as fit. */
static enum status
write_value(struct arena *arena, struct authres *ar, bool utf8,
    struct str *value_r)
{
	struct buf buf;
	enum status status;

	buf_init(&buf, ENGINE_RESULTS_MAX_BYTES);
	for (;;) {
		buf_add_char(&buf, ' ');
		status = authres_write(&buf, ar, true, utf8);
		if (status != STATUS_LIMIT || ar->n < 2) {
			break;
		}
		ar->n /= 2;
		buf_reset(&buf);
	}
	if (status == STATUS_OK) {
		*value_r = arena_dup(arena, buf_str(&buf));
		status = value_r->p != NULL ? STATUS_OK : STATUS_NOMEM;
	}
	buf_fini(&buf);
	return (status);
}

/* RFC 5322 2.2.3; the white space at the start of a line becomes a space. */
static enum status
unfold_value(struct arena *arena, struct str folded, struct str *r)
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

/* One result for each of n signatures, or that there is none. */
static enum status
describe_dkim(struct arena *arena, const struct dkim_verifier *dkim, size_t n,
    struct authres *ar)
{
	enum status status;
	size_t i;

	if (n == 0) {
		ar->v[ar->n++] = (struct authres_result){
			.method = STR("dkim"), .version = 1,
			.result = STR("none") };
	}
	for (i = 0; i < n; i++) {
		status = describe_signature(arena, dkim, n, i,
		    &ar->v[ar->n]);
		if (status != STATUS_OK) {
			return (status);
		}
		ar->n++;
	}
	return (STATUS_OK);
}

/* Whether this host, or one that knows our marks, could sign it. */
static bool
may_be_ours(const struct engine_input *in)
{
	return (in->ours || in->login != ENGINE_LOGIN_MAY ||
	    input_lost_mark(in) || in->from.n != 1 ||
	    !engine_mark_is_clear(&in->from) ||
	    (!signers_have_sources(in->engine->signers) &&
	    input_conf(in)->mark_key_file != NULL));
}

/* Of results with a mark. */
static void
insert_copy(const struct engine_input *in, struct engine_outcome *out,
    struct str marked)
{
	if (input_mark_field(in).n > 0 && in->engine->mark_keys.n > 0 &&
	    input_needs_mark(in) && may_be_ours(in)) {
		engine_outcome_insert_field(out, input_mark_field(in), marked);
	}
}

enum status
engine_results_write(const struct engine_input *in,
    struct engine_outcome *out)
{
	struct authres ar = { .authserv_id = input_authserv_id(in),
		.version = 1 };
	size_t n = dkim_verifier_count(out->dkim);
	struct str folded, unfolded, marked;
	enum status status;

	if (n > ENGINE_MAX_RESULTS) {
		n = ENGINE_MAX_RESULTS;
	}
	ar.v = arena_calloc(in->arena, ENGINE_SENDER_RESULTS + n + 1,
	    sizeof(*ar.v));
	if (ar.v == NULL) {
		return (STATUS_NOMEM);
	}
	/* These come first: if the value is too long, the last are dropped. */
	status = engine_results_sender(in, out, ar.v, &ar.n);
	if (status != STATUS_OK) {
		return (status);
	}
	status = describe_dkim(in->arena, out->dkim, n, &ar);
	if (status != STATUS_OK) {
		return (status);
	}
	status = engine_results_keep_utf8(in, &ar);
	if (status != STATUS_OK) {
		return (status);
	}
	status = write_value(in->arena, &ar, in->smtputf8, &folded);
	if (status != STATUS_OK) {
		return (status);
	}
	status = unfold_value(in->arena, folded, &unfolded);
	if (status != STATUS_OK) {
		return (status);
	}
	status = engine_mark_add(in, out->dmarc != NULL &&
	    dmarc_decisive(out->dmarc)->result == DMARC_PASS, folded, &marked);
	if (status == STATUS_OK) {
		insert_copy(in, out, marked);
		engine_outcome_insert_results(out, marked, folded, unfolded);
	}
	return (status);
}

enum status
engine_results_write_none(const struct engine_input *in,
    struct engine_outcome *out)
{
	struct authres none = { .authserv_id = input_authserv_id(in),
		.version = 1 };
	struct str value, marked;
	enum status status;

	if (in->engine->mark_keys.n == 0) {
		return (STATUS_OK);
	}
	status = write_value(in->arena, &none, false, &value);
	if (status == STATUS_OK) {
		status = engine_mark_add(in, false, value, &marked);
	}
	if (status == STATUS_OK) {
		insert_copy(in, out, marked);
		engine_outcome_insert_field(out, ENGINE_FIELD_AUTHRES, marked);
	}
	return (status);
}

enum status
engine_results_restore(const struct engine_input *in,
    struct engine_outcome *out)
{
	const struct field *field = &in->fields.v[in->mark_index];
	struct str copy = input_mark_field(in);

	if (input_lost_mark(in)) {
		return (engine_results_write_none(in, out));
	}
	if (!str_eq_ci(field->name, ENGINE_FIELD_AUTHRES)) {
		engine_outcome_insert_field(out, ENGINE_FIELD_AUTHRES,
		    field->value);
	} else if (copy.n > 0 && may_be_ours(in) &&
	    field_list_count(&in->fields, copy) == 0) {
		engine_outcome_insert_field(out, copy, field->value);
	}
	return (STATUS_OK);
}
