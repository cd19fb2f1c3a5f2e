/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a text that is meant as an SPF record should say: the version as it must
 * be, each term as it was meant, "all" at the end. Invariant: the result is
 * valid, leads to no record that is missing nor back to itself, lets everybody
 * send whom the text names, except by ptr, and never the whole world. If the
 * meaning of a term is not clear, there is no such record.
 */
#include "check/private.h"
#include "mail/domain.h"
#include "spf/record.h"

struct mender {
	struct check	*c;
	struct str	 domain;	/* where the record will be */
	struct buf	 out;
	struct str	 all;		/* the first one, or absent */
	struct str	 redirect;
	bool		 unclear;	/* a term is */
};

/* Names that stand for others; with ":" or "=" behind. */
static const struct alias {
	const char	*name;
	const char	*meant;		/* NULL: ip4 or ip6, by the address */
} aliases[] = {
	{ "ip4", NULL }, { "ip6", NULL }, { "ip", NULL }, { "ipv4", NULL },
	{ "ipv6", NULL }, { "includes", "include" }, { "include", "include" },
	{ "a", "a" }, { "mx", "mx" }, { "exists", "exists" }, { "ptr", "ptr" }
};

/* Only what can be part of a term; others become spaces, quotes nothing. */
static struct str
plain_text(struct check *c, struct str text)
{
	char *p = arena_alloc(&c->memory, text.n + 1);
	size_t i, n = 0;

	if (p == NULL) {
		c->status = STATUS_NOMEM;
		return (STR_NONE);
	}
	for (i = 0; i < text.n; i++) {
		char one = text.p[i];

		if (strchr("\"'`\\", one) != NULL && one != '\0') {
			continue;
		}
		p[n++] = (unsigned char)one <= ' ' || one == ',' ||
		    one == ';' || one == 0x7f ? ' ' : one;
	}
	return (str_mem(p, n));
}

/* Removes "v=spf1", in whatever form, from the first word. */
static struct str
cut_version(struct str word)
{
	size_t n = str_starts_ci(word, STR("v=spf")) ? strlen("v=spf") :
	    strlen("spf");

	while (n < word.n && (char_is_digit(word.p[n]) || word.p[n] == '.')) {
		n++;
	}
	return (str_from_offset(word, n));
}

static bool
is_void(const struct dns_answer *answer)
{
	return (answer->result == DNS_NODATA || answer->result ==
	    DNS_NXDOMAIN);
}

/* A name that leads to nothing now: it only counts as a void lookup. */
static bool
names_nobody(struct mender *m, const struct spf_term *term)
{
	struct str name = term->spec.text.p != NULL ? term->spec.text :
	    m->domain;

	if (str_find(name, '%') < name.n ||
	    domain_normalize(&m->c->memory, name, &name) != STATUS_OK) {
		return (false);
	}
	if (term->mechanism == SPF_MX) {
		return (is_void(check_ask(m->c, name, DNS_MX)));
	}
	return (is_void(check_ask(m->c, name, DNS_A)) &&
	    (term->mechanism == SPF_EXISTS || (term->mechanism == SPF_A &&
	    is_void(check_ask(m->c, name, DNS_AAAA)))));
}

/* Whether another record is taken in that is not there, or this one. */
static bool
leads_nowhere(struct mender *m, struct str name)
{
	const struct spf_policy *policy;
	const struct dns_answer *txt;

	if (str_find(name, '%') < name.n ||
	    domain_normalize(&m->c->memory, name, &name) != STATUS_OK) {
		return (false);
	}
	if (str_eq(name, m->domain)) {
		return (true);
	}
	txt = check_ask(m->c, name, DNS_TXT);
	policy = check_failed(txt) ? NULL : check_object(m->c, txt,
	    &spf_policy_parser);
	return (policy != NULL && policy->count == 0);
}

/* "ip4:0.0.0.0/0" is another way to write +all. */
static bool
names_everybody(const struct spf_term *term)
{
	bool v4 = term->mechanism != SPF_IP6 && term->bits4 == 0;
	bool v6 = term->mechanism != SPF_IP4 && term->bits6 == 0;

	return (term->result == SPF_PASS && (v4 || v6));
}

/* A private network, which no receiver sees, ptr, everybody, or names of
   nobody. */
static bool
is_idle(struct mender *m, const struct spf_term *term)
{
	switch (term->mechanism) {
	case SPF_IP4:
		return (names_everybody(term) || check_net_is_private(
		    term->octets, false, term->bits4));
	case SPF_IP6:
		return (names_everybody(term) || check_net_is_private(
		    term->octets, true, term->bits6));
	case SPF_PTR:
		return (true);
	case SPF_A:
	case SPF_MX:
		return (names_everybody(term) || names_nobody(m, term));
	case SPF_EXISTS:
		return (names_nobody(m, term));
	case SPF_INCLUDE:
		return (leads_nowhere(m, term->spec.text));
	case SPF_ALL:
		break;
	}
	return (false);
}

enum fate { TERM_KEPT, TERM_INVALID, TERM_IDLE };

static enum fate
judge_term(struct mender *m, struct str term)
{
	struct spf_record record;
	struct str text = check_text(m->c, "v=spf1 %.*s", STR_FMT(term));
	enum fate fate = TERM_KEPT;

	if (spf_record_parse(text, &record) != STATUS_OK) {
		m->c->status = STATUS_NOMEM;
		return (TERM_INVALID);
	}
	if (record.error != NULL) {
		fate = TERM_INVALID;
	} else if (record.n > 0 && is_idle(m, &record.v[0])) {
		fate = TERM_IDLE;
	}
	spf_record_fini(&record);
	return (fate);
}

