/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The messages of --compare, and what the old files meant for each: authors of
 * Domain and the SigningTable from each kind of sender, and kinds of mail from
 * outside that the files decide about. Meaning is taken from the files anew,
 * not from the settings that import made of them.
 */
#include <arpa/inet.h>

#include "base/ip.h"
#include "mail/domain.h"
#include "signers/table.h"
#include "tools/import_compare.h"

#define TO	"To: you@here.invalid\nSubject: a test\n" \
	"Date: Sat, 28 Nov 2026 10:00:00 +0000\n"
#define BODY	"\nHello\n"
#define OUTSIDE	"198.51.100.1"

static bool
dmarc_is(const struct import *im, const char *name)
{
	return (import_is_set(im, IMPORT_OPENDMARC, name));
}

static struct import_case *
add_case(struct import_cases *cases)
{
	static struct import_case spare;

	if (cases->n >= IMPORT_MAX_CASES) {
		spare = (struct import_case){ .what = STR_NONE };
		return (&spare);
	}
	return (&cases->v[cases->n++]);
}

/* Whether OpenDKIM finds the text in the list. */
static bool
has_text(const struct import_list *list, const char *text)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		if (list->type == IMPORT_PATTERNS ?
		    glob_match(list->v[i].key, str_from(text)) :
		    str_eq_ci(list->v[i].key, str_from(text))) {
			return (true);
		}
	}
	return (false);
}

/* The address, then each block that it is in, each first with "!". */
static bool
has_address(const struct import_list *list, const char *ip)
{
	unsigned char octets[4], cut[4];
	char text[64], address[INET_ADDRSTRLEN];
	unsigned bits, i;

	(void)snprintf(text, sizeof(text), "!%s", ip);
	if (has_text(list, text)) {
		return (false);
	}
	if (has_text(list, text + 1)) {
		return (true);
	}
	if (inet_pton(AF_INET, ip, octets) != 1) {
		return (false);
	}
	for (bits = 33; bits-- > 0;) {
		for (i = 0; i < 4; i++) {
			unsigned left = bits > 8 * i ? bits - 8 * i : 0;

			cut[i] = (unsigned char)(left >= 8 ? octets[i] :
			    octets[i] & (0xff00U >> left));
		}
		if (inet_ntop(AF_INET, cut, address, sizeof(address)) ==
		    NULL) {
			return (false);
		}
		(void)snprintf(text, sizeof(text), "!%s/%u", address, bits);
		if (has_text(list, text)) {
			return (false);
		}
		if (has_text(list, text + 1)) {
			return (true);
		}
	}
	return (false);
}

/* absent: what holds without the option. */
static bool
lists_address(struct import *im, enum import_program program,
    const char *name, const char *ip, bool absent)
{
	const struct import_given *given = import_get(im, program, name);
	struct import_list list;
	const char *why;

	if (given == NULL) {
		return (absent);
	}
	return (import_list_read(im, given, &list, &why) &&
	    has_address(&list, ip));
}

/* An IPv4 address that an item names, or its block; NULL: none. */
static const char *
sample_address(struct import *im, enum import_program program,
    const char *name)
{
	const struct import_given *given = import_get(im, program, name);
	struct import_list list;
	struct ip_addr ip;
	const char *why;
	size_t i;

	if (given == NULL || !import_list_read(im, given, &list, &why)) {
		return (NULL);
	}
	for (i = 0; i < list.n; i++) {
		struct str address = str_first(list.v[i].key,
		    str_find(list.v[i].key, '/'));

		if (ip_parse(address, &ip) && !ip.v6 &&
		    !str_starts(address, STR("127."))) {
			return (arena_cstr(&im->arena, address));
		}
	}
	return (NULL);
}

struct author {
	struct str	 address;
	struct str	 local;
	struct str	 domain;
	struct str	 meant;		/* "d=... s=..."; absent: not signed */
};

static struct str
meant_by_table(struct import *im, const struct author *a,
    const struct old_tables *t)
{
	const struct table_rule *rules[SIGNERS_PICKS_MAX];
	const struct table_key *key;
	struct str text = STR_NONE;
	size_t i, n = 0;

	if (!t->loaded || signing_table_find(&t->rules, &im->arena, a->local,
	    a->domain, rules, SIGNERS_PICKS_MAX, &n) != STATUS_OK) {
		return (STR_NONE);
	}
	for (i = 0; i < n; i++) {
		key = rules[i]->key != NULL ? rules[i]->key :
		    strmap_get(&t->keys.names, a->domain);
		text = arena_printf(&im->arena, "%.*s%sd=%.*s s=%.*s",
		    STR_FMT(text), text.n > 0 ? ", " : "", STR_FMT(key ==
		    NULL || key->domain.n == 0 ? a->domain : key->domain),
		    STR_FMT(key == NULL ? STR("?") : key->selector));
	}
	return (text);
}

