/* SPDX-License-Identifier: BSD-2-Clause */
/* What the DMARC record that applies says (RFC 9989 4.7). */
#include "check/private.h"

#define MAX_TAGS	64	/* that are compared */

struct policy_tags {		/* values; absent: no such tag */
	struct str	v[DMARC_TAGS];
	struct str	pct;
	bool		historic;	/* rf, ri */
};

static void
note_tag(struct check *c, const struct check_policy *policy, const char *id,
    const char *what, struct str name)
{
	struct check_finding *f = check_add(c, id, CHECK_WARN, policy->owner,
	    "%s: %.*s", what, CHECK_FMT(name));

	check_found(c, f, policy->text);
}

/* A tag that the standard does not define, or not any more. */
static void
read_other(struct check *c, const struct check_policy *policy,
    struct policy_tags *tags, struct str name, struct str value)
{
	if (str_eq_ci(name, STR("pct"))) {
		tags->pct = tags->pct.p == NULL ? value : tags->pct;
	} else if (str_eq_ci(name, STR("rf")) || str_eq_ci(name, STR("ri"))) {
		tags->historic = true;
	} else {
		note_tag(c, policy, "dmarc.unknown-tag", "an unknown tag is "
		    "ignored", name.p != NULL ? name : value);
	}
}

static void
read_tags(struct check *c, const struct check_policy *policy,
    struct policy_tags *tags)
{
	struct str rest = policy->text, name, value, seen[MAX_TAGS];
	enum dmarc_tag tag;
	size_t n = 0;

	while (dmarc_tag_next(&rest, &name, &value)) {
		if (name.p != NULL && str_list_has_ci(seen, n, name)) {
			note_tag(c, policy, "dmarc.duplicate-tag",
			    "a tag occurs twice; the first one is used", name);
			continue;
		}
		if (name.p != NULL && n < MAX_TAGS) {
			seen[n++] = name;
		}
		tag = name.p != NULL ? dmarc_tag_find(name) : DMARC_TAGS;
		if (tag == DMARC_TAGS) {
			read_other(c, policy, tags, name, value);
		} else {
			tags->v[tag] = value;
		}
	}
}

static bool
is_bad(const struct policy_tags *tags, enum dmarc_tag tag)
{
	return (tags->v[tag].p != NULL &&
	    !dmarc_tag_is_valid(tag, tags->v[tag]));
}

static bool
has_value(const struct policy_tags *tags, enum dmarc_tag tag, const char *word)
{
	return (tags->v[tag].p != NULL &&
	    str_eq_ci(tags->v[tag], str_from(word)));
}

static void
judge_values(struct check *c, const struct check_policy *policy,
    const struct policy_tags *tags)
{
	static const struct {
		enum dmarc_tag	 tag;
		const char	*name;
	} rows[] = {
		{ DMARC_TAG_ADKIM, "adkim" }, { DMARC_TAG_ASPF, "aspf" },
		{ DMARC_TAG_T, "t" }, { DMARC_TAG_PSD, "psd" },
		{ DMARC_TAG_FO, "fo" }
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (is_bad(tags, rows[i].tag)) {
			note_tag(c, policy, "dmarc.tag-invalid",
			    "an invalid value is ignored",
			    check_text(c, "%s=%.*s", rows[i].name,
			    CHECK_FMT(tags->v[rows[i].tag])));
		}
	}
	if (has_value(tags, DMARC_TAG_T, "y")) {
		(void)check_add(c, "dmarc.testing", CHECK_INFO, policy->owner,
		    "t=y: a test; receivers apply the policy one step lower");
	}
	if (has_value(tags, DMARC_TAG_PSD, "y")) {
		(void)check_add(c, "dmarc.psd", CHECK_WARN, policy->owner,
		    "psd=y is for public suffixes such as co.uk only");
	}
	if (tags->pct.p != NULL && !str_eq(tags->pct, STR("100"))) {
		note_tag(c, policy, "dmarc.pct", "RFC 9989 has no pct; "
		    "receivers apply the policy to all mail, or by the old "
		    "rules to a part", tags->pct);
	} else if (tags->pct.p != NULL || tags->historic) {
		(void)check_add(c, "dmarc.historic", CHECK_INFO,
		    policy->owner, "pct, rf and ri have no meaning any more "
		    "(RFC 9989) and can be removed");
	}
}

