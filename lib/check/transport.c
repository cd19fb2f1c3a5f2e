/* SPDX-License-Identifier: BSD-2-Clause */
/* MTA-STS (RFC 8461), reports about TLS (RFC 8460) and BIMI: all optional. */
#include "check/private.h"
#include "dmarc/uri.h"

#define STS_ID_MAX_BYTES	32

/* Whether the text is the version, alone or before ";". */
static bool
has_version(struct str text, struct str version)
{
	return (str_starts(text, version) && (text.n == version.n ||
	    text.p[version.n] == ';' || char_is_wsp(text.p[version.n])));
}

/* The value of a field of "v=...; name=value; ..."; absent: no such field. */
static struct str
field_value(struct str text, struct str name)
{
	struct str rest = text, piece;
	size_t at;

	while (str_next(&rest, ';', &piece)) {
		at = str_find(piece, '=');
		if (at < piece.n && str_eq(str_trim_wsp(str_first(piece, at)),
		    name)) {
			return (str_trim_wsp(str_from_offset(piece, at + 1)));
		}
	}
	return (STR_NONE);
}

static bool
is_sts_id(struct str id)
{
	size_t i;

	for (i = 0; i < id.n; i++) {
		if (!char_is_alpha(id.p[i]) && !char_is_digit(id.p[i])) {
			return (false);
		}
	}
	return (id.n > 0 && id.n <= STS_ID_MAX_BYTES);
}

/* The first record of that version, and how many there are. */
static size_t
find_records(const struct dns_answer *txt, struct str version, bool loosely,
    struct str *first_r)
{
	size_t i, n = 0;

	*first_r = STR_NONE;
	for (i = 0; i < txt->n; i++) {
		struct str text = txt->v[i].data;

		if (loosely ? str_starts_ci(str_trim_fws(text), version) :
		    has_version(text, version)) {
			*first_r = n++ == 0 ? text : *first_r;
		}
	}
	return (n);
}

static void
judge_sts_host(struct check *c)
{
	struct str host = check_text(c, "mta-sts.%.*s", STR_FMT(c->domain));
	struct check_addresses a = check_addresses(c, host);

	if (a.n > 0) {
		(void)check_add(c, "mtasts.missing", CHECK_GOOD, host,
		    "MTA-STS is published");
	} else if (a.failed) {
		(void)check_add(c, "mtasts.lookup", CHECK_UNKNOWN, host,
		    "the addresses of %.*s could not be looked up",
		    CHECK_FMT(host));
	} else {
		(void)check_add(c, "mtasts.host-missing", CHECK_ERROR, host,
		    "MTA-STS is announced, but %.*s, the web server of the "
		    "policy, has no address", CHECK_FMT(host));
	}
}

/* Nothing can be announced without the web server of the policy. */
static void
fix_sts(struct check *c, struct check_finding *f, struct str owner,
    const struct dns_answer *txt)
{
	struct check_addresses a = check_addresses(c, check_text(c,
	    "mta-sts.%.*s", STR_FMT(c->domain)));
	struct wanted_about about = check_about(c);
	size_t i;

	if (a.n > 0 || a.failed) {
		check_fix_wanted(c, f, WANTED_MTA_STS, &about);
		return;
	}
	for (i = 0; i < txt->n; i++) {
		if (has_version(txt->v[i].data, STR("v=STSv1"))) {
			check_fix_remove(f, owner, "TXT", txt->v[i].data);
		}
	}
}

/* Returns whether MTA-STS is there. */
static bool
check_sts(struct check *c)
{
	struct str owner, text;
	const struct dns_answer *txt = check_ask_below(c, "_mta-sts",
	    c->domain, DNS_TXT, &owner);
	struct check_finding *f;
	size_t n;

	if (check_failed(txt)) {
		(void)check_add(c, "mtasts.lookup", CHECK_UNKNOWN, owner,
		    "%.*s could not be looked up: %s", CHECK_FMT(owner),
		    check_why(txt));
		return (false);
	}
	n = find_records(txt, STR("v=STSv1"), false, &text);
	if (n == 0) {
		(void)check_add(c, "mtasts.missing", CHECK_INFO, owner,
		    "no MTA-STS; it would have others insist on TLS when they "
		    "deliver to the domain");
		return (false);
	}
	check_record(c, owner, "TXT", text, txt->ttl_s);
	if (n > 1 || !is_sts_id(field_value(text, STR("id")))) {
		f = check_add(c, "mtasts.syntax", CHECK_ERROR, owner, n > 1 ?
		    "there are two MTA-STS records; both are ignored" :
		    "the MTA-STS record needs id= with 1 to %d letters and "
		    "digits", STS_ID_MAX_BYTES);
		check_found(c, f, text);
		fix_sts(c, f, owner, txt);
	} else {
		judge_sts_host(c);
	}
	return (true);
}

