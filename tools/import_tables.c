/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * KeyTable and SigningTable. A file stays where it is. A list, the rows of a
 * database and a file with relative paths of keys become text: a file of
 * --write, or else csl: in the line. Comments name what is wrong in the tables:
 * warnings of the reader in lib/signers, rules that are hidden or match nobody,
 * keys without a rule, and keys that cannot be loaded.
 */
#include <stdlib.h>

#include "cli/cli.h"
#include "conf/conf.h"
#include "signers/table.h"
#include "tools/import.h"

#define GLOBS_MAX	1000	/* compared with all later rules */

struct tables {
	struct import		*im;
	struct env		 env;		/* logs into the notes */
	const char		*key_path;	/* for messages */
	const char		*signing_path;
	struct key_table	 keys;
	struct signing_table	 rules;
	struct strmap		 named;		/* keys that a rule names, */
	bool			 all_named;	/* or any may be named */
};

static void
take_warning(void *ctx, enum log_level level ATTR_UNUSED, const char *line)
{
	struct tables *t = ctx;

	import_say(t->im, IMPORT_DIFFERS, "%s", line);
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
static void
check_hidden(struct tables *t, const struct table_rule **v, size_t n)
{
	struct cli_progress progress;
	size_t i, k, globs = 0;

	cli_progress_begin(&progress, t->im->env, "rules", n, t->im->quiet);
	for (i = 0; i < n && globs < GLOBS_MAX; i++) {
		cli_progress_step(&progress, i);
		if (str_find(v[i]->pattern, '*') == v[i]->pattern.n) {
			continue;
		}
		globs++;
		for (k = i + 1; k < n; k++) {
			if (glob_match(v[i]->pattern, v[k]->pattern)) {
				import_say(t->im, IMPORT_DIFFERS, "%s:%u: line "
				    "%u precedes it and matches all its mail",
				    t->signing_path, v[k]->line, v[i]->line);
			}
		}
	}
	cli_progress_hide(&progress);
}

/* A pattern is held against user@host; the key of a plain table is user@host,
   host, .parent, user@.parent, user@* or "*". */
static bool
matches_nobody(const struct table_rule *rule, bool patterns)
{
	struct str p = rule->pattern;
	size_t star = str_find(p, '*');

	if (patterns) {
		return (star == p.n && str_find(p, '@') == p.n);
	}
	return (star < p.n && !str_eq(p, STR("*")) &&
	    !(star + 1 == p.n && star > 1 && p.p[star - 1] == '@'));
}

static void
check_rules(struct tables *t)
{
	const struct table_rule **v;
	size_t i, n;

	v = sorted_rules(t, &n);
	if (v == NULL) {
		import_fail(t->im, STATUS_NOMEM);
		return;
	}
	for (i = 0; i < n; i++) {
		if (matches_nobody(v[i], t->rules.globs)) {
			import_say(t->im, IMPORT_DIFFERS, "%s:%u: \"%s\" "
			    "matches no author, in OpenDKIM neither: %s",
			    t->signing_path, v[i]->line, import_shown(t->im,
			    v[i]->pattern), t->rules.globs ?
			    "write *@ before the domain" : "a pattern needs "
			    "refile:");
		}
	}
	if (t->rules.globs && !t->rules.multiple) {
		check_hidden(t, v, n);
	}
}

static enum status
note_named(struct tables *t, const struct table_rule *rule)
{
	void **place;

	for (; rule != NULL && !t->all_named; rule = rule->next) {
		/* "%": the key with the author's domain as name */
		if (rule->key == NULL) {
			t->all_named = true;
			break;
		}
		place = strmap_at(&t->named, rule->key->name);
		if (place == NULL) {
			return (STATUS_NOMEM);
		}
		*place = t;
	}
	return (STATUS_OK);
}

/* The keys that a rule names. */
static enum status
find_named(struct tables *t)
{
	enum status status = note_named(t, t->rules.loose);
	size_t i;

	for (i = 0; i < strmap_count(&t->rules.buckets) && !t->all_named &&
	    status == STATUS_OK; i++) {
		status = note_named(t, strmap_value(&t->rules.buckets, i));
	}
	return (status);
}

static bool
is_named(const struct tables *t, const struct table_key *key)
{
	return (t->all_named || strmap_get(&t->named, key->name) != NULL);
}

static void
check_key(struct tables *t, const struct table_key *key, const char *user_id)
{
	struct privkey *loaded = NULL;
	struct diag diag;
	char *path;

	if (!is_named(t, key)) {
		import_say(t->im, IMPORT_DIFFERS, "%s:%u: no rule of the "
		    "SigningTable uses this key", t->key_path, key->line);
		return;
	}
	if (!key->is_path || str_find(key->key, '%') < key->key.n) {
		return;
	}
	diag_init(&diag);
	path = arena_cstr(&t->im->arena, key->key);
	if (path != NULL &&
	    conf_key_load(path, user_id, &loaded, &diag) != STATUS_OK) {
		import_say(t->im, IMPORT_UNSIGNED, "%s:%u: %s: mail that it "
		    "should sign is deferred (OnSignFailure)", t->key_path,
		    key->line, diag.text);
	}
	privkey_free(loaded);
}

/* For commands.sh. */
static void
keep_paths(struct tables *t)
{
	struct import *im = t->im;
	const struct table_key *key;

	im->key_paths = arena_calloc(&im->arena, t->keys.names.n + 1,
	    sizeof(*im->key_paths));
	if (im->key_paths == NULL) {
		import_fail(im, STATUS_NOMEM);
		return;
	}
	for (key = t->keys.first; key != NULL &&
	    im->key_paths_n < t->keys.names.n; key = key->next) {
		if (key->is_path && str_find(key->key, '%') == key->key.n) {
			im->key_paths[im->key_paths_n++] =
			    arena_dup(&im->arena, key->key);
		}
	}
}

static void
check_keys(struct tables *t)
{
	const struct import_given *user = import_dkim(t->im, "UserID");
	const struct table_key *key;
	char *user_id = user != NULL ?
	    arena_cstr(&t->im->arena, user->value) : NULL;
	struct cli_progress progress;
	size_t done = 0;

	if (find_named(t) != STATUS_OK) {
		import_fail(t->im, STATUS_NOMEM);
		return;
	}
	cli_progress_begin(&progress, t->im->env, "keys", t->keys.names.n,
	    t->im->quiet);
	for (key = t->keys.first; key != NULL; key = key->next) {
		check_key(t, key, user_id);
		cli_progress_step(&progress, ++done);
	}
	cli_progress_hide(&progress);
}

static enum status
read_text(const struct import_table *table, const char *path,
    struct buf *text_r, struct diag *diag)
{
	if (table->text.p == NULL) {
		return (table_text_read(path, text_r, diag));
	}
	buf_init(text_r, TABLE_MAX_BYTES);
	buf_add_str(text_r, table->text);
	return (text_r->status);
}

/* On error the diag has the reason, for a comment. */
static enum status
read_both(struct tables *t, struct diag *diag)
{
	struct buf text;
	enum status status = read_text(&t->im->keys, t->key_path, &text,
	    diag);

	if (status == STATUS_OK) {
		status = key_table_init(&t->keys, &text, t->key_path, &t->env,
		    diag);
	}
	if (status == STATUS_OK) {
		status = read_text(&t->im->rules, t->signing_path, &text,
		    diag);
	}
	return (status != STATUS_OK ? status : signing_table_init(&t->rules,
	    &text, t->signing_path, t->im->rules.patterns, import_is_set(t->im,
	    IMPORT_OPENDKIM, "MultipleSignatures"), &t->keys, &t->env, diag));
}

static const char *
path_of(struct import *im, const struct import_table *table)
{
	struct str path = str_from_offset(table->value,
	    str_find(table->value, ':') + 1);

	return (table->text.p != NULL ? table->name :
	    arena_cstr(&im->arena, path));
}

bool
import_tables_load(struct import *im, const struct env *env,
    struct key_table *keys, struct signing_table *rules)
{
	struct tables t = { .im = im, .env = *env };
	struct diag diag;
	bool ok;

	if (import_dkim(im, "SigningTable") == NULL ||
	    im->keys.value.p == NULL || im->rules.value.p == NULL) {
		return (false);
	}
	t.key_path = path_of(im, &im->keys);
	t.signing_path = path_of(im, &im->rules);
	diag_init(&diag);
	ok = t.key_path != NULL && t.signing_path != NULL &&
	    read_both(&t, &diag) == STATUS_OK;
	*keys = t.keys;
	*rules = t.rules;
	return (ok);
}

/* Both as they will be read. */
static void
check_tables(struct import *im)
{
	struct tables t = { .im = im, .env = *im->env };
	enum status status;
	struct diag diag;

	t.env.log = take_warning;
	t.env.ctx = &t;
	t.key_path = path_of(im, &im->keys);
	t.signing_path = path_of(im, &im->rules);
	if (t.key_path == NULL || t.signing_path == NULL) {
		import_fail(im, STATUS_NOMEM);
		return;
	}
	diag_init(&diag);
	status = read_both(&t, &diag);
	if (status == STATUS_OK) {
		keep_paths(&t);
		check_keys(&t);
		check_rules(&t);
	} else if (status == STATUS_NOMEM) {
		import_fail(im, status);
	} else {
		import_say(im, IMPORT_UNSIGNED, "%s: mailseald does not start "
		    "with it", diag.text);
	}
	strmap_fini(&t.named);
	signing_table_fini(&t.rules);
	key_table_fini(&t.keys);
}

/* The items as lines of a file. */
static struct str
text_of_list(struct import *im, const struct import_list *list)
{
	struct str text;
	struct buf b;
	size_t i;

	buf_init(&b, IMPORT_MAX_BYTES);
	for (i = 0; i < list->n; i++) {
		buf_printf(&b, "%.*s %.*s\n", STR_FMT(list->v[i].key),
		    STR_FMT(list->v[i].value));
	}
	text = arena_dup(&im->arena, buf_str(&b));
	import_fail(im, b.status);
	buf_fini(&b);
	return (text);
}

/* The key of "domain:selector:key". */
static struct str
key_of(struct str value)
{
	struct str rest = str_from_offset(value, str_find(value, ':') + 1);

	return (str_from_offset(rest, str_find(rest, ':') + 1));
}

static bool
is_relative(struct str key)
{
	return (str_starts(key, STR("./")) || str_starts(key, STR("../")));
}

/* Absolute paths of keys, for a daemon that runs elsewhere. Whether there was a
   relative one. */
static bool
make_absolute(struct import *im, const struct import_given *given,
    struct import_list *list)
{
	bool any = false;
	size_t i;

	for (i = 0; i < list->n; i++) {
		struct str *value = &list->v[i].value, key = key_of(*value);

		if (is_relative(key)) {
			*value = arena_printf(&im->arena, "%.*s%s",
			    STR_FMT(str_first(*value, value->n - key.n)),
			    import_path(im, given, key));
			any = true;
		}
	}
	return (any);
}

static bool
has_secrets(const struct import_list *list)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		struct str key = key_of(list->v[i].value);

		if (key.n > 0 && key.p[0] != '/' && !is_relative(key)) {
			return (true);
		}
	}
	return (false);
}

