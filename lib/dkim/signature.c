/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Results of a bad field (RFC 8601 2.7.1): permerror for a missing tag, an
 * unsigned From, an i= outside d= and a forbidden algorithm; neutral for a
 * malformed or unknown value; policy for an exceeded limit.
 */
#include "base/b64.h"
#include "dkim/signature.h"
#include "dkim/signature_value.h"
#include "mail/domain.h"
#include "mail/taglist.h"

#define L_MAX_DIGITS	76	/* RFC 6376 3.5 */
/* RFC 6376 3.5. Of more digits, such as milliseconds, it is only known that
   the time is far away. */
#define TIME_MAX_DIGITS	12
#define TIME_FAR_S	999999999999

/* The first error of a field determines its result. */
static void
refuse_field(struct dkim_signature *sig, enum dkim_result result,
    const char *reason)
{
	if (sig->result == DKIM_NONE) {
		sig->result = result;
		sig->reason = reason;
	}
}

static enum status
read_version(struct arena *a ATTR_UNUSED, const struct tag *tag,
    struct dkim_signature *sig)
{
	if (!str_eq(tag->value, STR("1"))) {
		refuse_field(sig, DKIM_NEUTRAL, "incompatible version");
	}
	return (STATUS_OK);
}

static enum status
read_algorithm(struct arena *a ATTR_UNUSED, const struct tag *tag,
    struct dkim_signature *sig)
{
	sig->algorithm = tag->value;
	if (str_eq(tag->value, STR("rsa-sha256"))) {
		sig->key_type = CRYPTO_RSA;
	} else if (str_eq(tag->value, STR("ed25519-sha256"))) {
		sig->key_type = CRYPTO_ED25519;
	} else if (str_eq(tag->value, STR("rsa-sha1"))) {
		/* RFC 8301 3.1 */
		refuse_field(sig, DKIM_PERMERROR, "rsa-sha1 is not allowed");
	} else {
		refuse_field(sig, DKIM_NEUTRAL, "unknown algorithm");
	}
	return (STATUS_OK);
}

/* d= and s=: a name of at least min_labels. Some signers end d= with a dot. */
static enum status
read_name(struct arena *a, const struct tag *tag, size_t min_labels,
    struct str *name_r, bool *ok_r)
{
	enum status status = domain_normalize(a, tag->value, name_r);

	*ok_r = status == STATUS_OK && domain_labels(*name_r) >= min_labels;
	return (status == STATUS_NOMEM ? status : STATUS_OK);
}

static enum status
read_domain(struct arena *a, const struct tag *tag, struct dkim_signature *sig)
{
	enum status status;
	bool ok;

	status = read_name(a, tag, 2, &sig->domain, &ok);
	if (status == STATUS_OK && !ok) {
		refuse_field(sig, DKIM_NEUTRAL, "bad domain in d=");
	}
	return (status);
}

static enum status
read_selector(struct arena *a, const struct tag *tag,
    struct dkim_signature *sig)
{
	enum status status;
	bool ok;

	status = read_name(a, tag, 1, &sig->selector, &ok);
	if (status == STATUS_OK && (!ok ||
	    tag->value.p[tag->value.n - 1] == '.')) {
		refuse_field(sig, DKIM_NEUTRAL, "bad selector in s=");
	}
	return (status);
}

static enum status
read_signature(struct arena *a, const struct tag *tag,
    struct dkim_signature *sig)
{
	enum status status;

	sig->b_raw = tag->raw_value;
	sig->b_text = signature_without_fws(a, tag->value);
	if (sig->b_text.p == NULL) {
		return (STATUS_NOMEM);
	}
	status = b64_decode(a, sig->b_text, &sig->signature);
	if (status == STATUS_NOMEM) {
		return (status);
	}
	if (status != STATUS_OK || sig->signature.n == 0) {
		refuse_field(sig, DKIM_NEUTRAL, "bad base64 in b=");
	}
	return (STATUS_OK);
}

static enum status
read_body_hash(struct arena *a, const struct tag *tag,
    struct dkim_signature *sig)
{
	enum status status = b64_decode(a, tag->value, &sig->body_hash);

	if (status == STATUS_NOMEM) {
		return (status);
	}
	if (status != STATUS_OK) {
		refuse_field(sig, DKIM_NEUTRAL, "bad base64 in bh=");
	} else if (sig->body_hash.n != CRYPTO_SHA256_BYTES) {
		refuse_field(sig, DKIM_NEUTRAL, "bh= is not of 32 octets");
	}
	return (STATUS_OK);
}

