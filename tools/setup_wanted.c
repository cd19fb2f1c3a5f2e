/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must be published: the fixes of mailseal check for errors at the
 * domain's own names, applied until it finds none. So what setup prints, check
 * calls right.
 */
#include "dkim/key.h"
#include "tools/setup.h"
#include "wanted/wanted.h"

#define ROUNDS	4		/* fixes that follow from fixes */

static struct setup_name *
find_name(struct setup *s, struct str owner)
{
	size_t i;

	for (i = 0; i < s->names_n; i++) {
		if (str_eq(s->names[i].owner, owner)) {
			return (&s->names[i]);
		}
	}
	return (NULL);
}

/* A policy that is there stays, whatever it says. */
static bool
has_no_policy(const char *check)
{
	static const char *const ids[] = { "dmarc.missing", "dmarc.near-miss",
		"dmarc.misplaced" };
	size_t i;

	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		if (strcmp(check, ids[i]) == 0) {
			return (true);
		}
	}
	return (false);
}

/* A relay's addresses are not known: its SPF terms are for its owner to
   tell. */
static bool
is_ours_to_fix(const struct setup *s, const struct check_finding *f,
    const struct check_fix *fix)
{
	return (f->severity == CHECK_ERROR && fix->where == WANTED_AT_DNS &&
	    !fix->remove && fix->value.p != NULL &&
	    strcmp(fix->type, "TXT") == 0 &&
	    (!str_starts(str_from(f->check), STR("dmarc.")) ||
	    has_no_policy(f->check)) && (!s->args->relay ||
	    !str_starts(str_from(f->check), STR("spf."))));
}

/* True: something new is wanted. */
static bool
take_fixes(struct setup *s, const struct check_report *report, bool *ok)
{
	const struct check_fix *fix;
	struct setup_name *name;
	bool news = false;
	size_t i, j;

	for (i = 0; i < report->n; i++) {
		for (j = 0; j < report->findings[i].fix_n; j++) {
			fix = &report->findings[i].fix[j];
			name = is_ours_to_fix(s, &report->findings[i], fix) ?
			    find_name(s, fix->owner) : NULL;
			if (name == NULL || (name->wanted.p != NULL &&
			    str_eq(name->wanted, fix->value))) {
				continue;
			}
			name->wanted = arena_dup(&s->arena, fix->value);
			*ok &= name->wanted.p != NULL;
			news = true;
		}
	}
	return (news);
}

/* The first policy is the one that was asked for. */
static bool
choose_policy(struct setup *s)
{
	const struct wanted_about about = { .domain = s->domain,
		.policy = s->args->policy, .rua = str_from(s->args->rua) };
	struct wanted_record record;
	size_t i;

	for (i = 0; i < s->names[1].found_n; i++) {
		if (setup_is_kind(1, s->names[1].found[i])) {
			return (true);
		}
	}
	if (s->names[1].wanted.p == NULL) {
		return (true);
	}
	if (wanted_make(&s->arena, WANTED_DMARC, &about, &record) !=
	    STATUS_OK) {
		return (false);
	}
	s->names[1].wanted = record.value;
	return (true);
}

static bool
has_term(struct str record, struct str term)
{
	struct str rest = record, one;

	while (str_next(&rest, ' ', &one)) {
		if (str_eq_ci(one, term)) {
			return (true);
		}
	}
	return (false);
}

/* Whether the new SPF record lacks a term of the old one that lets somebody
   send. */
static bool
loses_terms(struct setup *s, struct str old, struct str new)
{
	struct str rest = old, term;

	while (str_next(&rest, ' ', &term)) {
		if (term.n == 0 || strchr("-~?", term.p[0]) != NULL ||
		    str_starts_ci(term, STR("exp="))) {
			continue;
		}
		if (term.p[0] == '+') {
			term = str_from_offset(term, 1);
		}
		if (str_starts_ci(term, STR("redirect=")) &&
		    !has_term(new, term)) {
			term = setup_text(s, "include:%.*s", STR_FMT(
			    str_from_offset(term, strlen("redirect="))));
		}
		if (!has_term(new, term)) {
			return (true);
		}
	}
	return (false);
}

/* A usable key of others at our selector. */
static bool
is_foreign_key(const struct setup *s, size_t at, struct str text)
{
	struct dkim_key key;
	bool foreign;

	if (dkim_key_parse(text, &key) != STATUS_OK) {
		return (true);
	}
	foreign = key.result == DKIM_NONE && dkim_key_compare(&key,
	    s->keys[at - 2].private) == DKIM_KEY_OTHER;
	dkim_key_fini(&key);
	return (foreign);
}

static void
compare_old(struct setup *s, size_t at)
{
	struct setup_name *name = &s->names[at];
	size_t i;

	name->replaces = STR_NONE;
	name->replaces_n = 0;
	name->loses = false;
	for (i = 0; name->wanted.p != NULL && i < name->found_n; i++) {
		struct str old = name->found[i];

		if (!setup_is_kind(at, old)) {
			continue;
		}
		if (name->replaces_n++ == 0) {
			name->replaces = old;
		}
		name->loses |= at == 0 ? loses_terms(s, old, name->wanted) :
		    at == 1 || is_foreign_key(s, at, old);
	}
	name->loses |= name->replaces_n > 1;
}

bool
setup_wanted(struct setup *s)
{
	const struct check_report *report;
	bool ok = true, news = true;
	size_t i;

	for (i = 0; i < s->names_n; i++) {
		s->names[i].wanted = STR_NONE;
	}
	for (i = 0; i < ROUNDS && ok && news; i++) {
		report = setup_judge(s, true);
		if (report == NULL) {
			return (false);
		}
		news = take_fixes(s, report, &ok);
		ok = ok && choose_policy(s);
	}
	for (i = 0; i < s->names_n; i++) {
		compare_old(s, i);
	}
	if (!ok) {
		(void)cli_fail("out of memory");
	}
	return (ok);
}
