/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/domain.h"
#include "spf/evaluator.h"
#include "spf/survey.h"

struct surveyor {
	struct arena			*arena;
	struct dns_batch		*batch;
	const struct spf_survey_opts	*opts;
	struct spf_macro_values		 values;	/* domain changes */
	struct ip_addr			 ip;
	struct spf_survey		*survey;
	struct str			 term;		/* at which it is */
	enum status			 status;
};

/* An answer, or NULL if it is missing. */
static const struct dns_answer *
survey_ask(struct surveyor *s, struct str name, enum dns_type type)
{
	struct dns_query *query = dns_batch_add(s->batch, name, type);

	if (query == NULL) {
		s->status = STATUS_NOMEM;
		return (NULL);
	}
	if (!s->opts->given_up && !dns_query_is_answered(query)) {
		s->survey->open = true;
		return (NULL);
	}
	return (dns_query_answer(query));
}

static void
add_problem(struct surveyor *s, enum spf_problem_kind kind, struct str name,
    const struct spf_visit *from, const char *reason)
{
	struct spf_survey *survey = s->survey;

	if (survey->problems_n == SPF_SURVEY_MAX_PROBLEMS) {
		survey->truncated = true;
		return;
	}
	survey->problems[survey->problems_n++] = (struct spf_problem){
		.kind = kind, .name = name, .reason = reason,
		.owner = from != NULL ? from->domain : s->opts->domain,
		.record = from != NULL ? from->text : STR_NONE,
		.term = s->term };
}

/* The answer's records count as found; else the reason is noted. */
static bool
has_answer(struct surveyor *s, const struct dns_answer *answer,
    struct str name, const struct spf_visit *from)
{
	switch (answer->result) {
	case DNS_OK:
		return (true);
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		s->survey->voids++;
		s->survey->void_name = name;
		return (false);
	case DNS_SERVFAIL:
	case DNS_TIMEOUT:
		add_problem(s, SPF_PROBLEM_FAILED, name, from,
		    spf_error_reason(answer->result));
		return (false);
	case DNS_BADNAME:
		break;
	}
	return (false);
}

/* Whether a macro depends on what is not known. */
static bool
is_unknown(const struct surveyor *s, const struct spf_spec *spec)
{
	struct str text = spec->text;
	size_t i;
	char c;

	for (i = 0; i + 2 < text.n; i++) {
		if (text.p[i] != '%') {
			continue;
		}
		if (text.p[i + 1] != '{') {
			i++;
			continue;
		}
		c = char_lower(text.p[i + 2]);
		if (c == 'p' || (c == 'h' && s->opts->helo.n == 0) ||
		    (s->opts->ip == NULL && (c == 'i' || c == 'v'))) {
			return (true);
		}
	}
	return (false);
}

/* Counts a term; false: a limit of the survey is reached. */
static bool
count_term(struct surveyor *s, const struct spf_spec *spec)
{
	if (s->survey->terms >= SPF_SURVEY_MAX_TERMS) {
		s->survey->truncated = true;
		return (false);
	}
	s->survey->terms += (spec->uses & SPF_USES_NAME) != 0 ? 2 : 1;
	return (true);
}

static bool
find_target(struct surveyor *s, const struct spf_visit *visit,
    const struct spf_spec *spec, struct str *target_r)
{
	*target_r = visit->domain;
	if (spec->text.p == NULL) {
		return (true);
	}
	if (is_unknown(s, spec)) {
		return (false);
	}
	s->values.domain = visit->domain;
	s->status = spf_target_expand(s->arena, spec->text, &s->values,
	    target_r);
	return (s->status == STATUS_OK);
}

static bool
comes_back(const struct spf_visit *from, struct str domain)
{
	for (; from != NULL; from = from->from) {
		if (str_eq(from->domain, domain)) {
			return (true);
		}
	}
	return (false);
}

static struct str
record_text(const struct dns_answer *answer)
{
	size_t i;

	for (i = 0; i < answer->n; i++) {
		if (spf_record_is(answer->v[i].data)) {
			return (answer->v[i].data);
		}
	}
	return (STR_NONE);
}

/* The visit of the record at the domain; NULL: there is none. */
static struct spf_visit *
begin_visit(struct surveyor *s, const struct spf_visit *from,
    struct str domain)
{
	struct spf_survey *survey = s->survey;
	const struct spf_policy *policy;
	const struct dns_answer *answer;
	struct spf_visit *visit;

	if (comes_back(from, domain)) {
		add_problem(s, SPF_PROBLEM_LOOP, domain, from,
		    "it leads back to itself");
		return (NULL);
	}
	if (domain_labels(domain) < 2) {
		add_problem(s, SPF_PROBLEM_NONE, domain, from,
		    "not a mail domain");
		return (NULL);
	}
	if (survey->visits_n == SPF_SURVEY_MAX_RECORDS) {
		survey->truncated = true;
		return (NULL);
	}
	answer = survey_ask(s, domain, DNS_TXT);
	if (answer == NULL) {
		return (NULL);
	}
	if (answer->result == DNS_SERVFAIL || answer->result == DNS_TIMEOUT) {
		add_problem(s, SPF_PROBLEM_FAILED, domain, from,
		    spf_error_reason(answer->result));
		return (NULL);
	}
	policy = dns_answer_object(answer, &spf_policy_parser);
	if (policy == NULL) {
		s->status = STATUS_NOMEM;
		return (NULL);
	}
	if (policy->count != 1 || policy->record.error != NULL) {
		add_problem(s, policy->count == 0 ? SPF_PROBLEM_NONE :
		    SPF_PROBLEM_BROKEN, domain, from, policy->count == 0 ?
		    (answer->result == DNS_NXDOMAIN ? "no such domain" :
		    "no SPF record") : policy->count > 1 ?
		    "more than one SPF record" : policy->record.error);
		return (NULL);
	}
	visit = &survey->visits[survey->visits_n++];
	*visit = (struct spf_visit){ .from = from, .domain = domain,
		.text = record_text(answer), .record = &policy->record };
	return (visit);
}

