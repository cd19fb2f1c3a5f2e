/* SPDX-License-Identifier: BSD-2-Clause */
/* What a policy costs at most, against what the evaluation does. */
#include "spf/survey.h"
#include "test/unit/spf_lab.h"

#define T(name, text)	name " TXT \"" text "\"\n"

static const struct {
	const char	*name;
	const char	*zone;
	const char	*ip;		/* NULL: unknown */
	unsigned	 terms;
	unsigned	 voids;
	int		 problem;	/* the only one; -1: none */
	size_t		 visits;
} rows[] = {
	{ "no terms", T("t.example.", "v=spf1 -all"), NULL, 0, 0, -1, 1 },
	{ "each kind of term", T("t.example.", "v=spf1 ip4:192.0.2.9 "
	    "a:x.example mx:x.example ptr exists:x.example ip6:::1 -all")
	    "x.example. A 192.0.2.8\nx.example. MX 1 x.example.\n", NULL, 4,
	    0, -1, 1 },
	{ "an include and what it includes", T("t.example.",
	    "v=spf1 include:i.example -all") T("i.example.",
	    "v=spf1 a:x.example include:j.example ~all") T("j.example.",
	    "v=spf1 a:x.example") "x.example. A 192.0.2.8\n", NULL, 4, 0, -1,
	    3 },
	{ "redirect", T("t.example.", "v=spf1 redirect=i.example")
	    T("i.example.", "v=spf1 -all"), NULL, 1, 0, -1, 2 },
	{ "redirect beside all", T("t.example.",
	    "v=spf1 -all redirect=i.example"), NULL, 0, 0, -1, 1 },
	{ "terms after all", T("t.example.", "v=spf1 -all a mx"), NULL, 0, 0,
	    -1, 1 },
	{ "%{p} counts twice", T("t.example.", "v=spf1 a:%{p}.example -all"),
	    "192.0.2.1", 2, 0, -1, 1 },
	{ "an unknown address is not followed", T("t.example.",
	    "v=spf1 exists:%{ir}.example include:%{i}.example -all"), NULL, 2,
	    0, -1, 1 },
	{ "a known address is", T("t.example.",
	    "v=spf1 exists:%{i}.x.example include:%{i}.example -all")
	    T("192.0.2.1.example.", "v=spf1 -all"), "192.0.2.1", 2, 1, -1,
	    2 },
	{ "macros that are known", T("t.example.",
	    "v=spf1 a:%{l}.%{o}.%{d} -all")
	    "postmaster.t.example.t.example. A 192.0.2.8\n", NULL, 1, 0, -1,
	    1 },
	{ "A and AAAA", T("t.example.", "v=spf1 a:x.example -all")
	    "x.example. A 192.0.2.8\n", "2001:db8::1", 1, 1, -1, 1 },
	{ "exists is A always", T("t.example.", "v=spf1 exists:x.example "
	    "-all") "x.example. A 192.0.2.8\n", "2001:db8::1", 1, 0, -1, 1 },
	{ "an address failed", T("t.example.", "v=spf1 a:x.example -all")
	    "x.example. SERVFAIL\n", NULL, 1, 0, SPF_PROBLEM_FAILED, 1 },
	{ "a record failed", T("t.example.", "v=spf1 include:x.example -all")
	    "x.example. TIMEOUT\n", NULL, 1, 0, SPF_PROBLEM_FAILED, 1 },
	{ "no record", T("t.example.", "v=spf1 include:x.example -all"), NULL,
	    1, 0, SPF_PROBLEM_NONE, 1 },
	{ "one label", T("t.example.", "v=spf1 include:%{d1} -all"), NULL, 1, 0,
	    SPF_PROBLEM_NONE, 1 },
	{ "broken", T("t.example.", "v=spf1 redirect=x.example")
	    T("x.example.", "v=spf1 +"), NULL, 1, 0, SPF_PROBLEM_BROKEN, 1 },
	{ "back to the start", T("t.example.", "v=spf1 include:i.example")
	    T("i.example.", "v=spf1 redirect=t.example"), NULL, 2, 0,
	    SPF_PROBLEM_LOOP, 2 },
	{ "the same include twice is no loop", T("t.example.",
	    "v=spf1 include:i.example include:i.example -all")
	    T("i.example.", "v=spf1 -all"), NULL, 2, 0, -1, 3 },
	{ "eleven MX names", T("t.example.", "v=spf1 mx:x.example -all")
	    "x.example. MX 1 a.\nx.example. MX 1 b.\nx.example. MX 1 c.\n"
	    "x.example. MX 1 d.\nx.example. MX 1 e.\nx.example. MX 1 f.\n"
	    "x.example. MX 1 g.\nx.example. MX 1 h.\nx.example. MX 1 i.\n"
	    "x.example. MX 1 j.\nx.example. MX 1 k.\n", NULL, 1, 0,
	    SPF_PROBLEM_MX_NAMES, 1 },
};

