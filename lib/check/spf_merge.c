/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several SPF records as one (RFC 7208 4.5: with more than one, receivers use
 * none). Each term of each record is kept once, so that whom one of them passes
 * still passes, unless another one names him to fail. The records are taken in
 * the order of their texts: servers give them in any. "all" ends the result:
 * the most lenient of those that end the records, at most ~all. A redirect
 * becomes an include, since it would only apply without "all". Of exp= the
 * first one stays. The addresses that send are added.
 */
#include "check/private.h"
#include "spf/record.h"

struct merged {
	struct buf	out;
	struct str	exp;		/* or absent */
	size_t		all;		/* index into qualifiers */
};

static const char qualifiers[] = "-~";
#define SOFT	1		/* of these, ~ */

/* "-all" and so on; *all_r: which of the qualifiers. */
static bool
is_all(struct str term, size_t *all_r)
{
	char qualifier = '+';
	const char *at;

	if (term.n > 0 && strchr("+-~?", term.p[0]) != NULL) {
		qualifier = term.p[0];
		term = str_from_offset(term, 1);
	}
	at = strchr(qualifiers, qualifier);
	*all_r = at != NULL ? (size_t)(at - qualifiers) : SOFT;
	return (str_eq_ci(term, STR("all")));
}

/* "+" in front of a term means nothing. */
static struct str
plain_term(struct str term)
{
	return (str_starts(term, STR("+")) ? str_from_offset(term, 1) : term);
}

static void
add_once(struct merged *m, struct str term)
{
	if (!check_spf_has(buf_str(&m->out), term)) {
		buf_printf(&m->out, " %.*s", STR_FMT(term));
	}
}

/* True: nothing after the term matters. */
static bool
merge_term(struct check *c, struct merged *m, struct str term)
{
	size_t all;

	if (is_all(term, &all)) {
		m->all = all > m->all ? all : m->all;
		return (true);
	}
	if (str_starts_ci(term, STR("exp="))) {
		m->exp = m->exp.p == NULL ? term : m->exp;
	} else if (str_starts_ci(term, STR("redirect="))) {
		add_once(m, check_text(c, "include:%.*s",
		    STR_FMT(str_from_offset(term, strlen("redirect=")))));
	} else if (term.n > 0) {
		add_once(m, plain_term(term));
	}
	return (false);
}

static void
merge_record(struct check *c, struct merged *m, struct str record)
{
	struct str rest = str_from_offset(record, strlen("v=spf1")), term;

	while (str_next(&rest, ' ', &term)) {
		if (merge_term(c, m, term)) {
			return;
		}
	}
	/* Without "all", who is not named is neutral. */
	m->all = m->all > SOFT ? m->all : SOFT;
}

/* The index of the SPF record whose text comes next; n: there is none. Equal
   texts count once. */
static size_t
next_record(const struct dns_answer *txt, struct str before)
{
	size_t i, least = txt->n;

	for (i = 0; i < txt->n; i++) {
		struct str text = txt->v[i].data;

		if (spf_record_is(text) && (before.p == NULL ||
		    str_cmp(text, before) > 0) && (least == txt->n ||
		    str_cmp(text, txt->v[least].data) < 0)) {
			least = i;
		}
	}
	return (least);
}

/* A term that is invalid in one record would make all of them so. */
static struct str
valid_or_mended(struct check *c, struct str text)
{
	return (check_spf_is_valid(c, text) ? text :
	    check_spf_mended(c, c->domain, text));
}

struct str
check_spf_merged(struct check *c, const struct dns_answer *txt)
{
	struct merged m = { .exp = STR_NONE };
	char address[WANTED_TERM_BYTES];
	struct str r = STR_NONE;
	size_t i;

	buf_init(&m.out, CHECK_QUOTE_MAX_BYTES);
	buf_add_cstr(&m.out, "v=spf1");
	for (i = next_record(txt, STR_NONE); i < txt->n;
	    i = next_record(txt, txt->v[i].data)) {
		merge_record(c, &m, txt->v[i].data);
	}
	for (i = 0; i < c->opts.ips_n; i++) {
		if (check_ip_is_private(&c->opts.ips[i])) {
			continue;
		}
		wanted_spf_term(&c->opts.ips[i], address);
		add_once(&m, str_from(address));
	}
	buf_printf(&m.out, " %call%s%.*s", qualifiers[m.all], m.exp.n > 0 ?
	    " " : "", STR_FMT(m.exp));
	if (m.out.status == STATUS_OK) {
		r = valid_or_mended(c, check_text(c, "%.*s", STR_FMT(
		    buf_str(&m.out))));
	} else if (m.out.status == STATUS_NOMEM) {
		c->status = STATUS_NOMEM;
	}
	buf_fini(&m.out);
	return (r);
}
