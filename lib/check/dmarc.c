/* SPDX-License-Identifier: BSD-2-Clause */
/* The DMARC policy (RFC 9989): which record applies, and where it stands. */
#include "check/private.h"

struct dmarc_texts {		/* what stands at _dmarc.D */
	size_t		 records;
	struct str	 record;	/* the first one */
	struct str	 near_miss;	/* the first text that is meant as one;
					   absent: none */
	struct str	 other;		/* the first text that is not */
};

/* Whether the text says "v=dmarc" in some form. */
static bool
is_meant_as_record(struct str text)
{
	struct str rest;
	size_t i, n;

	for (i = 0; i < text.n; i++) {
		if (char_lower(text.p[i]) != 'v') {
			continue;
		}
		n = i + 1;
		while (n < text.n && char_is_fws(text.p[n])) {
			n++;
		}
		if (n == text.n || text.p[n] != '=') {
			continue;
		}
		do {
			n++;
		} while (n < text.n && (char_is_fws(text.p[n]) ||
		    text.p[n] == '"' || text.p[n] == '\''));
		rest = str_from_offset(text, n);
		if (str_starts_ci(rest, STR("dmarc"))) {
			return (true);
		}
	}
	return (false);
}

static bool
is_record(struct str text)
{
	struct dmarc_record record;

	return (dmarc_record_parse(text, &record));
}

static void
read_texts(const struct dns_answer *txt, struct dmarc_texts *r)
{
	size_t i;

	*r = (struct dmarc_texts){ .records = 0 };
	for (i = 0; i < txt->n; i++) {
		struct str text = txt->v[i].data;

		if (is_record(text)) {
			r->record = r->records++ == 0 ? text : r->record;
		} else if (is_meant_as_record(text)) {
			r->near_miss = r->near_miss.p == NULL ? text :
			    r->near_miss;
		} else {
			r->other = r->other.p == NULL ? text : r->other;
		}
	}
}

static struct str
first_record(const struct dns_answer *txt)
{
	struct dmarc_texts texts;

	read_texts(txt, &texts);
	return (texts.record);
}

static void
fix_policy(struct check *c, struct check_finding *f)
{
	struct wanted_about about = check_about(c);

	check_fix_wanted(c, f, WANTED_DMARC, &about);
}

static void
fix_text(struct check *c, struct check_finding *f, struct str owner,
    struct str text)
{
	check_fix(f, WANTED_AT_DNS, owner, "TXT", check_dmarc_mended(c,
	    c->domain, text));
}

/* A record at a wrong name. True: there is one, and none at the right one. */
static bool
judge_misplaced(struct check *c, struct str owner, bool has_record)
{
	struct str twice = check_text(c, "_dmarc.%.*s.%.*s",
	    STR_FMT(c->domain), STR_FMT(c->domain));
	const struct dns_answer *apex, *doubled, *probe;
	struct str text, wrong = c->domain;
	struct check_finding *f;

	apex = check_ask(c, c->domain, DNS_TXT);
	doubled = check_ask(c, twice, DNS_TXT);
	probe = check_ask(c, check_text(c, "%.*s.%.*s", STR_FMT(c->probe),
	    STR_FMT(c->domain)), DNS_TXT);
	text = first_record(apex);
	if (text.p == NULL && !has_record && first_record(probe).p == NULL) {
		text = first_record(doubled);
		wrong = twice;
	}
	if (text.p == NULL) {
		return (false);
	}
	f = check_add(c, "dmarc.misplaced", has_record ? CHECK_INFO :
	    CHECK_ERROR, wrong, has_record ? "a copy of a DMARC record at "
	    "%.*s is ignored" : "the DMARC record is at %.*s, where no "
	    "receiver looks for it", CHECK_FMT(wrong));
	check_found(c, f, text);
	if (has_record) {
		check_fix_remove(f, wrong, "TXT", text);
	} else {
		fix_text(c, f, owner, text);
		check_fix_remove(f, wrong, "TXT", text);
	}
	return (!has_record);
}

