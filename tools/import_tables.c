/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports errors in the tables: warnings of the reader in lib/signers, rules
 * that are hidden, keys without a rule, and keys that cannot be loaded.
 */
#include <stdlib.h>

#include "conf/conf.h"
#include "signers/table.h"
#include "tools/import.h"

#define GLOBS_MAX	1000	/* compared with all later rules */

struct tables {
	struct import		*im;
	struct env		 env;		/* logs into the output */
	char			*key_path;
	char			*signing_path;
	bool			 patterns;
	struct key_table	 keys;
	struct signing_table	 rules;
};

static void
take_warning(void *ctx, enum log_level level ATTR_UNUSED, const char *line)
{
	struct tables *t = ctx;

	import_note(t->im, "%s", line);
}

/* Splits "file:PATH" or "refile:PATH", the results of import_value. */
static enum status
table_path(struct import *im, const char *name, char **path_r,
    bool *patterns_r)
{
	const struct import_given *given = import_get(im, name);
	const char *why;
	struct str value;
	enum status status;

	*path_r = NULL;
	if (given == NULL) {
		return (STATUS_OK);
	}
	status = import_value(im, given, &value, &why);
	if (status != STATUS_OK || value.p == NULL) {
		return (status);
	}
	*patterns_r = str_starts(value, STR("refile:"));
	*path_r = arena_cstr(&im->arena, str_from_offset(value,
	    str_find(value, ':') + 1));
	return (*path_r != NULL ? STATUS_OK : STATUS_NOMEM);
}

static int
by_line(const void *va, const void *vb)
{
	const struct table_rule *const *a = va, *const *b = vb;

	return ((*a)->line < (*b)->line ? -1 : (*a)->line > (*b)->line);
}

/* The rules sorted by line; NULL: out of memory. */
static const struct table_rule **
sorted_rules(struct tables *t, size_t *n_r)
{
	const struct table_rule **v, *rule;
	size_t i, n = 0;

	v = arena_calloc(&t->im->arena, t->rules.n, sizeof(*v));
	for (rule = t->rules.loose; v != NULL && rule != NULL &&
	    n < t->rules.n; rule = rule->next) {
		v[n++] = rule;
	}
	for (i = 0; v != NULL && i < strmap_count(&t->rules.buckets); i++) {
		for (rule = strmap_value(&t->rules.buckets, i);
		    rule != NULL && n < t->rules.n; rule = rule->next) {
			v[n++] = rule;
		}
	}
	if (v != NULL && n > 1) {
		qsort(v, n, sizeof(*v), by_line);
	}
	*n_r = n;
	return (v);
}

/*
 * A pattern that matches another pattern's text hides it. Only a pattern with a
 * "*" can hide others, and there are few.
 */
static enum status
check_hidden(struct tables *t)
{
	const struct table_rule **v;
	size_t i, k, n, globs = 0;

	v = sorted_rules(t, &n);
	if (v == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < n && globs < GLOBS_MAX; i++) {
		if (str_find(v[i]->pattern, '*') == v[i]->pattern.n) {
			continue;
		}
		globs++;
		for (k = i + 1; k < n; k++) {
			if (glob_match(v[i]->pattern, v[k]->pattern)) {
				import_note(t->im, "%s:%u: line %u "
				    "precedes it and matches all its mail",
				    t->signing_path, v[k]->line, v[i]->line);
			}
		}
	}
	return (STATUS_OK);
}

static bool
is_named(const struct tables *t, const struct table_key *key)
{
	const struct table_rule *rule;
	size_t i;

	for (rule = t->rules.loose; rule != NULL; rule = rule->next) {
		if (rule->key == key || rule->key == NULL) {
			return (true);
		}
	}
	for (i = 0; i < strmap_count(&t->rules.buckets); i++) {
		for (rule = strmap_value(&t->rules.buckets, i); rule != NULL;
		    rule = rule->next) {
			/* "%": the key with the author's domain as name */
			if (rule->key == key || rule->key == NULL) {
				return (true);
			}
		}
	}
	return (false);
}

static void
check_key(struct tables *t, const struct table_key *key, const char *user_id)
{
	struct privkey *loaded = NULL;
	struct diag diag;
	char *path;

	if (!is_named(t, key)) {
		import_note(t->im, "%s:%u: no rule of the SigningTable uses "
		    "this key", t->key_path, key->line);
	}
	if (!key->is_path || str_find(key->key, '%') < key->key.n) {
		return;
	}
	diag_init(&diag);
	path = arena_cstr(&t->im->arena, key->key);
	if (path != NULL &&
	    conf_key_load(path, user_id, &loaded, &diag) != STATUS_OK) {
		import_note(t->im, "%s:%u: %s", t->key_path, key->line,
		    diag.text);
	}
	privkey_free(loaded);
}

static void
check_keys(struct tables *t)
{
	const struct import_given *user = import_get(t->im, "UserID");
	const struct table_key *key;
	char *user_id = user != NULL ?
	    arena_cstr(&t->im->arena, user->value) : NULL;

	for (key = t->keys.first; key != NULL; key = key->next) {
		check_key(t, key, user_id);
	}
}

/* On error the diag has the reason, for a comment. */
static enum status
read_both(struct tables *t, struct diag *diag)
{
	const struct import_given *all = import_get(t->im,
	    "MultipleSignatures");
	struct buf text;
	enum status status = table_text_read(t->key_path, &text, diag);

	if (status == STATUS_OK) {
		status = key_table_init(&t->keys, &text, t->key_path, &t->env,
		    diag);
	}
	if (status == STATUS_OK) {
		status = table_text_read(t->signing_path, &text, diag);
	}
	return (status != STATUS_OK ? status : signing_table_init(&t->rules,
	    &text, t->signing_path, t->patterns, all != NULL &&
	    import_is_yes(all->value), &t->keys, &t->env, diag));
}

enum status
import_tables(struct import *im)
{
	struct tables t = { .im = im, .env = *im->env };
	bool ignored = false;
	enum status status;
	struct diag diag;

	t.env.log = take_warning;
	t.env.ctx = &t;
	status = table_path(im, "KeyTable", &t.key_path, &ignored);
	if (status == STATUS_OK) {
		status = table_path(im, "SigningTable", &t.signing_path,
		    &t.patterns);
	}
	if (status != STATUS_OK || t.key_path == NULL ||
	    t.signing_path == NULL) {
		return (status);
	}
	diag_init(&diag);
	status = read_both(&t, &diag);
	if (status == STATUS_OK) {
		check_keys(&t);
		if (t.patterns && !t.rules.multiple) {
			status = check_hidden(&t);
		}
	} else if (status != STATUS_NOMEM) {
		import_note(im, "%s", diag.text);
	}
	signing_table_fini(&t.rules);
	key_table_fini(&t.keys);
	return (status == STATUS_NOMEM ? status : STATUS_OK);
}
