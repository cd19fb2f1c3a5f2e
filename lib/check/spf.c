/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SPF record (RFC 7208). Whether it works is decided by the evaluation that
 * judges mail; what it costs at most, by the survey of the same module.
 */
#include "check/private.h"
#include "spf/survey.h"

#define MANY_TERMS	9	/* of SPF_MAX_TERMS */
#define LONG_RECORD	450	/* octets */

/* After white space and quotes; a quote may be a UTF-8 one, or escaped. */
static struct str
skip_quotes(struct str s)
{
	while (s.n > 0 && (char_is_fws(s.p[0]) || strchr("\"'\\`", s.p[0]) !=
	    NULL || (unsigned char)s.p[0] >= 0x80)) {
		s = str_from_offset(s, 1);
	}
	return (s);
}

/* A text that is meant as an SPF record and is none (RFC 7208 4.5). */
static bool
is_near_miss(struct str text)
{
	struct str s = skip_quotes(text);

	return (!spf_record_is(text) && (str_starts_ci(s, STR("v=spf")) ||
	    str_starts_ci(s, STR("spf1"))));
}

/* As the text was meant, so that nobody is lost whom it names; if that is not
   clear, a new record. */
static void
fix_record(struct check *c, struct check_finding *f, struct str domain,
    struct str text)
{
	struct str mended = check_spf_mended(c, domain, text);

	if (mended.p != NULL) {
		check_fix(f, WANTED_AT_DNS, domain, "TXT", mended);
	} else {
		check_spf_wanted(c, f, domain);
	}
}

static void
judge_near_misses(struct check *c, struct str domain,
    const struct dns_answer *txt, bool beside)
{
	struct check_finding *f;
	size_t i;

	for (i = 0; i < txt->n; i++) {
		if (!is_near_miss(txt->v[i].data)) {
			continue;
		}
		f = check_add(c, "spf.near-miss", beside ? CHECK_WARN :
		    CHECK_ERROR, domain, beside ? "a TXT record looks like "
		    "SPF but is not; receivers ignore it" :
		    "a TXT record is meant as SPF, but does not begin with "
		    "\"v=spf1\" and a space: there is no SPF record");
		check_found(c, f, txt->v[i].data);
		if (beside) {
			check_fix_remove(f, domain, "TXT", txt->v[i].data);
		} else {
			fix_record(c, f, domain, txt->v[i].data);
		}
		break;
	}
}

/* The record that leads there, without the term. */
static void
fix_problem(struct check *c, struct check_finding *f,
    const struct spf_problem *p)
{
	check_fix(f, check_place(c, p->owner), p->owner, "TXT",
	    check_spf_replace(c, p->owner, p->record, p->term, STR_NONE));
}

/* What is wrong with a name that the record leads to. */
static void
report_problem(struct check *c, const struct spf_problem *p)
{
	struct check_finding *f;
	const char *id;

	switch (p->kind) {
	case SPF_PROBLEM_LOOP:
		id = "spf.loop";
		f = check_add(c, id, CHECK_ERROR, p->name, "the record of "
		    "%.*s leads back to %.*s, from where it came: permerror",
		    CHECK_FMT(p->owner), CHECK_FMT(p->name));
		check_found(c, f, p->record);
		fix_problem(c, f, p);
		break;
	case SPF_PROBLEM_NONE:
		id = "spf.include-none";
		f = check_add(c, id, CHECK_ERROR, p->name, "the record of "
		    "%.*s includes %.*s, which has no SPF record (%s): "
		    "permerror", CHECK_FMT(p->owner), CHECK_FMT(p->name),
		    p->reason);
		check_found(c, f, p->record);
		fix_problem(c, f, p);
		break;
	case SPF_PROBLEM_BROKEN:
		(void)check_add(c, "spf.include-broken", CHECK_ERROR, p->name,
		    "%.*s, which the record of %.*s includes, is invalid: %s: "
		    "permerror", CHECK_FMT(p->name), CHECK_FMT(p->owner),
		    p->reason);
		break;
	case SPF_PROBLEM_MX_NAMES:
		(void)check_add(c, "spf.mx-limit", CHECK_ERROR, p->name,
		    "%.*s has more than %d MX hosts, so that mx is a "
		    "permerror; name the hosts with a: or ip4:",
		    CHECK_FMT(p->name), SPF_MAX_MX_NAMES);
		break;
	case SPF_PROBLEM_FAILED:
		(void)check_add(c, "spf.lookup", CHECK_UNKNOWN, p->name,
		    "%.*s, which the record of %.*s needs, could not be "
		    "looked up: %s", CHECK_FMT(p->name), CHECK_FMT(p->owner),
		    p->reason);
		c->facts.spf_unknown = true;
		return;
	}
	c->facts.spf_broken = true;
}

/* The same problem is found for each family. */
static bool
is_known(const struct spf_survey *earlier, const struct spf_problem *p)
{
	size_t i;

	for (i = 0; earlier != NULL && i < earlier->problems_n; i++) {
		if (earlier->problems[i].kind == p->kind &&
		    str_eq(earlier->problems[i].name, p->name)) {
			return (true);
		}
	}
	return (false);
}