/* False: p, sp or np is invalid, so that the policy is none. */
static bool
judge_keywords(struct check *c, const struct check_policy *policy,
    const struct policy_tags *tags)
{
	bool bad_p = is_bad(tags, DMARC_TAG_P);
	bool bad_sp = is_bad(tags, DMARC_TAG_SP);
	struct check_finding *f;

	if (tags->v[DMARC_TAG_P].p == NULL) {
		f = check_add(c, "dmarc.policy-missing", CHECK_WARN,
		    policy->owner, "there is no p=: taken as p=none by RFC "
		    "9989, as no record by older receivers");
		check_found(c, f, policy->text);
	}
	if (bad_p) {
		f = check_add(c, "dmarc.policy-invalid", CHECK_ERROR,
		    policy->owner, "p=%.*s is not none, quarantine or "
		    "reject; the record protects nothing",
		    CHECK_FMT(tags->v[DMARC_TAG_P]));
		check_found(c, f, policy->text);
	}
	if (bad_sp || is_bad(tags, DMARC_TAG_NP)) {
		f = check_add(c, "dmarc.subpolicy-invalid", CHECK_ERROR,
		    policy->owner, "%s=%.*s is not none, quarantine or "
		    "reject; this makes p= ineffective as well",
		    bad_sp ? "sp" : "np",
		    CHECK_FMT(tags->v[bad_sp ? DMARC_TAG_SP : DMARC_TAG_NP]));
		check_found(c, f, policy->text);
	}
	return (!bad_p && !bad_sp && !is_bad(tags, DMARC_TAG_NP));
}

/* What the policy does, with what is published about reports. */
static void
judge_effect(struct check *c, const struct check_policy *policy,
    const struct policy_tags *tags, size_t reports)
{
	enum dmarc_policy applies = c->facts.dmarc_policy;
	bool has_p = tags->v[DMARC_TAG_P].p != NULL;
	bool enforces = has_p && !has_value(tags, DMARC_TAG_P, "none");

	if (enforces && (has_value(tags, DMARC_TAG_SP, "none") ||
	    has_value(tags, DMARC_TAG_NP, "none"))) {
		(void)check_add(c, "dmarc.subpolicy-weak", CHECK_WARN,
		    policy->owner, "p= is enforced, but %s=none lets anyone "
		    "send as a subdomain", has_value(tags, DMARC_TAG_SP,
		    "none") ? "sp" : "np");
	}
	if (applies == DMARC_P_NONE && has_p) {
		(void)check_add(c, "dmarc.policy-none", reports > 0 ?
		    CHECK_INFO : CHECK_WARN, policy->owner, reports > 0 ?
		    "p=none only reports; go on to quarantine or reject when "
		    "the reports show that your own mail passes" :
		    "p=none without rua= does nothing: no mail is stopped, "
		    "and no reports come");
	} else if (applies != DMARC_P_NONE && tags->v[DMARC_TAG_RUA].p ==
	    NULL) {
		(void)check_add(c, "dmarc.rua-missing", CHECK_INFO,
		    policy->owner, "without rua= no report says what is "
		    "refused in your name");
	}
	if (c->facts.parked && applies != DMARC_P_REJECT) {
		(void)check_add(c, "dmarc.parked-policy", CHECK_WARN,
		    policy->owner, "the domain sends nothing; p=reject "
		    "publishes that");
	}
}

/* Whether another text of the record cures the finding: not if others decide,
   and not if reports to the domain itself would be lost. */
static bool
is_cured_by_text(struct check *c, const struct check_policy *policy,
    const struct check_finding *f)
{
	struct str id = str_from(f->check);
	bool failed;

	return (!str_eq(id, STR("dmarc.rua-unauthorised")) &&
	    !str_eq(id, STR("dmarc.rua-lookup")) &&
	    (!str_eq(id, STR("dmarc.policy-none")) ||
	    check_lost_mail(c, policy->domain, &failed) == NULL));
}

/* Findings that the record itself causes get the record as it should be. */
static void
fix_findings(struct check *c, const struct check_policy *policy, size_t first)
{
	enum wanted_place place = check_place(c, policy->domain);
	struct str mended = STR_NONE;
	size_t i;

	for (i = first; i < c->report.n; i++) {
		struct check_finding *f = &c->findings[i];

		if ((f->severity != CHECK_ERROR &&
		    f->severity != CHECK_WARN) ||
		    !is_cured_by_text(c, policy, f)) {
			continue;
		}
		if (mended.p == NULL) {
			mended = check_dmarc_mended(c, policy->domain,
			    policy->text);
		}
		if (f->found_n == 0) {
			check_found(c, f, policy->text);
		}
		if (!str_eq(mended, policy->text)) {
			check_fix(f, place, policy->owner, "TXT", mended);
		}
	}
}

void
check_dmarc_tags(struct check *c, const struct check_policy *policy)
{
	struct policy_tags tags = { .historic = false };
	size_t reports, before = c->report.counts[CHECK_ERROR];
	size_t first = c->report.n;
	bool valid;

	read_tags(c, policy, &tags);
	judge_values(c, policy, &tags);
	valid = judge_keywords(c, policy, &tags);
	reports = check_dmarc_rua(c, policy, tags.v[DMARC_TAG_RUA]);
	if (valid) {
		judge_effect(c, policy, &tags, reports);
	}
	fix_findings(c, policy, first);
	if (c->report.counts[CHECK_ERROR] == before) {
		(void)check_add(c, "dmarc.missing", CHECK_GOOD, policy->owner,
		    "the policy of %.*s is %s", CHECK_FMT(c->domain),
		    dmarc_policy_name(c->facts.dmarc_policy));
	}
}