/* "csl:key=value,key=value"; absent: too long, or not possible. */
static struct str
in_place(struct import *im, struct str text)
{
	struct str rest = text, line, value = STR_NONE;
	struct buf b;
	bool ok = true;

	buf_init(&b, IMPORT_LIST_BYTES);
	buf_add_cstr(&b, "csl:");
	while (str_next(&rest, '\n', &line) && ok) {
		size_t space = str_find(line, ' ');

		ok = str_find(line, ',') == line.n;
		if (line.n > 0) {
			buf_printf(&b, "%s%.*s=%.*s", b.n > 4 ? "," : "",
			    STR_FMT(str_first(line, space)),
			    STR_FMT(str_from_offset(line, space + 1)));
		}
	}
	if (ok && b.status == STATUS_OK && b.n > 4) {
		value = arena_dup(&im->arena, buf_str(&b));
	}
	buf_fini(&b);
	return (value);
}

/* Gives a table that is text its place. */
static void
place_text(struct import *im, struct import_table *table, const char *file)
{
	if (im->dir != NULL) {
		table->value = arena_printf(&im->arena, "file:%s/%s", im->dir,
		    file);
	} else if (!table->secret) {
		table->value = in_place(im, table->text);
	}
}

static void
lose_table(struct import *im, const struct import_given *given,
    const char *name, const char *why)
{
	import_say_of(im, IMPORT_UNSIGNED, given, why);
	import_refuse(im, name, given->value);
}