struct str
check_spf_name(struct check *c, struct str term)
{
	struct str sign = str_first(term, term.n > 0 &&
	    strchr("+-~?", term.p[0]) != NULL), name, rest;
	size_t at = 0, i;
	struct ip_addr ip;

	term = str_from_offset(term, sign.n);
	if (ip_parse(str_first(term, str_find(term, '/')), &ip)) {
		return (check_text(c, "%.*s%s:%.*s", STR_FMT(sign),
		    ip.v6 ? "ip6" : "ip4", STR_FMT(term)));
	}
	while (at < term.n && term.p[at] != ':' && term.p[at] != '=') {
		at++;
	}
	name = str_first(term, at);
	rest = str_from_offset(term, at + 1);
	for (i = 0; at < term.n && i < sizeof(aliases) / sizeof(aliases[0]);
	    i++) {
		const struct alias *alias = &aliases[i];

		if (!str_eq_ci(name, str_from(alias->name))) {
			continue;
		}
		if (rest.n == 0) {
			return (check_text(c, "%.*s%.*s", STR_FMT(sign),
			    STR_FMT(name)));
		}
		return (check_text(c, "%.*s%s:%.*s", STR_FMT(sign),
		    alias->meant != NULL ? alias->meant :
		    str_find(rest, ':') < rest.n ? "ip6" : "ip4",
		    STR_FMT(rest)));
	}
	return (str_mem(term.p - sign.n, term.n + sign.n));
}

/* With the name as A-labels (RFC 7208 4.3), if that makes it a name. */
static struct str
ascii_term(struct mender *m, struct str term)
{
	size_t at = str_find(term, ':'), end, i;
	struct str name;

	for (i = 0; i < term.n && !((unsigned char)term.p[i] & 0x80); i++) {
		continue;
	}
	end = at + str_find(str_from_offset(term, at), '/');
	if (i == term.n || at == term.n || domain_normalize(&m->c->memory,
	    str_mem(term.p + at + 1, end - at - 1), &name) != STATUS_OK) {
		return (term);
	}
	return (check_text(m->c, "%.*s:%.*s%.*s", STR_FMT(str_first(term,
	    at)), STR_FMT(name), STR_FMT(str_from_offset(term, end))));
}

static void
take_term(struct mender *m, struct str term)
{
	enum fate fate;

	/* A full stop behind the term is one of a sentence. */
	if (term.n > 3 && check_spf_is_all(str_first(term, term.n - 1))) {
		term.n--;
	}
	if (check_spf_is_all(term)) {
		m->all = m->all.p == NULL ? term : m->all;
		return;
	}
	if (str_starts_ci(term, STR("redirect="))) {
		m->redirect = m->redirect.p == NULL ? term : m->redirect;
		return;
	}
	if (str_starts_ci(term, STR("v=spf1"))) {
		return;
	}
	if (check_spf_is_typo(term) || judge_term(m, term) == TERM_INVALID) {
		term = check_spf_name(m->c, term);
	}
	term = ascii_term(m, term);
	fate = judge_term(m, term);
	m->unclear = m->unclear || fate == TERM_INVALID;
	if (fate == TERM_KEPT) {
		buf_printf(&m->out, " %.*s", STR_FMT(term));
	}
}

/* "include: example.org" is one term. */
static void
take_terms(struct mender *m, struct str text)
{
	struct str rest = text, word, next;

	while (str_next(&rest, ' ', &word)) {
		while (word.n > 0 && (word.p[word.n - 1] == ':' ||
		    word.p[word.n - 1] == '=') && str_next(&rest, ' ',
		    &next)) {
			word = check_text(m->c, "%.*s%.*s", STR_FMT(word),
			    STR_FMT(next));
		}
		if (word.n > 0) {
			take_term(m, word);
		}
	}
}

static void
add_end(struct mender *m)
{
	if (m->all.p == NULL && m->redirect.p != NULL && !leads_nowhere(m,
	    str_from_offset(m->redirect, strlen("redirect=")))) {
		m->unclear = m->unclear || judge_term(m, m->redirect) ==
		    TERM_INVALID;
		buf_printf(&m->out, " %.*s", STR_FMT(m->redirect));
	} else {
		buf_printf(&m->out, " %call", m->all.n > 3 &&
		    m->all.p[0] == '-' ? '-' : '~');
	}
}

struct str
check_spf_mended(struct check *c, struct str domain, struct str text)
{
	struct mender m = { .c = c, .domain = domain };
	struct str words, first, r = STR_NONE;

	if (text.n > CHECK_QUOTE_MAX_BYTES) {
		return (STR_NONE);
	}
	words = str_trim_wsp(plain_text(c, check_plain(c, text)));
	if (words.n == 0) {
		return (STR_NONE);
	}
	buf_init(&m.out, CHECK_QUOTE_MAX_BYTES);
	buf_add_cstr(&m.out, "v=spf1");
	(void)str_next(&words, ' ', &first);
	first = cut_version(first);
	if (first.n > 0) {
		take_term(&m, first);
	}
	take_terms(&m, words);
	add_end(&m);
	if (m.out.status == STATUS_OK && !m.unclear) {
		r = check_spf_complete(c, domain, check_text(c, "%.*s",
		    STR_FMT(buf_str(&m.out))), false);
	} else if (m.out.status == STATUS_NOMEM) {
		c->status = STATUS_NOMEM;
	}
	buf_fini(&m.out);
	return (r);
}