static void	survey_record(struct surveyor *, struct spf_visit *);

static void
survey_mx(struct surveyor *s, const struct spf_visit *visit,
    struct str target)
{
	const struct dns_answer *answer = survey_ask(s, target, DNS_MX);

	if (answer != NULL && has_answer(s, answer, target, visit) &&
	    answer->n > SPF_MAX_MX_NAMES) {
		add_problem(s, SPF_PROBLEM_MX_NAMES, target, visit,
		    "too many MX names");
	}
}

static void
survey_include(struct surveyor *s, const struct spf_visit *visit,
    const struct spf_term *term, struct str target)
{
	struct spf_visit *next;

	if (target.p == NULL) {
		add_problem(s, SPF_PROBLEM_NONE, term->spec.text, visit,
		    "not a domain name");
		return;
	}
	next = begin_visit(s, visit, target);
	if (next != NULL) {
		next->passing = visit->passing && term->result == SPF_PASS;
		survey_record(s, next);
	}
}

/* The term "redirect=..." of the record. */
static struct str
find_redirect(struct str text)
{
	struct str term;

	while (str_next(&text, ' ', &term)) {
		if (str_starts_ci(term, STR("redirect="))) {
			return (term);
		}
	}
	return (STR_NONE);
}

static void
survey_redirect(struct surveyor *s, const struct spf_visit *visit)
{
	const struct spf_spec *spec = &visit->record->redirect;
	struct spf_visit *next;
	struct str target;

	s->term = find_redirect(visit->text);
	if (!count_term(s, spec) || !find_target(s, visit, spec, &target)) {
		return;
	}
	if (target.p == NULL) {
		add_problem(s, SPF_PROBLEM_NONE, spec->text, visit,
		    "not a domain name");
		return;
	}
	next = begin_visit(s, visit, target);
	if (next != NULL) {
		next->redirected = true;
		next->own = visit->own;
		next->passing = visit->passing;
		survey_record(s, next);
	}
}

static void
survey_term(struct surveyor *s, const struct spf_visit *visit,
    const struct spf_term *term)
{
	bool v6 = s->opts->ip != NULL && s->opts->ip->v6;
	const struct dns_answer *answer;
	struct str target;

	if (term->mechanism == SPF_IP4 || term->mechanism == SPF_IP6 ||
	    !count_term(s, &term->spec) || term->mechanism == SPF_PTR ||
	    !find_target(s, visit, &term->spec, &target)) {
		return;
	}
	if (term->mechanism == SPF_INCLUDE) {
		survey_include(s, visit, term, target);
	} else if (target.p == NULL) {
		return;		/* cannot match; no query */
	} else if (term->mechanism == SPF_MX) {
		survey_mx(s, visit, target);
	} else {
		answer = survey_ask(s, target, v6 &&
		    term->mechanism == SPF_A ? DNS_AAAA : DNS_A);
		if (answer != NULL) {
			(void)has_answer(s, answer, target, visit);
		}
	}
}

/* Includes nest no deeper than SPF_SURVEY_MAX_RECORDS. */
static void
survey_record(struct surveyor *s, struct spf_visit *visit)
{
	const struct spf_record *record = visit->record;
	unsigned before = s->survey->terms;
	bool ends = false;
	size_t i;

	for (i = 0; i < record->n && !ends && s->status == STATUS_OK; i++) {
		ends = record->v[i].mechanism == SPF_ALL;
		if (!ends) {
			s->term = record->v[i].text;
			survey_term(s, visit, &record->v[i]);
		}
	}
	if (!ends && record->redirect.text.p != NULL &&
	    s->status == STATUS_OK) {
		survey_redirect(s, visit);
	}
	visit->terms = s->survey->terms - before;
}

enum status
spf_survey(struct arena *arena, const struct spf_survey_opts *opts,
    struct dns_batch *batch, const struct spf_survey **r)
{
	struct spf_survey *survey = arena_alloc(arena, sizeof(*survey));
	struct surveyor s = { .arena = arena, .batch = batch, .opts = opts,
		.survey = survey };
	struct spf_visit *first;

	*r = survey;
	if (survey == NULL) {
		return (STATUS_NOMEM);
	}
	if (opts->ip != NULL) {
		s.ip = *opts->ip;
	}
	s.values = (struct spf_macro_values){ .local = STR("postmaster"),
		.sender_domain = opts->domain, .ip = &s.ip,
		.helo = opts->helo, .receiver = STR("unknown"),
		.name = STR("unknown"), .now_s = opts->now_s };
	s.values.sender = arena_printf(arena, "postmaster@%.*s",
	    STR_FMT(opts->domain));
	if (s.values.sender.p == NULL) {
		return (STATUS_NOMEM);
	}
	first = begin_visit(&s, NULL, opts->domain);
	if (first != NULL) {
		first->own = true;
		first->passing = true;
		survey_record(&s, first);
	}
	return (s.status);
}
