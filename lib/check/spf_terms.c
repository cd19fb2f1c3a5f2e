/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a record says, term by term. "all" is judged in the domain's own policy,
 * which redirects reach; +all also in records that it includes: their pass is
 * its pass. wide networks are the domain's own affair.
 */
#include "check/private.h"
#include "spf/survey.h"

/* Names of mechanisms that stand before "=" by mistake. */
static const char *const typos[] = {
	"ip4", "ip6", "a", "mx", "include", "exists", "ptr", "all", "ip",
	"ipv4", "ipv6"
};

static const struct wide_limits {
	unsigned	error;		/* shorter prefixes */
	unsigned	warn;
} wide_v4 = { 8, 16 }, wide_v6 = { 16, 32 };

bool
check_spf_is_typo(struct str term)
{
	size_t at = str_find(term, '='), i;

	for (i = 0; at < term.n && i < sizeof(typos) / sizeof(typos[0]);
	    i++) {
		if (str_eq_ci(str_first(term, at), str_from(typos[i]))) {
			return (true);
		}
	}
	return (false);
}

static void
fix_text(struct check *c, struct check_finding *f,
    const struct spf_visit *visit, struct str text)
{
	check_found(c, f, visit->text);
	check_fix(f, check_place(c, visit->domain), visit->domain, "TXT",
	    text);
}

static bool
has_all(const struct spf_record *record)
{
	size_t i;

	for (i = 0; i < record->n; i++) {
		if (record->v[i].mechanism == SPF_ALL) {
			return (true);
		}
	}
	return (false);
}

static void
judge_typo(struct check *c, const struct spf_visit *visit, struct str term)
{
	struct check_finding *f;
	struct str by;

	if (!check_spf_is_typo(term)) {
		return;
	}
	f = check_add(c, "spf.modifier-typo", CHECK_ERROR, visit->domain,
	    "\"%.*s\" has = in place of : and is ignored", CHECK_FMT(term));
	by = check_spf_name(c, term);
	if (str_starts_ci(term, STR("all="))) {
		by = has_all(visit->record) ? STR_NONE : STR("~all");
	}
	fix_text(c, f, visit, check_spf_replace(c, visit->domain,
	    visit->text, term, by));
}

/* Without the term. */
static void
fix_without(struct check *c, struct check_finding *f,
    const struct spf_visit *visit, struct str term)
{
	fix_text(c, f, visit, check_spf_replace(c, visit->domain,
	    visit->text, term, STR_NONE));
}

static void
judge_width(struct check *c, const struct spf_visit *visit,
    const struct spf_term *term, unsigned bits,
    const struct wide_limits *limits)
{
	if (bits >= limits->warn) {
		return;
	}
	(void)check_add(c, "spf.wide", bits < limits->error ? CHECK_ERROR :
	    CHECK_WARN, visit->domain, "%.*s lets a very large network send "
	    "as the domain", CHECK_FMT(term->text));
}

static void
judge_network(struct check *c, const struct spf_visit *visit,
    const struct spf_term *term)
{
	bool v6 = term->mechanism == SPF_IP6;

	if (check_net_is_private(term->octets, v6, v6 ? term->bits6 :
	    term->bits4)) {
		fix_without(c, check_add(c, "spf.private", CHECK_WARN,
		    visit->domain, "%.*s is a private address, which no "
		    "receiver sees", CHECK_FMT(term->text)), visit,
		    term->text);
	}
}