static const char too_much[] = "run import with --write DIR, which writes this "
    "table to a file";

/* A list that was read, as a table. */
static void
take_list(struct import *im, const struct import_given *given,
    struct import_table *table, struct import_list *list, const char *file)
{
	bool keys = table == &im->keys;
	bool moved = keys && make_absolute(im, given, list);

	table->secret = keys && has_secrets(list);
	if (list->path != NULL && !moved) {
		table->value = arena_printf(&im->arena, "%s:%s",
		    !keys && list->type == IMPORT_PATTERNS ? "refile" : "file",
		    list->path);
		return;
	}
	table->text = text_of_list(im, list);
	place_text(im, table, file);
	if (table->value.p == NULL) {
		lose_table(im, given, table->name, too_much);
	}
}

/* Without "user:password@". */
static struct str
without_password(struct import *im, struct str value)
{
	size_t at = str_rfind(value, '@'), slash = str_find(value, '/');

	return (at == value.n || slash > at ? value :
	    arena_printf(&im->arena, "%.*s//...%.*s",
	    STR_FMT(str_first(value, slash)),
	    STR_FMT(str_from_offset(value, at))));
}

static void
resolve_rows(struct import *im, const struct import_given *given,
    struct import_table *table, const char *file)
{
	struct import_given shown = *given;
	const char *why = too_much;