/* rua= with mailto: and https: URIs only (RFC 8460 3). */
static bool
has_report_uris(struct str text)
{
	struct str rest = field_value(text, STR("rua")), entry, uri;

	if (rest.n == 0) {
		return (false);
	}
	while (str_next(&rest, ',', &entry)) {
		struct str one = str_trim_wsp(entry);

		if (!dmarc_uri_next(&one, &uri) ||
		    (dmarc_uri_mailto(uri).p == NULL &&
		    !str_starts_ci(uri, STR("https://")))) {
			return (false);
		}
	}
	return (true);
}

/* With the addresses that it names. */
static void
fix_tlsrpt(struct check *c, struct check_finding *f, struct str owner,
    struct str text)
{
	struct str uris = check_mend_uris(c, field_value(text, STR("rua")),
	    CHECK_URIS_TLS);
	struct wanted_about about = check_about(c);

	if (uris.p != NULL) {
		check_fix(f, WANTED_AT_DNS, owner, "TXT", check_text(c,
		    "v=TLSRPTv1; rua=%.*s", STR_FMT(uris)));
	} else {
		check_fix_wanted(c, f, WANTED_TLS_REPORTS, &about);
	}
}

static void
check_tlsrpt(struct check *c, bool has_sts)
{
	struct str owner, text;
	const struct dns_answer *txt = check_ask_below(c, "_smtp._tls",
	    c->domain, DNS_TXT, &owner);
	struct wanted_about about = check_about(c);
	struct check_finding *f;
	size_t n;

	if (check_failed(txt)) {
		(void)check_add(c, "tlsrpt.lookup", CHECK_UNKNOWN, owner,
		    "%.*s could not be looked up: %s", CHECK_FMT(owner),
		    check_why(txt));
		return;
	}
	n = find_records(txt, STR("v=tlsrpt"), true, &text);
	if (n == 0) {
		f = check_add(c, "tlsrpt.missing", has_sts ? CHECK_WARN :
		    CHECK_INFO, owner, "no reports about TLS are asked for%s",
		    has_sts ? "; with MTA-STS they show what is not "
		    "delivered" : "");
		check_fix_wanted(c, f, WANTED_TLS_REPORTS, &about);
		return;
	}
	check_record(c, owner, "TXT", text, txt->ttl_s);
	if (n > 1 || !has_version(text, STR("v=TLSRPTv1")) ||
	    !has_report_uris(text)) {
		f = check_add(c, "tlsrpt.syntax", CHECK_ERROR, owner, n > 1 ?
		    "there are two records for reports about TLS" :
		    "the record for reports about TLS must be "
		    "\"v=TLSRPTv1; rua=\" and mailto: or https: URIs");
		check_found(c, f, text);
		fix_tlsrpt(c, f, owner, text);
	}
}

static void
check_bimi(struct check *c)
{
	struct str owner, text;
	const struct dns_answer *txt = check_ask_below(c, "default._bimi",
	    c->domain, DNS_TXT, &owner);

	if (check_failed(txt)) {
		(void)check_add(c, "bimi.lookup", CHECK_UNKNOWN, owner,
		    "%.*s could not be looked up: %s", CHECK_FMT(owner),
		    check_why(txt));
		return;
	}
	if (find_records(txt, STR("v=BIMI1"), true, &text) == 0) {
		return;
	}
	check_record(c, owner, "TXT", text, txt->ttl_s);
	if (c->facts.dmarc_policy == DMARC_P_NONE && !c->facts.dmarc_unknown) {
		(void)check_add(c, "bimi.no-effect", CHECK_WARN, owner,
		    "the logo is shown only with the DMARC policy quarantine "
		    "or reject");
	}
}

void
check_transport(struct check *c)
{
	check_tlsrpt(c, check_sts(c));
	check_bimi(c);
}