static bool
lists_domain(const struct import_list *list, struct str domain)
{
	char text[256];

	if (domain.n >= sizeof(text)) {
		return (false);
	}
	memcpy(text, domain.p, domain.n);
	text[domain.n] = '\0';
	return (has_text(list, text));
}

static struct str
meant_by_domain(struct import *im, const struct author *a)
{
	struct str domain = a->domain;
	struct import_list list;
	const char *why;
	bool found;

	if (import_dkim(im, "Domain") == NULL ||
	    import_dkim(im, "Selector") == NULL ||
	    import_dkim(im, "KeyFile") == NULL ||
	    !import_list_read(im, import_dkim(im, "Domain"), &list, &why)) {
		return (STR_NONE);
	}
	found = lists_domain(&list, domain) || has_text(&list, "*");
	while (!found && domain.n > 0 &&
	    import_is_set(im, IMPORT_OPENDKIM, "SubDomains")) {
		domain = str_from_offset(domain, str_find(domain, '.') + 1);
		found = domain.n > 0 && lists_domain(&list, domain);
	}
	if (!found) {
		return (STR_NONE);
	}
	if (domain_normalize(&im->arena, domain, &domain) != STATUS_OK) {
		return (STR_NONE);
	}
	return (arena_printf(&im->arena, "d=%.*s s=%.*s", STR_FMT(domain),
	    STR_FMT(import_dkim(im, "Selector")->value)));
}

struct sender {
	const char	*name;
	const char	*ip;
	const char	*auth;
	const char	*daemon;
	bool		 ours;		/* by the old files */
	bool		 peer;
};

/* pattern: of a SigningTable, or a domain. */
static struct str
author_of(struct import *im, struct str pattern)
{
	struct str rest = pattern, text = STR_NONE, part;
	const char *joint = "";

	while (str_next(&rest, '*', &part)) {
		text = arena_printf(&im->arena, "%.*s%s%.*s", STR_FMT(text),
		    joint, STR_FMT(part));
		joint = "any";
	}
	if (str_find(text, '@') == text.n) {
		text = arena_printf(&im->arena, "joe@%s%.*s",
		    text.n > 0 && text.p[0] == '.' ? "sub" : "",
		    STR_FMT(text));
	}
	part = str_from_offset(text, str_find(text, '@') + 1);
	return (str_find(part, '.') < part.n ? text : STR_NONE);
}

/* What OpenDKIM does with mail that it does not sign, and so verifies. */
static const char *
meaning_unsigned(const struct import *im)
{
	enum import_action action = import_old_action(im, "On-NoSignature");

	return (action == ACT_ACCEPT ? "not signed" :
	    import_action_name(action));
}

static bool
is_left_alone(struct import *im, const struct author *a,
    const struct sender *s)
{
	struct import_list exempt;
	const struct import_given *given = import_dkim(im, "ExemptDomains");
	const char *why;

	return (s->peer || (given != NULL && import_list_read(im, given,
	    &exempt, &why) && lists_domain(&exempt, a->domain)));
}

static const char *
meaning_for(struct import *im, const struct author *a,
    const struct sender *s)
{
	struct str text;

	if (is_left_alone(im, a, s)) {
		return (IMPORT_LEFT_ALONE);
	}
	if (!s->ours) {
		return (meaning_unsigned(im));
	}
	/* Mode v leaves alone what Mode s would sign. */
	if (a->meant.n > 0 && !im->old_sign) {
		return ("not signed");
	}
	if (a->meant.n == 0) {
		return (im->signed_before && !im->signs ?
		    "signed, if the table has it" : meaning_unsigned(im));
	}
	text = arena_printf(&im->arena, "signed %.*s", STR_FMT(a->meant));
	return (text.p != NULL ? text.p : "");
}