static bool
has_problem(const struct spf_survey *s, enum spf_problem_kind kind)
{
	size_t i;

	for (i = 0; i < s->problems_n; i++) {
		if (s->problems[i].kind == kind) {
			return (true);
		}
	}
	return (false);
}

/* Whether a record lacks a term of another one. */
static bool
lacks_term(struct str record, struct str other)
{
	struct str term;

	while (str_next(&other, ' ', &term)) {
		if (term.n > 0 && !check_spf_has(record, term)) {
			return (true);
		}
	}
	return (false);
}

/* Without those of the domain's own record, if that names them. */
static void
fix_voids(struct check *c, struct check_finding *f, struct str domain)
{
	struct str before = c->facts.spf_fixed;
	struct str after = check_spf_reorder(c, domain, before);

	if (after.p != NULL && lacks_term(after, before)) {
		check_found(c, f, c->facts.spf_text);
		check_fix(f, WANTED_AT_DNS, domain, "TXT", after);
	}
}

static void
judge_cost(struct check *c, struct str domain, const struct spf_survey *worst,
    const struct spf_survey *most_void)
{
	struct check_finding *f;
	size_t i;

	if (!has_problem(worst, SPF_PROBLEM_LOOP)) {
		f = check_add(c, "spf.lookups", worst->terms > SPF_MAX_TERMS ?
		    CHECK_ERROR : worst->terms >= MANY_TERMS ? CHECK_WARN :
		    CHECK_GOOD, domain, worst->terms > SPF_MAX_TERMS ?
		    "%u%s DNS lookups; receivers stop at %d with permerror" :
		    "%u%s of %d DNS lookups", worst->terms, worst->truncated ?
		    " or more" : "", SPF_MAX_TERMS);
		for (i = 0; i < worst->visits_n; i++) {
			check_found(c, f, check_text(c, "%.*s: %u",
			    CHECK_FMT(worst->visits[i].domain),
			    worst->visits[i].terms));
		}
		c->facts.spf_broken |= worst->terms > SPF_MAX_TERMS;
	}
	if (most_void->voids > 0) {
		f = check_add(c, "spf.void", most_void->voids >
		    SPF_MAX_VOIDS ? CHECK_ERROR : CHECK_WARN, domain,
		    "%u of the names in the record lead to nothing (%.*s "
		    "...); with more than %d the result is permerror",
		    most_void->voids, CHECK_FMT(most_void->void_name),
		    SPF_MAX_VOIDS);
		fix_voids(c, f, domain);
		c->facts.spf_broken |= most_void->voids > SPF_MAX_VOIDS;
	}
}

/* Surveys the record for each address; reports the worst. */
static void
survey_record(struct check *c, struct str domain)
{
	const struct spf_survey *s, *first = NULL, *worst = NULL,
	    *most_void = NULL;
	struct spf_survey_opts o = { .domain = domain, .helo = c->opts.helo,
		.now_s = c->now_s, .given_up = c->given_up };
	size_t i = 0, j;

	do {
		o.ip = c->opts.ips_n > 0 ? &c->opts.ips[i] : NULL;
		if (spf_survey(&c->memory, &o, c->batch, &s) != STATUS_OK) {
			check_note_refusal(c);
			return;
		}
		c->open |= s->open;
		for (j = 0; j < s->problems_n; j++) {
			if (!is_known(first, &s->problems[j]) &&
			    !is_known(worst, &s->problems[j])) {
				report_problem(c, &s->problems[j]);
			}
		}
		first = first == NULL ? s : first;
		worst = worst == NULL || s->terms > worst->terms ? s : worst;
		most_void = most_void == NULL || s->voids > most_void->voids ?
		    s : most_void;
	} while (++i < c->opts.ips_n);
	judge_cost(c, domain, worst, most_void);
	for (j = 0; j < first->visits_n; j++) {
		check_spf_terms(c, &first->visits[j]);
	}
}

/* What the evaluation says of an address. */
static void
judge_sender(struct check *c, struct str domain, const struct ip_addr *ip)
{
	struct str text = check_ip_str(c, ip);
	struct spf_opts o = { .identity = SPF_MAILFROM, .ip = *ip,
		.helo = c->opts.helo, .now_s = c->now_s };
	struct check_finding *f;
	struct spf_verdict v;

	o.mail_from = check_text(c, "postmaster@%.*s", STR_FMT(domain));
	check_run_spf(c, &o, &v);
	switch (v.result) {
	case SPF_PASS:
		(void)check_add(c, "spf.sender", CHECK_GOOD, text,
		    "SPF passes %.*s by %.*s", CHECK_FMT(text),
		    CHECK_FMT(v.mechanism));
		return;
	case SPF_TEMPERROR:
		if (!c->facts.spf_unknown) {
			(void)check_add(c, "spf.lookup", CHECK_UNKNOWN, text,
			    "SPF could not be evaluated for %.*s: %s (%.*s)",
			    CHECK_FMT(text), v.reason != NULL ? v.reason :
			    "DNS failed", CHECK_FMT(v.problem));
		}
		return;
	case SPF_NONE:
		return;
	case SPF_PERMERROR:
	case SPF_FAIL:
	case SPF_SOFTFAIL:
	case SPF_NEUTRAL:
		break;
	}
	if (c->facts.spf_broken || c->facts.spf_unknown) {
		return;
	}
	f = check_add(c, "spf.sender", CHECK_ERROR, text,
	    "SPF gives %s for %.*s, which sends for %.*s",
	    spf_result_name(v.result), CHECK_FMT(text), CHECK_FMT(domain));
	if (c->facts.spf_text.p != NULL && !check_ip_is_private(ip)) {
		check_found(c, f, c->facts.spf_text);
		check_fix(f, WANTED_AT_DNS, domain, "TXT",
		    check_spf_insert(c, ip));
	}
}