static enum status
read_names(struct arena *a, const struct tag *tag, struct dkim_signature *sig)
{
	enum status status;
	bool from;
	size_t i;

	status = signature_names(a, tag->value, &sig->names, &sig->names_n);
	switch (status) {
	case STATUS_OK:
		break;
	case STATUS_LIMIT:
		refuse_field(sig, DKIM_POLICY, "too many names in h=");
		return (STATUS_OK);
	case STATUS_SYNTAX:
		refuse_field(sig, DKIM_NEUTRAL, "bad name in h=");
		return (STATUS_OK);
	case STATUS_NOMEM:
	case STATUS_TEMP:
	case STATUS_IO:
		return (status);
	}
	from = sig->kind != DKIM_SIGNATURE;
	for (i = 0; i < sig->names_n && !from; i++) {
		from = str_eq_ci(sig->names[i], STR("from"));
	}
	if (!from) {
		refuse_field(sig, DKIM_PERMERROR, "from is not signed");
	}
	return (STATUS_OK);
}

static bool
canon_from_name(struct str name, enum canon *canon_r)
{
	if (str_eq(name, STR("simple"))) {
		*canon_r = CANON_SIMPLE;
		return (true);
	}
	*canon_r = CANON_RELAXED;
	return (str_eq(name, STR("relaxed")));
}

static enum status
read_canon(struct arena *a ATTR_UNUSED, const struct tag *tag,
    struct dkim_signature *sig)
{
	struct str rest = tag->value, header;
	bool ok;

	(void)str_next(&rest, '/', &header);
	ok = canon_from_name(header, &sig->header_canon);
	/* RFC 6376 3.5: with one name only, the body's is simple. */
	if (rest.p != NULL && !canon_from_name(rest, &sig->body_canon)) {
		ok = false;
	}
	if (!ok) {
		refuse_field(sig, DKIM_NEUTRAL, "unknown canonicalization");
	}
	return (STATUS_OK);
}

static enum status
read_identity(struct arena *a, const struct tag *tag,
    struct dkim_signature *sig)
{
	enum status status;
	struct str domain;
	size_t at;

	status = signature_unquote(a, tag->value, &sig->identity);
	if (status == STATUS_OK) {
		at = str_rfind(sig->identity, '@');
		domain = str_from_offset(sig->identity, at + 1);
		status = domain_normalize(a, domain, &sig->identity_domain);
	}
	if (status == STATUS_NOMEM) {
		return (STATUS_NOMEM);
	}
	if (status != STATUS_OK) {
		refuse_field(sig, DKIM_NEUTRAL, "bad identity in i=");
	} else if (!domain_is_within(sig->identity_domain, sig->domain)) {
		refuse_field(sig, DKIM_PERMERROR, "i= is not within d=");
	}
	return (STATUS_OK);
}

static enum status
read_body_bytes(struct arena *a ATTR_UNUSED, const struct tag *tag,
    struct dkim_signature *sig)
{
	size_t i;

	for (i = 0; i < tag->value.n && char_is_digit(tag->value.p[i]); i++) {
		continue;
	}
	if (i == 0 || i < tag->value.n || i > L_MAX_DIGITS) {
		refuse_field(sig, DKIM_NEUTRAL, "bad number in l=");
	} else if (!str_to_u64(tag->value, &sig->body_bytes) ||
	    sig->body_bytes == UINT64_MAX) {
		/* No body is that long: the verifier reports it. */
		sig->body_bytes = UINT64_MAX - 1;
	}
	return (STATUS_OK);
}

static enum status
read_query(struct arena *a ATTR_UNUSED, const struct tag *tag,
    struct dkim_signature *sig)
{
	struct str rest = tag->value, method;

	while (str_next(&rest, ':', &method)) {
		if (str_eq(str_trim_fws(method), STR("dns/txt"))) {
			return (STATUS_OK);
		}
	}
	refuse_field(sig, DKIM_NEUTRAL, "unknown query method");
	return (STATUS_OK);
}

static bool
read_time(struct str value, int64_t *time_r)
{
	uint64_t n;
	size_t i;

	for (i = 0; i < value.n && char_is_digit(value.p[i]); i++) {
		continue;
	}
	if (i == 0 || i < value.n) {
		return (false);
	}
	*time_r = TIME_FAR_S;
	if (value.n <= TIME_MAX_DIGITS && str_to_u64(value, &n)) {
		*time_r = (int64_t)n;
	}
	return (true);
}

