/* SPDX-License-Identifier: BSD-2-Clause */
/* find: finds the rules of a SigningTable that match an author. */
#include "signers/signers.h"
#include "signers/table.h"

struct search {
	const struct signing_table	*table;
	const struct table_rule		**v;
	size_t				 n;
	size_t				 max;
};

/* In the order of the search. */
static void
add_rule(struct search *s, const struct table_rule *rule)
{
	if (rule != NULL && s->n < s->max) {
		s->v[s->n++] = rule;
	}
}

/* In the order of lines; when full, the last one is dropped. */
static void
add_by_line(struct search *s, const struct table_rule *rule)
{
	size_t i;

	if (s->n == s->max && rule->line > s->v[s->n - 1]->line) {
		return;
	}
	i = s->n < s->max ? s->n++ : s->n - 1;
	for (; i > 0 && s->v[i - 1]->line > rule->line; i--) {
		s->v[i] = s->v[i - 1];
	}
	s->v[i] = rule;
}

static void
add_bucket(struct search *s, const struct table_rule *rule,
    struct str address)
{
	for (; rule != NULL; rule = rule->next) {
		if (s->n == s->max && rule->line > s->v[s->n - 1]->line) {
			return;
		}
		if (glob_match(rule->pattern, address)) {
			add_by_line(s, rule);
		}
	}
}

static const struct table_rule *
find_bucket(const struct search *s, struct str name)
{
	return (strmap_get(&s->table->buckets, name));
}

/* Advances to the next ".parent" of a domain; false after the last one. */
static bool
next_parent(struct str *rest)
{
	struct str below = str_from_offset(*rest, rest->p[0] == '.');

	*rest = str_from_offset(below, str_find(below, '.'));
	return (rest->n > 0);
}

static void
find_globs(struct search *s, struct str address, struct str domain)
{
	struct str parent = domain;

	add_bucket(s, find_bucket(s, address), address);
	add_bucket(s, find_bucket(s, domain), address);
	while (next_parent(&parent)) {
		add_bucket(s, find_bucket(s, parent), address);
	}
	add_bucket(s, s->table->loose, address);
}

/* name: "user@", followed by room for the domain. */
static struct str
with_user(char *name, size_t user_n, struct str domain)
{
	memcpy(name + user_n, domain.p, domain.n);
	return (str_mem(name, user_n + domain.n));
}

static void
find_names(struct search *s, char *name, size_t user_n, struct str domain)
{
	struct str parent = domain;

	add_rule(s, find_bucket(s, with_user(name, user_n, domain)));
	add_rule(s, find_bucket(s, domain));
	while (next_parent(&parent)) {
		add_rule(s, find_bucket(s, with_user(name, user_n, parent)));
		add_rule(s, find_bucket(s, parent));
	}
	add_rule(s, find_bucket(s, with_user(name, user_n, STR("*"))));
	add_rule(s, find_bucket(s, STR("*")));
}

enum status
signing_table_find(const struct signing_table *t, struct arena *arena,
    struct str local, struct str domain, const struct table_rule **v,
    size_t max, size_t *n_r)
{
	struct search s = { t, v, 0, t->multiple ? max : 1 };
	size_t i, user_n = local.n + 1;
	char *name;

	*n_r = 0;
	if (local.n > SIGNERS_LOCAL_MAX_BYTES || domain.n == 0) {
		return (STATUS_OK);
	}
	name = arena_alloc(arena, user_n + domain.n + 1);
	if (name == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < local.n; i++) {
		name[i] = char_lower(local.p[i]);
	}
	name[i] = '@';
	if (t->globs) {
		find_globs(&s, with_user(name, user_n, domain), domain);
	} else {
		find_names(&s, name, user_n, domain);
	}
	*n_r = s.n;
	return (STATUS_OK);
}