/* A term that can be reached. */
static void
judge_term(struct check *c, const struct spf_visit *visit,
    const struct spf_term *term)
{
	bool passes = term->result == SPF_PASS && visit->passing;
	bool own = visit->own && visit->from == NULL && passes;

	switch (term->mechanism) {
	case SPF_IP4:
	case SPF_IP6:
		if (passes) {
			judge_network(c, visit, term);
		}
		if (own && term->mechanism == SPF_IP4) {
			judge_width(c, visit, term, term->bits4, &wide_v4);
		} else if (own) {
			judge_width(c, visit, term, term->bits6, &wide_v6);
		}
		break;
	case SPF_A:
	case SPF_MX:
		if (own) {
			judge_width(c, visit, term, term->bits4, &wide_v4);
			judge_width(c, visit, term, term->bits6, &wide_v6);
		}
		break;
	case SPF_PTR:
		fix_without(c, check_add(c, "spf.ptr", CHECK_WARN,
		    visit->domain, "%.*s: ptr is slow and unreliable, and "
		    "must not be used", CHECK_FMT(term->text)), visit,
		    term->text);
		break;
	case SPF_ALL:
	case SPF_INCLUDE:
	case SPF_EXISTS:
		break;
	}
}

static void
judge_all(struct check *c, const struct spf_visit *visit,
    const struct spf_term *all, size_t before)
{
	struct check_finding *f;

	if (all->result == SPF_PASS && visit->passing) {
		f = check_add(c, "spf.all-pass", CHECK_ERROR, visit->domain,
		    "%.*s lets every host in the world send as the domain",
		    CHECK_FMT(all->text));
		check_found(c, f, visit->text);
		if (before == 0 && visit->own) {
			check_spf_wanted(c, f, visit->domain);
			return;
		}
		fix_text(c, f, visit, check_spf_replace(c, visit->domain,
		    visit->text, all->text, STR("~all")));
		return;
	}
	if (!visit->own) {
		return;
	}
	if (all->result == SPF_NEUTRAL) {
		f = check_add(c, "spf.all-neutral", CHECK_WARN,
		    visit->domain, "?all says nothing about other senders; "
		    "~all or -all does");
		fix_text(c, f, visit, check_spf_replace(c, visit->domain,
		    visit->text, all->text, STR("~all")));
	} else if (all->result == SPF_FAIL && before > 0) {
		(void)check_add(c, "spf.all-fail", CHECK_INFO, visit->domain,
		    "-all: some receivers refuse forwarded mail before they "
		    "look at DKIM; with DMARC ~all is as good");
	} else {
		(void)check_add(c, "spf.all-missing", CHECK_GOOD,
		    visit->domain, "the record ends in %.*s",
		    CHECK_FMT(all->text));
	}
}

/* "all" once, at the end. */
static void
fix_order(struct check *c, struct check_finding *f,
    const struct spf_visit *visit)
{
	fix_text(c, f, visit, check_spf_reorder(c, visit->domain,
	    visit->text));
}

static void
judge_end(struct check *c, const struct spf_visit *visit, size_t all)
{
	const struct spf_record *record = visit->record;
	struct check_finding *f;

	if (all == record->n) {
		if (record->redirect.text.p == NULL && visit->own) {
			f = check_add(c, "spf.all-missing", CHECK_WARN,
			    visit->domain, "the record ends without \"all\": "
			    "other senders are neutral");
			fix_order(c, f, visit);
		}
		return;
	}
	judge_all(c, visit, &record->v[all], all);
	if (all + 1 < record->n) {
		f = check_add(c, "spf.after-all", CHECK_WARN, visit->domain,
		    "%.*s and what follows come after \"all\" and are never "
		    "evaluated", CHECK_FMT(record->v[all + 1].text));
		fix_order(c, f, visit);
	}
	if (record->redirect.text.p != NULL) {
		f = check_add(c, "spf.redirect-ignored", CHECK_WARN,
		    visit->domain, "redirect=%.*s is ignored beside \"all\"",
		    CHECK_FMT(record->redirect.text));
		fix_order(c, f, visit);
	}
}

void
check_spf_terms(struct check *c, const struct spf_visit *visit)
{
	const struct spf_record *record = visit->record;
	struct str rest = visit->text, term;
	size_t i;

	(void)str_next(&rest, ' ', &term);
	while (str_next(&rest, ' ', &term)) {
		judge_typo(c, visit, term);
	}
	for (i = 0; i < record->n && record->v[i].mechanism != SPF_ALL; i++) {
		judge_term(c, visit, &record->v[i]);
	}
	judge_end(c, visit, i);
}