static enum status
read_signed(struct arena *a ATTR_UNUSED, const struct tag *tag,
    struct dkim_signature *sig)
{
	if (!read_time(tag->value, &sig->signed_s)) {
		refuse_field(sig, DKIM_NEUTRAL, "bad time in t=");
	} else if (tag->value.n > TIME_MAX_DIGITS) {
		sig->signed_s = -1;	/* not taken for the future */
	}
	return (STATUS_OK);
}

/* Needs the value of t=. */
static enum status
read_expires(struct arena *a ATTR_UNUSED, const struct tag *tag,
    struct dkim_signature *sig)
{
	if (!read_time(tag->value, &sig->expires_s)) {
		refuse_field(sig, DKIM_NEUTRAL, "bad time in x=");
	} else if (sig->expires_s <= sig->signed_s) {
		refuse_field(sig, DKIM_NEUTRAL, "x= is not after t=");
	}
	return (STATUS_OK);
}

#define ALL	(1u << DKIM_SIGNATURE | 1u << DKIM_ARC_MESSAGE | \
		1u << DKIM_ARC_SEAL)
#define BODY	(1u << DKIM_SIGNATURE | 1u << DKIM_ARC_MESSAGE)
#define OWN	(1u << DKIM_SIGNATURE)

/* In the order in which tags are checked; i= needs d=, x= needs t=. */
static const struct rule {
	unsigned	 kinds;
	struct str	 name;
	const char	*missing;	/* NULL: the tag is optional */
	enum status	(*read)(struct arena *, const struct tag *,
			    struct dkim_signature *);
} rules[] = {
	{ OWN, STR("v"), "v= is missing", read_version },
	{ ALL, STR("a"), "a= is missing", read_algorithm },
	{ ALL, STR("d"), "d= is missing", read_domain },
	{ ALL, STR("s"), "s= is missing", read_selector },
	{ ALL, STR("b"), "b= is missing", read_signature },
	{ BODY, STR("bh"), "bh= is missing", read_body_hash },
	{ BODY, STR("h"), "h= is missing", read_names },
	{ BODY, STR("c"), NULL, read_canon },
	{ BODY, STR("q"), NULL, read_query },
	{ OWN, STR("i"), NULL, read_identity },
	{ BODY, STR("l"), NULL, read_body_bytes },
	{ ALL, STR("t"), NULL, read_signed },
	{ BODY, STR("x"), NULL, read_expires },
};

static enum status
read_tags(struct arena *a, const struct taglist *tags,
    struct dkim_signature *sig)
{
	const struct tag *tag;
	enum status status;
	size_t i;

	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if ((rules[i].kinds & 1u << sig->kind) == 0) {
			continue;
		}
		tag = taglist_get(tags, rules[i].name);
		if (tag != NULL) {
			status = rules[i].read(a, tag, sig);
			if (status != STATUS_OK) {
				return (status);
			}
		} else if (rules[i].missing != NULL) {
			refuse_field(sig, DKIM_PERMERROR, rules[i].missing);
		}
	}
	return (STATUS_OK);
}

enum status
dkim_signature_parse(struct arena *a, const struct field *field,
    enum dkim_signature_kind kind, struct dkim_signature *sig)
{
	struct taglist tags;
	const char *reason;
	enum status status;

	*sig = (struct dkim_signature){ .kind = kind, .result = DKIM_NONE,
		.signed_s = -1, .expires_s = -1, .body_bytes = UINT64_MAX };
	/* RFC 8616 5: the field may have U-labels and UTF-8 local parts. */
	status = taglist_parse(&tags, field->value, true, &reason);
	if (status != STATUS_OK) {
		refuse_field(sig, status == STATUS_LIMIT ? DKIM_POLICY :
		    DKIM_NEUTRAL, reason);
	}
	/* The tags before a syntax error are read for the report. */
	status = read_tags(a, &tags, sig);
	if (status != STATUS_OK || sig->identity.p != NULL ||
	    sig->domain.p == NULL) {
		return (status);
	}
	sig->identity = arena_printf(a, "@%.*s", STR_FMT(sig->domain));
	sig->identity_domain = sig->domain;
	return (sig->identity.p != NULL ? STATUS_OK : STATUS_NOMEM);
}