	if (import_sql(im, given, &table->text, &why)) {
		table->secret = table == &im->keys;
		place_text(im, table, file);
		why = too_much;
	}
	if (table->value.p == NULL) {
		shown.value = without_password(im, given->value);
		lose_table(im, &shown, table->name, why);
	}
}

static void
resolve_table(struct import *im, struct import_table *table,
    const char *name, const char *file)
{
	const struct import_given *given = import_dkim(im, name);
	struct import_list list;
	const char *why = NULL;

	table->name = name;
	import_list_look(im, given, &list);
	if (list.type == IMPORT_DSN) {
		resolve_rows(im, given, table, file);
		return;
	}
	table->patterns = list.type == IMPORT_PATTERNS && table == &im->rules;
	if (import_list_read(im, given, &list, &why)) {
		take_list(im, given, table, &list, file);
	} else if (list.path != NULL) {
		/* As broken as before: mailseald does not start either. */
		table->value = arena_printf(&im->arena, "%s:%s",
		    table->patterns ? "refile" : "file", list.path);
	} else {
		lose_table(im, given, name, why);
	}
}

static void
set_tables(struct import *im)
{
	im->signs = im->keys.value.p != NULL && im->rules.value.p != NULL;
	if (im->keys.value.p != NULL) {
		import_set(im, "KeyTable", im->keys.value);
	}
	if (im->rules.value.p != NULL) {
		import_set(im, "SigningTable", im->rules.value);
	}
	if (im->signs) {
		check_tables(im);
	}
}

void
import_tables(struct import *im)
{
	if (import_dkim(im, "KeyTable") == NULL) {
		import_say_of(im, IMPORT_DIFFERS, import_dkim(im,
		    "SigningTable"), "without a KeyTable OpenDKIM does not "
		    "start");
		return;
	}
	im->signed_before = true;
	resolve_table(im, &im->keys, "KeyTable", "key.table");
	resolve_table(im, &im->rules, "SigningTable", "signing.table");
	if (import_is_set(im, IMPORT_OPENDKIM, "MultipleSignatures")) {
		import_set_text(im, "MultipleSignatures", "yes");
		import_say(im, IMPORT_DIFFERS, "MultipleSignatures: all rules "
		    "that match sign, not only the first and the last");
	}
	set_tables(im);
}

void
import_tables_set(struct import *im, struct str keys, struct str rules)
{
	im->keys = (struct import_table){ .name = "KeyTable", .text = keys };
	im->rules = (struct import_table){ .name = "SigningTable",
		.text = rules };
	place_text(im, &im->keys, "key.table");
	place_text(im, &im->rules, "signing.table");
	set_tables(im);
}