/* "v=spf1 -all" alone: the domain sends nothing. */
static bool
is_parked(const struct check *c, const struct spf_record *record)
{
	return (c->opts.ips_n == 0 && c->opts.selectors_n == 0 &&
	    record->n == 1 && record->v[0].mechanism == SPF_ALL &&
	    record->v[0].result == SPF_FAIL);
}

static void
judge_record(struct check *c, struct str domain, struct str text,
    const struct spf_record *record)
{
	struct check_finding *f;

	if (record->error != NULL) {
		f = check_add(c, "spf.syntax", CHECK_ERROR, domain,
		    "the SPF record is invalid: %s: %.*s", record->error,
		    CHECK_FMT(record->problem));
		check_found(c, f, text);
		check_fix(f, WANTED_AT_DNS, domain, "TXT", check_spf_mended(c,
		    domain, text));
		c->facts.spf_broken = true;
		return;
	}
	c->facts.spf_domain = domain;
	c->facts.spf_text = text;
	c->facts.spf_fixed = text;
	if (str_eq(domain, c->domain)) {
		c->facts.parked = is_parked(c, record);
	}
	if (text.n > LONG_RECORD) {
		(void)check_add(c, "spf.size", CHECK_INFO, domain,
		    "the SPF record has %zu octets; above %d an answer may "
		    "not fit into one UDP packet", text.n, LONG_RECORD);
	}
	survey_record(c, domain);
}

/* The record of a domain; false: there is not one alone. */
static bool
find_record(struct check *c, struct str domain, const struct dns_answer *txt,
    const struct spf_policy *policy, struct str *text_r)
{
	struct check_finding *f = NULL;
	size_t i;

	judge_near_misses(c, domain, txt, policy->count > 0);
	if (policy->count > 1) {
		f = check_add(c, "spf.multiple", CHECK_ERROR, domain,
		    "there are %zu SPF records; receivers use none of them "
		    "(permerror). Merge them into one", policy->count);
		check_fix(f, WANTED_AT_DNS, domain, "TXT",
		    check_spf_merged(c, txt));
		c->facts.spf_broken = true;
	}
	for (i = 0; i < txt->n; i++) {
		if (!spf_record_is(txt->v[i].data)) {
			continue;
		}
		*text_r = txt->v[i].data;
		check_record(c, domain, "TXT", *text_r, txt->ttl_s);
		if (f != NULL) {
			check_found(c, f, *text_r);
		}
	}
	return (policy->count == 1);
}

static bool
has_near_miss(const struct dns_answer *txt)
{
	size_t i;

	for (i = 0; i < txt->n; i++) {
		if (is_near_miss(txt->v[i].data)) {
			return (true);
		}
	}
	return (false);
}

static void
judge_domain(struct check *c, struct str domain)
{
	const struct dns_answer *txt = check_ask(c, domain, DNS_TXT);
	const struct spf_policy *policy;
	struct str text = STR_NONE;
	struct check_finding *f;

	if (check_failed(txt)) {
		(void)check_add(c, "spf.lookup", CHECK_UNKNOWN, domain,
		    "the TXT records of %.*s could not be looked up: %s",
		    CHECK_FMT(domain), check_why(txt));
		c->facts.spf_unknown = true;
		return;
	}
	policy = check_object(c, txt, &spf_policy_parser);
	if (policy == NULL) {
		return;
	}
	if (find_record(c, domain, txt, policy, &text)) {
		judge_record(c, domain, text, &policy->record);
	} else if (policy->count == 0 && !has_near_miss(txt)) {
		f = check_add(c, "spf.missing", CHECK_ERROR, domain,
		    "%.*s has no SPF record", CHECK_FMT(domain));
		check_spf_wanted(c, f, domain);
	}
}

void
check_spf(struct check *c)
{
	struct str sender = c->opts.mail_from.p != NULL ? c->opts.mail_from :
	    c->domain;
	size_t i;

	judge_domain(c, c->domain);
	if (!str_eq(sender, c->domain)) {
		judge_domain(c, sender);
	}
	for (i = 0; i < c->opts.ips_n; i++) {
		judge_sender(c, sender, &c->opts.ips[i]);
	}
}