static void
judge_texts(struct check *c, struct str owner, const struct dmarc_texts *texts)
{
	struct check_finding *f;

	if (texts->near_miss.p != NULL) {
		f = check_add(c, "dmarc.near-miss", texts->records > 0 ?
		    CHECK_WARN : CHECK_ERROR, owner, texts->records > 0 ?
		    "a text beside the DMARC record looks like one but is "
		    "not" : "the text at %.*s is not a DMARC record: it must "
		    "begin with \"v=DMARC1;\"", CHECK_FMT(owner));
		check_found(c, f, texts->near_miss);
		if (texts->records > 0) {
			check_fix_remove(f, owner, "TXT", texts->near_miss);
		} else {
			fix_text(c, f, owner, texts->near_miss);
		}
	}
	if (texts->other.p != NULL && texts->records > 0) {
		f = check_add(c, "dmarc.unrelated-txt", CHECK_INFO, owner,
		    "another TXT record beside the DMARC record; receivers "
		    "ignore it");
		check_found(c, f, texts->other);
	}
}

/* No record at the name, nor above. */
static void
judge_absence(struct check *c, struct str owner,
    const struct dmarc_verdict *v)
{
	struct check_finding *f;

	if (v->result == DMARC_TEMPERROR) {
		(void)check_add(c, "dmarc.lookup", CHECK_UNKNOWN, owner,
		    "whether a record above applies could not be found out: "
		    "a query failed");
		c->facts.dmarc_unknown = true;
		return;
	}
	f = check_add(c, "dmarc.missing", CHECK_ERROR, owner,
	    "%.*s has no DMARC record, nor has a domain above it",
	    CHECK_FMT(c->domain));
	fix_policy(c, f);
}

/* The record that applies, at the name itself or above it. */
static void
judge_policy(struct check *c, const struct dmarc_verdict *v, bool reported)
{
	struct check_policy policy = { .domain = v->policy_domain,
		.org = v->org_domain };
	const struct dns_answer *txt;

	txt = check_ask_below(c, "_dmarc", policy.domain, DNS_TXT,
	    &policy.owner);
	policy.text = first_record(txt);
	policy.inherited = !str_eq(policy.domain, c->domain);
	if (policy.text.p == NULL) {
		return;
	}
	check_record(c, policy.owner, "TXT", policy.text, txt->ttl_s);
	if (policy.inherited) {
		struct check_finding *f = check_add(c, "dmarc.inherited",
		    CHECK_INFO, policy.owner, "the record of %.*s applies%s",
		    CHECK_FMT(policy.domain), reported ? "" :
		    "; there is none at the domain itself");

		check_found(c, f, policy.text);
	}
	c->facts.dmarc_policy = v->policy;
	if (v->lowered) {
		/* t=y: what the record says, not what it does today. */
		c->facts.dmarc_policy = policy.inherited ? v->record->sp :
		    v->record->p;
	}
	check_dmarc_tags(c, &policy);
}

void
check_dmarc(struct check *c)
{
	const struct dmarc_verdict *v;
	const struct dns_answer *txt;
	struct dmarc_texts texts;
	struct check_finding *f;
	struct str owner;
	bool reported;
	size_t i;

	txt = check_ask_below(c, "_dmarc", c->domain, DNS_TXT, &owner);
	v = check_run_dmarc(c, c->domain, STR_NONE, STR_NONE);
	if (check_failed(txt)) {
		(void)check_add(c, "dmarc.lookup", CHECK_UNKNOWN, owner,
		    "%.*s could not be looked up: %s", CHECK_FMT(owner),
		    check_why(txt));
		c->facts.dmarc_unknown = true;
		return;
	}
	read_texts(txt, &texts);
	judge_texts(c, owner, &texts);
	reported = judge_misplaced(c, owner, texts.records > 0) ||
	    (texts.near_miss.p != NULL && texts.records == 0);
	if (texts.records > 1) {
		f = check_add(c, "dmarc.multiple", CHECK_ERROR, owner,
		    "there are %zu DMARC records; receivers use none of them",
		    texts.records);
		for (i = 0; i < txt->n; i++) {
			if (is_record(txt->v[i].data)) {
				check_found(c, f, txt->v[i].data);
			}
		}
		return;
	}
	if (v == NULL) {
		return;
	}
	if (v->record != NULL) {
		judge_policy(c, v, reported);
	} else if (!reported) {
		judge_absence(c, owner, v);
	}
}