static const struct spf_survey *
survey(struct lab *lab, const char *ip_text)
{
	struct spf_survey_opts o = { .domain = STR("t.example") };
	const struct spf_survey *s = NULL;
	struct ip_addr ip;

	if (ip_text != NULL) {
		lab_must(ip_parse(str_from(ip_text), &ip), "address");
		o.ip = &ip;
	}
	lab_must(spf_survey(&lab->arena, &o, lab->batch, &s) == STATUS_OK,
	    "memory");
	return (s);
}

static void
check_row(size_t i)
{
	const struct spf_survey *s;
	struct lab lab;

	lab_init(&lab, str_from(rows[i].zone));
	s = survey(&lab, rows[i].ip);
	tap_num(s->terms, rows[i].terms, rows[i].name);
	tap_num(s->voids, rows[i].voids, "void lookups");
	tap_num((long long)s->problems_n, rows[i].problem != -1, "problems");
	tap_ok(rows[i].problem == -1 || (s->problems_n == 1 &&
	    s->problems[0].kind == (enum spf_problem_kind)rows[i].problem),
	    "its kind");
	tap_num((long long)s->visits_n, (long long)rows[i].visits, "records");
	tap_ok(!s->open && !s->truncated, "complete");
	lab_fini(&lab);
}

/* A client that nothing matches has permerror exactly if the survey counts
   more than the limit. */
static void
check_agreement(void)
{
	struct spf_opts opts = lab_opts("198.51.100.1", "h.example",
	    "me@t.example");
	unsigned own, included;
	struct spf_verdict v;
	struct buf zone;
	struct lab lab;
	unsigned i;

	for (own = 0; own <= 12; own += 2) {
		for (included = 0; included <= 12; included += 3) {
			buf_init(&zone, 1 << 16);
			buf_add_cstr(&zone, "x.example. A 192.0.2.8\n"
			    "t.example. TXT \"v=spf1 include:i.example");
			for (i = 0; i < own; i++) {
				buf_add_cstr(&zone, " a:x.example");
			}
			buf_add_cstr(&zone, " -all\"\ni.example. TXT \"v=spf1");
			for (i = 0; i < included; i++) {
				buf_add_cstr(&zone, " a:x.example");
			}
			buf_add_cstr(&zone, " -all\"\n");
			lab_init(&lab, buf_str(&zone));
			v = lab_check(&lab, &opts);
			i = survey(&lab, "198.51.100.1")->terms;
			tap_num(i, 1 + own + included, "so many terms");
			tap_ok((v.result == SPF_PERMERROR) == (i >
			    SPF_MAX_TERMS), "%u terms: %s", i,
			    spf_result_name(v.result));
			lab_fini(&lab);
			buf_fini(&zone);
		}
	}
}

/* A tree of includes without end, and a record of many. */
static void
check_limits(void)
{
	const struct spf_survey *s;
	struct buf zone;
	struct lab lab;
	int i;

	buf_init(&zone, 1 << 16);
	buf_add_cstr(&zone, "t.example. TXT \"v=spf1 include:0.t.example "
	    "-all\"\n");
	for (i = 0; i < 300; i++) {
		buf_printf(&zone, "%d.t.example. TXT \"v=spf1 "
		    "include:%d.t.example -all\"\n", i, i + 1);
	}
	lab_init(&lab, buf_str(&zone));
	s = survey(&lab, NULL);
	tap_ok(s->truncated && s->visits_n == SPF_SURVEY_MAX_RECORDS,
	    "a long chain ends");
	lab_fini(&lab);
	buf_reset(&zone);
	buf_add_cstr(&zone, "t.example. TXT \"v=spf1");
	for (i = 0; i < 900; i++) {
		buf_printf(&zone, " a:%d.example", i);
	}
	buf_add_cstr(&zone, "\"\n");
	lab_init(&lab, buf_str(&zone));
	s = survey(&lab, NULL);
	tap_ok(s->truncated && s->terms >= SPF_SURVEY_MAX_TERMS &&
	    dns_batch_count(lab.batch) <= 1 + SPF_SURVEY_MAX_TERMS,
	    "many terms end");
	lab_fini(&lab);
	buf_fini(&zone);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(i);
	}
	check_agreement();
	check_limits();
	return (tap_done());
}
