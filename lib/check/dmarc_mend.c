/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a text that is meant as a DMARC record should say. Each tag that it has
 * stays, with the value that it has or that was meant; what nobody knows, what
 * is invalid, what is historic and addresses where reports are lost go.
 * Invariant: a check of the result finds no fault in it that the record itself
 * causes, and it protects no less than the text was meant to.
 */
#include "check/private.h"
#include "dmarc/uri.h"
#include "mail/domain.h"

struct values {
	struct str	v[DMARC_TAGS];	/* absent: no such tag */
};

/* A tag's name at the offset, and "=": its length; 0: there is none, or a
   scheme. */
static size_t
name_at(struct str text, size_t at, struct str *name_r)
{
	size_t n = at;

	if (at > 0 && !char_is_wsp(text.p[at - 1]) && memchr(";,\"'`\\",
	    text.p[at - 1], 6) == NULL) {
		return (0);
	}
	while (n < text.n && char_is_alpha(text.p[n])) {
		n++;
	}
	*name_r = str_mem(text.p + at, n - at);
	while (n < text.n && char_is_wsp(text.p[n])) {
		n++;
	}
	return (name_r->n > 0 && n < text.n && text.p[n] == '=' &&
	    !str_eq_ci(*name_r, STR("mailto")) ? n + 1 - at : 0);
}

/* Up to the next tag or ";", without what cannot be part of a value. */
static struct str
value_at(struct check *c, struct str text, size_t at, size_t *end_r)
{
	static const char marks[] = "\"'`\\";
	struct str name, value;
	size_t i = at, n = 0;
	char *p;

	while (i < text.n && text.p[i] != ';' &&
	    name_at(text, i, &name) == 0) {
		i++;
	}
	*end_r = i;
	p = arena_alloc(&c->memory, i - at + 1);
	if (p == NULL) {
		c->status = STATUS_NOMEM;
		return (STR(""));
	}
	for (; at < i; at++) {
		if ((unsigned char)text.p[at] >= ' ' && text.p[at] != 0x7f &&
		    strchr(marks, text.p[at]) == NULL) {
			p[n++] = text.p[at];
		}
	}
	value = str_trim_wsp(str_mem(p, n));
	while (value.n > 0 && (value.p[value.n - 1] == ',' ||
	    char_is_wsp(value.p[value.n - 1]))) {
		value.n--;
	}
	return (value);
}

static void
read_values(struct check *c, struct str text, struct values *values)
{
	struct str name, value;
	enum dmarc_tag tag;
	size_t i = 0, n;

	while (i < text.n) {
		n = name_at(text, i, &name);
		if (n == 0) {
			i++;
			continue;
		}
		value = value_at(c, text, i + n, &i);
		tag = dmarc_tag_find(name);
		/* A slip such as rau=mailto: is an address for reports. */
		if (tag == DMARC_TAGS && str_starts_ci(value, STR("mailto:"))) {
			tag = DMARC_TAG_RUA;
		}
		if (tag < DMARC_TAGS && values->v[tag].p == NULL) {
			values->v[tag] = value;
		}
	}
}

/* The policy that an invalid word was meant to be. */
static const char *
meant_policy(struct str word)
{
	char first = word.n > 0 ? char_lower(word.p[0]) : '\0';

	return (first == 'r' ? "reject" : first == 'q' ? "quarantine" :
	    "none");
}

static struct str
mend_policy(struct str value)
{
	return (value.p == NULL || dmarc_tag_is_valid(DMARC_TAG_P, value) ?
	    value : str_from(meant_policy(value)));
}

/* A policy for subdomains that is weaker than the domain's, or invalid. */
static struct str
mend_subpolicy(struct str p, struct str value)
{
	bool enforces = !str_eq_ci(p, STR("none"));

	value = mend_policy(value);
	return (enforces && str_eq_ci(value, STR("none")) ? STR_NONE : value);
}

/* Without what cannot be part of an address: brackets, a scheme however it is
   written, slashes, the full stop of a sentence. */
static struct str
bare_address(struct str entry)
{
	static const struct str words[] = { { "mailto", 6 }, { "mail", 4 } };
	size_t i;

	while (entry.n > 0 && (entry.p[0] == '<' || entry.p[0] == '(')) {
		entry = str_from_offset(entry, 1);
	}
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = words[i].n;

		if (str_starts_ci(entry, words[i]) && n < entry.n &&
		    (entry.p[n] == ':' || entry.p[n] == '=')) {
			entry = str_trim_wsp(str_from_offset(entry, n + 1));
		}
	}
	while (entry.n > 0 && (entry.p[0] == '<' || entry.p[0] == '/')) {
		entry = str_from_offset(entry, 1);
	}
	while (entry.n > 0 && strchr(">).", entry.p[entry.n - 1]) != NULL) {
		entry.n--;
	}
	return (entry);
}