static void
add_author(struct import *im, struct import_cases *cases,
    const struct old_tables *tables, struct str address,
    const struct sender *senders, size_t n)
{
	size_t at = str_find(address, '@'), i;
	struct author a = { .address = address,
		.local = str_first(address, at),
		.domain = str_from_offset(address, at + 1) };

	if (address.n == 0 || cases->authors++ >= IMPORT_MAX_AUTHORS) {
		return;
	}
	a.meant = import_dkim(im, "SigningTable") != NULL ?
	    meant_by_table(im, &a, tables) : meant_by_domain(im, &a);
	for (i = 0; i < n; i++) {
		struct import_case *c = add_case(cases);

		*c = (struct import_case){ .what = address,
			.sender = senders[i].name, .ip = senders[i].ip,
			.auth = senders[i].auth, .daemon = senders[i].daemon,
			.text = arena_printf(&im->arena, "From: %.*s\n" TO
			    BODY, STR_FMT(address)),
			.before = meaning_for(im, &a, &senders[i]),
			.left_alone = is_left_alone(im, &a, &senders[i]),
			.signing = true };
	}
}

static size_t
list_senders(struct import *im, struct sender v[IMPORT_MAX_SENDERS])
{
	struct str mta = import_setting(im, "MTA"), item;
	const char *inside = sample_address(im, IMPORT_OPENDKIM,
	    "InternalHosts");
	const char *peer = sample_address(im, IMPORT_OPENDKIM, "PeerList");
	bool local = lists_address(im, IMPORT_OPENDKIM, "InternalHosts",
	    "127.0.0.1", true);
	size_t n = 0;

	v[n++] = (struct sender){ "a program here", NULL, NULL, NULL, local,
		false };
	v[n++] = (struct sender){ "127.0.0.1", "127.0.0.1", NULL, NULL,
		local, false };
	v[n++] = (struct sender){ "a login", OUTSIDE, "joe", NULL, true,
		false };
	if (inside != NULL) {
		v[n++] = (struct sender){ inside, inside, NULL, NULL,
			lists_address(im, IMPORT_OPENDKIM, "InternalHosts",
			inside, false), false };
	}
	if (peer != NULL) {
		v[n++] = (struct sender){ peer, peer, NULL, NULL, false,
			lists_address(im, IMPORT_OPENDKIM, "PeerList", peer,
			false) };
	}
	while (str_next(&mta, ',', &item) && n + 1 < IMPORT_MAX_SENDERS) {
		const char *name = arena_cstr(&im->arena,
		    str_trim_fws(item));

		v[n++] = (struct sender){ name, OUTSIDE, NULL, name, true,
			false };
	}
	v[n++] = (struct sender){ "outside", OUTSIDE, NULL, NULL,
		lists_address(im, IMPORT_OPENDKIM, "InternalHosts", OUTSIDE,
		false), false };
	return (n);
}

void
import_cases_signing(struct import *im, struct import_cases *cases,
    const struct old_tables *tables)
{
	const struct import_given *table = import_dkim(im, "SigningTable");
	const struct import_given *given = table != NULL ? table :
	    import_dkim(im, "Domain");
	bool subdomains = import_is_set(im, IMPORT_OPENDKIM, "SubDomains");
	struct sender senders[IMPORT_MAX_SENDERS];
	size_t i, n = list_senders(im, senders);
	struct import_list list;
	const char *why;

	if (given == NULL || !import_list_read(im, given, &list, &why)) {
		return;
	}
	for (i = 0; i < list.n; i++) {
		add_author(im, cases, tables, author_of(im, list.v[i].key),
		    senders, n);
		if (subdomains && import_dkim(im, "SigningTable") == NULL) {
			add_author(im, cases, tables, author_of(im,
			    arena_printf(&im->arena, ".%.*s",
			    STR_FMT(list.v[i].key))), senders, n);
		}
	}
	add_author(im, cases, tables, STR("joe@elsewhere.invalid"), senders,
	    n);
}

/* What becomes of unsigned mail that OpenDMARC handles as `judged`: OpenDKIM
   sees it first. */
static enum import_action
meaning_judged(const struct import *im, enum import_action judged)
{
	enum import_action action = import_old_action(im, "On-NoSignature");

	return (action == ACT_ACCEPT ||
	    (action == ACT_HOLD && judged == ACT_REJECT) ? judged : action);
}

/* ip NULL: from outside. */
static void
add_kind(struct import_cases *cases, const char *what, const char *ip,
    const char *auth, const char *text, enum import_action before)
{
	*add_case(cases) = (struct import_case){
		.what = str_from(what), .sender = auth != NULL ? "a login" :
		ip != NULL ? ip : "outside", .ip = ip != NULL ? ip : OUTSIDE,
		.auth = auth, .text = str_from(text),
		.before = import_action_name(before) };
}

static const char *
from_domain(struct import *im, const char *domain)
{
	return (arena_printf(&im->arena, "From: joe@%s\n" TO BODY,
	    domain).p);
}

