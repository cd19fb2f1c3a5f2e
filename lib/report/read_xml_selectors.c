/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "mail/domain.h"
#include "report/read_xml_selectors.h"

static int
compare_selectors(const struct xml_selector *a, const struct xml_selector *b)
{
	int order = strcmp(a->v.selector, b->v.selector);

	return (order != 0 ? order : strcmp(a->v.domain, b->v.domain));
}

/* RB_GENERATE_STATIC needs an __unused that libbsd does not define. */
RB_GENERATE_INTERNAL(xml_selector_tree, xml_selector, node, compare_selectors,
    ATTR_UNUSED static)

void
xml_selectors_init(struct xml_selectors *s)
{
	RB_INIT(&s->tree);
	s->first = NULL;
	s->tail = &s->first;
	s->n = 0;
}

/* In lower case, without a dot at the end. False: not a name of the DNS. */
static bool
copy_name(char name_r[DOMAIN_MAX_BYTES + 1], struct str name)
{
	size_t i;

	if (name.n > 0 && name.p[name.n - 1] == '.') {
		name.n--;
	}
	if (name.n == 0 || name.n > DOMAIN_MAX_BYTES) {
		return (false);
	}
	for (i = 0; i < name.n; i++) {
		if (name.p[i] <= ' ' || name.p[i] > '~') {
			return (false);
		}
		name_r[i] = char_lower(name.p[i]);
	}
	name_r[i] = '\0';
	return (true);
}

/* NULL: no memory, or too many. */
static struct xml_selector *
add_selector(struct xml_selectors *s, struct arena *arena,
    const struct xml_selector *find)
{
	struct xml_selector *new;

	if (s->n == REPORT_SELECTORS_MAX) {
		return (NULL);
	}
	new = arena_alloc(arena, sizeof(*new));
	if (new == NULL) {
		return (NULL);
	}
	new->v.domain = arena_cstr(arena, str_from(find->v.domain));
	new->v.selector = arena_cstr(arena, str_from(find->v.selector));
	if (new->v.domain == NULL || new->v.selector == NULL) {
		return (NULL);
	}
	RB_INSERT(xml_selector_tree, &s->tree, new);
	*s->tail = &new->v;
	s->tail = &new->v.next;
	s->n++;
	return (new);
}

static bool
is_same_key(const struct xml_signature *a, const struct xml_signature *b)
{
	return (str_eq_ci(a->selector, b->selector) &&
	    str_eq_ci(a->domain, b->domain));
}

/* Whether another signature by its key counts for the record. */
static bool
is_repeated(const struct xml_signature *v, size_t n, size_t at)
{
	bool pass = v[at].result == REPORT_AUTH_PASS;
	size_t i;

	for (i = 0; i < n; i++) {
		bool other = v[i].result == REPORT_AUTH_PASS;

		if (i != at && is_same_key(&v[i], &v[at]) &&
		    (other != pass ? other : i < at)) {
			return (true);
		}
	}
	return (false);
}

void
xml_selectors_add(struct xml_selectors *s, struct arena *arena,
    const struct xml_signature *v, size_t n, int64_t count)
{
	char domain[DOMAIN_MAX_BYTES + 1], selector[DOMAIN_MAX_BYTES + 1];
	struct xml_selector find = { .v = { domain, selector, 0, 0, NULL } };
	struct xml_selector *found;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!copy_name(domain, v[i].domain) ||
		    !copy_name(selector, v[i].selector) ||
		    is_repeated(v, n, i)) {
			continue;
		}
		found = RB_FIND(xml_selector_tree, &s->tree, &find);
		if (found == NULL) {
			found = add_selector(s, arena, &find);
		}
		if (found == NULL) {
			continue;
		}
		if (v[i].result == REPORT_AUTH_PASS) {
			found->v.pass = report_sum(found->v.pass, count);
		} else {
			found->v.fail = report_sum(found->v.fail, count);
		}
	}
}