/* With the host as A-labels; a mailbox outside ASCII has no URI. */
static struct str
ascii_address(struct check *c, struct str address)
{
	size_t at = str_rfind(address, '@'), i;
	struct str host;
	enum status status;

	for (i = 0; i < address.n && !((unsigned char)address.p[i] & 0x80);
	    i++) {
		continue;
	}
	if (i == address.n) {
		return (address);
	}
	status = i < at || at == address.n ? STATUS_SYNTAX :
	    domain_normalize(&c->memory, str_from_offset(address, at + 1),
	    &host);
	if (status == STATUS_NOMEM) {
		c->status = status;
	}
	return (status == STATUS_OK ? check_text(c, "%.*s@%.*s",
	    STR_FMT(str_first(address, at)), STR_FMT(host)) : STR_NONE);
}

/* An address as the URI that it was meant to be; absent: it is none, or mail to
   it is lost. https is for reports about TLS (RFC 8460 3). */
static struct str
mend_uri(struct check *c, struct str entry, enum check_uris kind)
{
	struct str rest, uri, address, host;
	bool failed;

	if (kind == CHECK_URIS_TLS && str_starts_ci(entry, STR("https://"))) {
		rest = entry;
		return (dmarc_uri_next(&rest, &uri) ? uri : STR_NONE);
	}
	address = ascii_address(c, bare_address(entry));
	rest = check_text(c, "mailto:%.*s", STR_FMT(address));
	if (address.p == NULL || !dmarc_uri_next(&rest, &uri)) {
		return (STR_NONE);
	}
	host = check_uri_host(c, uri);
	if (host.p == NULL || check_lost_mail(c, host, &failed) != NULL) {
		return (STR_NONE);
	}
	return (check_text(c, "%.*s", STR_FMT(uri)));
}

struct str
check_mend_uris(struct check *c, struct str list, enum check_uris kind)
{
	struct str entry, uri, r = STR_NONE;
	size_t n = 0;

	while (str_next(&list, ',', &entry) && n++ < CHECK_MAX_RUA) {
		uri = mend_uri(c, str_trim_wsp(entry), kind);
		if (uri.p != NULL) {
			r = r.p == NULL ? uri : check_text(c, "%.*s,%.*s",
			    STR_FMT(r), STR_FMT(uri));
		}
	}
	return (r);
}

/* p=none that asks for no reports does nothing. */
static void
mend_values(struct check *c, struct values *t, struct str domain)
{
	bool failed;
	struct str *p = &t->v[DMARC_TAG_P], *rua = &t->v[DMARC_TAG_RUA];
	enum dmarc_tag tag;

	*p = c->facts.parked ? STR("reject") : p->p == NULL ? STR("none") :
	    mend_policy(*p);
	t->v[DMARC_TAG_SP] = mend_subpolicy(*p, t->v[DMARC_TAG_SP]);
	t->v[DMARC_TAG_NP] = mend_subpolicy(*p, t->v[DMARC_TAG_NP]);
	for (tag = DMARC_TAG_ADKIM; tag < DMARC_TAGS; tag++) {
		if (t->v[tag].p != NULL && (!dmarc_tag_is_valid(tag,
		    t->v[tag]) || (tag == DMARC_TAG_PSD && str_eq_ci(
		    t->v[tag], STR("y"))))) {
			t->v[tag] = STR_NONE;
		}
	}
	*rua = check_mend_uris(c, *rua, CHECK_URIS_DMARC);
	t->v[DMARC_TAG_RUF] = check_mend_uris(c, t->v[DMARC_TAG_RUF],
	    CHECK_URIS_DMARC);
	if (rua->p == NULL && str_eq_ci(*p, STR("none")) &&
	    check_lost_mail(c, domain, &failed) == NULL) {
		*rua = check_text(c, "mailto:postmaster@%.*s",
		    STR_FMT(domain));
	}
}

struct str
check_dmarc_mended(struct check *c, struct str domain, struct str text)
{
	static const enum dmarc_tag order[] = { DMARC_TAG_P, DMARC_TAG_SP,
		DMARC_TAG_NP, DMARC_TAG_ADKIM, DMARC_TAG_ASPF, DMARC_TAG_PSD,
		DMARC_TAG_T, DMARC_TAG_RUA, DMARC_TAG_RUF, DMARC_TAG_FO };
	static const char *const names[] = { "p", "sp", "np", "adkim", "aspf",
		"psd", "t", "rua", "ruf", "fo" };
	struct values values = { .v = { STR_NONE } };
	struct str r = STR("v=DMARC1");
	size_t i;

	if (text.n > CHECK_QUOTE_MAX_BYTES) {
		return (STR_NONE);
	}
	read_values(c, check_plain(c, text), &values);
	mend_values(c, &values, domain);
	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		struct str value = values.v[order[i]];

		if (value.p != NULL) {
			r = check_text(c, "%.*s; %s=%.*s", STR_FMT(r),
			    names[i], STR_FMT(value));
		}
	}
	return (r);
}