/* A signature with the hash of another body, or by a key that is not there. */
static const char *
with_signature(struct import *im, const char *selector)
{
	return (arena_printf(&im->arena, "DKIM-Signature: v=1; "
	    "a=ed25519-sha256; c=relaxed/relaxed; d=plain.invalid; s=%s;\n"
	    " h=from; bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=;\n"
	    " b=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAA==\nFrom: joe@plain.invalid\n" TO
	    BODY, selector).p);
}

void
import_cases_judging(struct import *im, struct import_cases *cases)
{
	/* Whose mail OpenDMARC does not look at. */
	bool ignored = lists_address(im, IMPORT_OPENDMARC, "IgnoreHosts",
	    OUTSIDE, false);
	bool dmarc_headers = !ignored && dmarc_is(im, "RequiredHeaders");
	bool headers = dmarc_headers || (im->old_dkim &&
	    import_is_set(im, IMPORT_OPENDKIM, "RequiredHeaders"));
	bool rejects = im->rejects && !ignored;
	enum import_action refused = rejects ? ACT_REJECT : ACT_ACCEPT;
	const char *friendly = sample_address(im, IMPORT_OPENDMARC,
	    "IgnoreHosts");

	add_kind(cases, "fails DMARC under p=reject", NULL, NULL,
	    from_domain(im, "reject.invalid"), meaning_judged(im, refused));
	add_kind(cases, "fails DMARC under p=quarantine", NULL, NULL,
	    from_domain(im, "quarantine.invalid"), meaning_judged(im, rejects &&
	    dmarc_is(im, "HoldQuarantinedMessages") ? ACT_HOLD : ACT_ACCEPT));
	add_kind(cases, "fails DMARC under p=none", NULL, NULL,
	    from_domain(im, "none.invalid"), meaning_judged(im, ACT_ACCEPT));
	add_kind(cases, "a subdomain without a record, p=reject above it",
	    NULL, NULL, from_domain(im, "sub.reject.invalid"),
	    meaning_judged(im, import_get(im, IMPORT_OPENDMARC,
	    "PublicSuffixList") != NULL ? refused : ACT_ACCEPT));
	add_kind(cases, "a policy that cannot be fetched", NULL, NULL,
	    from_domain(im, "broken.invalid"), meaning_judged(im, ACT_ACCEPT));
	add_kind(cases, "fails DMARC under p=reject", OUTSIDE, "joe",
	    from_domain(im, "reject.invalid"), meaning_judged(im,
	    dmarc_is(im, "IgnoreAuthenticatedClients") ? ACT_ACCEPT :
	    refused));
	add_kind(cases, "fails DMARC under p=reject", "127.0.0.1", NULL,
	    from_domain(im, "reject.invalid"), meaning_judged(im,
	    im->rejects && !lists_address(im, IMPORT_OPENDMARC, "IgnoreHosts",
	    "127.0.0.1", true) ? ACT_REJECT : ACT_ACCEPT));
	if (friendly != NULL) {
		add_kind(cases, "fails DMARC under p=reject", friendly, NULL,
		    from_domain(im, "reject.invalid"), meaning_judged(im,
		    ACT_ACCEPT));
	}
	add_kind(cases, "no policy, no signature", NULL, NULL,
	    from_domain(im, "plain.invalid"), meaning_judged(im, ACT_ACCEPT));
	add_kind(cases, "an altered signature", NULL, NULL,
	    with_signature(im, "ed"), import_old_action(im,
	    "On-BadSignature"));
	add_kind(cases, "a signature without a key", NULL, NULL,
	    with_signature(im, "none"), import_old_action(im,
	    "On-KeyNotFound"));
	add_kind(cases, "two From fields", NULL, NULL,
	    "From: a@plain.invalid\nFrom: b@plain.invalid\n" TO BODY,
	    headers ? ACT_REJECT : import_old_action(im, "On-NoSignature"));
	add_kind(cases, "two From fields, the first under p=reject", NULL,
	    NULL, "From: a@reject.invalid\nFrom: b@plain.invalid\n" TO BODY,
	    headers ? ACT_REJECT : meaning_judged(im, refused));
	add_kind(cases, "no From field", NULL, NULL, TO BODY,
	    dmarc_headers ? ACT_REJECT : ACT_ACCEPT);
	add_kind(cases, "no Date field", NULL, NULL,
	    "From: a@plain.invalid\nTo: you@here.invalid\nSubject: x\n" BODY,
	    headers ? ACT_REJECT : import_old_action(im, "On-NoSignature"));
}
