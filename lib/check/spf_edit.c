/* SPDX-License-Identifier: BSD-2-Clause */
/* Changed SPF records, to be pasted: the rest of a record stays as it is, and
   the result is valid. */
#include "check/private.h"
#include "spf/record.h"

bool
check_spf_is_all(struct str term)
{
	if (term.n > 0 && strchr("+-~?", term.p[0]) != NULL) {
		term = str_from_offset(term, 1);
	}
	return (str_eq_ci(term, STR("all")));
}

bool
check_spf_is_valid(struct check *c, struct str text)
{
	struct spf_record record;
	bool valid;

	if (spf_record_parse(text, &record) != STATUS_OK) {
		c->status = STATUS_NOMEM;
		return (false);
	}
	valid = record.error == NULL;
	spf_record_fini(&record);
	return (valid);
}

static bool
has_all(struct str record)
{
	struct str term;

	while (str_next(&record, ' ', &term)) {
		if (check_spf_is_all(term)) {
			return (true);
		}
	}
	return (false);
}

bool
check_spf_has(struct str record, struct str term)
{
	struct str rest = record, one;

	while (str_next(&rest, ' ', &one)) {
		if (str_eq_ci(one, term)) {
			return (true);
		}
	}
	return (false);
}

/* Behind the term, an address that it names is not reached: by "all", by
   redirect, or by what does not pass (RFC 7208 4.6.2). */
static bool
is_barrier(struct str term)
{
	return (check_spf_is_all(term) || (term.n > 0 &&
	    strchr("-~?", term.p[0]) != NULL) ||
	    str_starts_ci(term, STR("redirect=")));
}

/* Copies the terms of the record, with a change at the term, or before the
   first barrier. */
static struct str
copy_terms(struct check *c, struct str record, struct str replaced,
    struct str by, bool before_all)
{
	struct str rest = record, term, r = STR_NONE;
	bool done = false;
	struct buf out;

	buf_init(&out, CHECK_QUOTE_MAX_BYTES);
	while (str_next(&rest, ' ', &term)) {
		if (term.n == 0) {
			continue;
		}
		if (!done && by.p != NULL && (before_all ?
		    is_barrier(term) : str_eq(term, replaced))) {
			buf_printf(&out, " %.*s", STR_FMT(by));
			done = true;
			if (!before_all) {
				continue;
			}
		} else if (!before_all && str_eq(term, replaced)) {
			continue;
		}
		buf_printf(&out, "%s%.*s", out.n > 0 ? " " : "",
		    STR_FMT(term));
	}
	if (before_all && !done) {
		buf_printf(&out, " %.*s", STR_FMT(by));
	}
	/* A record too long for one line is not offered, nor an invalid one. */
	if (out.status == STATUS_OK && check_spf_is_valid(c, buf_str(&out))) {
		r = check_text(c, "%.*s", STR_FMT(buf_str(&out)));
	} else if (out.status == STATUS_NOMEM) {
		c->status = STATUS_NOMEM;
	}
	buf_fini(&out);
	return (r);
}

struct str
check_spf_replace(struct check *c, struct str domain, struct str record,
    struct str term, struct str by)
{
	bool own = str_eq(domain, c->facts.spf_domain), ends;
	struct str r;

	if (record.p == NULL || term.n == 0) {
		return (STR_NONE);
	}
	record = own ? c->facts.spf_fixed : record;
	/* A record that only leads elsewhere would end without "all", and name
	   nobody. */
	ends = by.p == NULL && str_starts_ci(term, STR("redirect=")) &&
	    !has_all(record);
	by = ends ? STR("~all") : by.p != NULL && check_spf_has(record, by) ?
	    STR_NONE : by;
	r = copy_terms(c, record, term, by, false);
	if (own || ends) {
		r = check_spf_complete(c, domain, r, ends);
	}
	if (own && r.p != NULL) {
		c->facts.spf_fixed = r;
	}
	return (r);
}

struct str
check_spf_add(struct check *c, struct str record, const struct ip_addr *ip)
{
	char text[WANTED_TERM_BYTES];

	wanted_spf_term(ip, text);
	return (copy_terms(c, record, STR_NONE, str_from(text), true));
}

struct str
check_spf_reorder(struct check *c, struct str domain, struct str record)
{
	struct str r;

	if (!str_eq(domain, c->facts.spf_domain)) {
		return (check_spf_mended(c, domain, record));
	}
	r = check_spf_mended(c, domain, c->facts.spf_fixed);
	c->facts.spf_fixed = r.p != NULL ? r : c->facts.spf_fixed;
	return (r);
}

struct str
check_spf_insert(struct check *c, const struct ip_addr *ip)
{
	struct str r;

	/* Another fix may have seen to it. */
	if (check_spf_covers(c, c->facts.spf_domain, c->facts.spf_fixed, ip)) {
		return (c->facts.spf_fixed);
	}
	r = check_spf_add(c, c->facts.spf_fixed, ip);
	c->facts.spf_fixed = r.p != NULL ? r : c->facts.spf_fixed;
	return (r);
}

void
check_spf_wanted(struct check *c, struct check_finding *f, struct str domain)
{
	struct wanted_about about = check_about(c);

	about.domain = domain;
	about.parked = false;
	check_fix_wanted(c, f, WANTED_SPF, &about);
}
