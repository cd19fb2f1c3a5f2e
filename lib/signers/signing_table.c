/* SPDX-License-Identifier: BSD-2-Clause */
/* signing_table: reads a SigningTable; find.c searches it. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>

#include "mail/domain.h"
#include "signers/table.h"

struct build {
	struct table_reader	 reader;
	struct signing_table	*table;
	const struct key_table	*keys;
	struct strmap		 seen;	/* globs of the lines above */
	const struct table_rule	*all;	/* the rule that matches every author,
					   or NULL */
};

/* In place: the table owns the text. */
static void
lower_pattern(struct str s)
{
	char *p = (char *)(uintptr_t)s.p;
	size_t i;

	for (i = 0; i < s.n; i++) {
		p[i] = char_lower(p[i]);
	}
}

/* The offset of the domain, or end of a domain, of all authors that match. */
static size_t
domain_offset(const struct signing_table *t, struct str pattern)
{
	size_t at = str_rfind(pattern, '@'), star = str_rfind(pattern, '*');
	size_t from = at < pattern.n ? at + 1 : 0;

	if (t->globs && star < pattern.n && star + 1 > from) {
		from = star + 1;
	}
	if (from < pattern.n && (!t->globs || from == star + 1) &&
	    pattern.p[from] == '.') {
		from++;
	}
	return (from);
}

/* Authors are looked up with A-labels; a table may have U-labels. */
static enum status
pattern_to_ascii(struct build *b, struct str *pattern)
{
	struct arena *arena = &b->table->arena;
	size_t from = domain_offset(b->table, *pattern);
	struct str domain = str_from_offset(*pattern, from), name;
	enum status status;

	if (str_is_ascii(domain)) {
		return (STATUS_OK);
	}
	status = domain_normalize(arena, domain, &name);
	if (status == STATUS_SYNTAX) {
		return (table_reject(&b->reader, domain,
		    "is not a domain name"));
	}
	if (status != STATUS_OK) {
		return (table_no_memory(&b->reader));
	}
	*pattern = arena_printf(arena, "%.*s%.*s", (int)from, pattern->p,
	    STR_FMT(name));
	return (pattern->p != NULL ? STATUS_OK : table_no_memory(&b->reader));
}

/* On failure diag is set. */
static enum status
take_key(struct build *b, struct table_rule *rule, struct str value)
{
	struct str rest = value, name = STR_NONE;

	if (!str_next(&rest, ':', &name) || name.n == 0) {
		return (table_reject(&b->reader, rule->pattern,
		    "is followed by no key name"));
	}
	if (rest.n > 0) {
		rule->identity = rest;
	}
	if (rest.n > 0 && str_find(rest, '@') == rest.n) {
		return (table_reject(&b->reader, rest,
		    "is not a signer: it has no @"));
	}
	if (str_eq(name, STR("%"))) {
		return (STATUS_OK);
	}
	rule->key = strmap_get(&b->keys->names, name);
	return (rule->key != NULL ? STATUS_OK : table_reject(&b->reader, name,
	    "is not in the KeyTable"));
}

/* The end of a glob that all matches share: a domain, or ".parent". */
static struct str
tail_of(struct str pattern)
{
	size_t star = str_rfind(pattern, '*');
	size_t at = str_rfind(pattern, '@');
	struct str tail = str_from_offset(pattern, star + 1);

	if (at < pattern.n && at > star) {
		return (str_from_offset(pattern, at + 1));
	}
	return (str_from_offset(tail, str_find(tail, '.')));
}

static bool
has_star(struct str pattern)
{
	return (str_find(pattern, '*') < pattern.n);
}

/* The first rule of the bucket of the pattern; NULL: out of memory. */
static struct table_rule **
bucket_of(struct signing_table *t, struct str pattern)
{
	struct str name = pattern;

	if (t->globs && has_star(pattern)) {
		name = tail_of(pattern);
	}
	return (name.n == 0 ? &t->loose :
	    (struct table_rule **)strmap_at(&t->buckets, name));
}

static enum status
add_to_bucket(struct build *b, struct table_rule *rule)
{
	struct table_rule **first = bucket_of(b->table, rule->pattern);

	if (first == NULL) {
		return (table_no_memory(&b->reader));
	}
	if (*first == NULL) {
		*first = rule;
	} else {
		(*first)->last->next = rule;
	}
	(*first)->last = rule;
	b->table->n++;
	return (STATUS_OK);
}

static bool
is_any_author(const struct signing_table *t, struct str pattern)
{
	return (t->globs ? has_star(pattern) && tail_of(pattern).n == 0 :
	    str_ends_ci(pattern, STR("*")));
}

/* A repeated pattern has an effect only with MultipleSignatures, and never in a
   table of names. */
static enum status
note_pattern(struct build *b, struct str pattern, bool *again_r)
{
	struct signing_table *t = b->table;
	void **at;

	*again_r = false;
	if (!t->globs) {
		*again_r = strmap_get(&t->buckets, pattern) != NULL;
	} else if (!t->multiple) {
		at = strmap_at(&b->seen, pattern);
		if (at == NULL) {
			return (table_no_memory(&b->reader));
		}
		*again_r = *at != NULL;
		*at = b;
	}
	return (STATUS_OK);
}

static enum status
add_rule(struct build *b, struct table_rule *rule)
{
	struct signing_table *t = b->table;
	enum status status;
	char what[96];
	bool again;

	status = note_pattern(b, rule->pattern, &again);
	if (status != STATUS_OK) {
		return (status);
	}
	if (again) {
		table_warn(&b->reader, rule->pattern,
		    "is used above already: this line has no effect");
		return (STATUS_OK);
	}
	if (b->all != NULL && !t->multiple) {
		(void)snprintf(what, sizeof(what), "is never reached: line %u "
		    "matches every author", b->all->line);
		table_warn(&b->reader, rule->pattern, what);
		return (STATUS_OK);
	}
	if (t->globs && (str_eq(rule->pattern, STR("*")) ||
	    str_eq(rule->pattern, STR("*@*")))) {
		b->all = rule;
	}
	return (add_to_bucket(b, rule));
}

/* A table of patterns (refile:), which match user@host. */
static const char *
why_no_author_glob(struct str pattern)
{
	size_t at = str_find(pattern, '@');

	if (at == pattern.n && !has_star(pattern)) {
		return ("matches no author: a pattern of refile: matches "
		    "user@host, so put *@ before a domain");
	}
	if (at == 0) {
		return ("matches no author: put * before the @");
	}
	return (at + 1 == pattern.n ?
	    "matches no author: nothing follows the @" : NULL);
}

/* A table of names (file:). */
static const char *
why_no_author_name(struct str pattern)
{
	if (pattern.n > 0 && pattern.p[0] == '@') {
		return ("matches no author: leave out the @");
	}
	if (has_star(pattern) && !str_eq(pattern, STR("*")) &&
	    (str_find(pattern, '*') + 1 != pattern.n ||
	    !str_ends_ci(pattern, STR("@*")))) {
		return ("matches no author: in a table without refile: * "
		    "stands for any domain, alone or behind user@; a domain "
		    "is written as example.com, all below it as "
		    ".example.com");
	}
	return (NULL);
}

/* What is left of a list, of quotes or of an address in angle brackets. */
static bool
has_odd_domain(struct str pattern)
{
	struct str domain = str_from_offset(pattern, str_rfind(pattern, '@') <
	    pattern.n ? str_rfind(pattern, '@') + 1 : 0);
	size_t i;

	for (i = 0; i < domain.n; i++) {
		if (memchr("<>,;:'\"", domain.p[i], 7) != NULL) {
			return (true);
		}
	}
	return (domain.n > 1 && domain.p[domain.n - 1] == '.');
}

/* Why no author's address can match; NULL: one can. */
static const char *
why_no_author(const struct signing_table *t, struct str pattern)
{
	if (str_starts(pattern, STR("\xef\xbb\xbf"))) {
		return ("matches no author: the file begins with a byte order "
		    "mark; save it without one");
	}
	if (pattern.n > 1 && pattern.p[0] == '"' &&
	    pattern.p[pattern.n - 1] == '"') {
		return ("matches no author: leave out the quotes");
	}
	if (has_odd_domain(pattern)) {
		return ("matches no author: leave out brackets, quotes and "
		    "commas, and a dot at the end");
	}
	return (t->globs ? why_no_author_glob(pattern) :
	    why_no_author_name(pattern));
}

static enum status
take_line(struct build *b, struct str pattern, struct str value)
{
	struct table_rule *rule;
	const char *why;
	enum status status;
	char what[128];

	if (pattern.n > TABLE_PATTERN_MAX_BYTES) {
		(void)table_reject(&b->reader, pattern, "is too long");
		return (STATUS_LIMIT);
	}
	if (b->table->globs && b->reader.indented) {
		table_warn(&b->reader, pattern, "follows white space: such a"
		    " line has no effect, as with OpenDKIM");
		return (STATUS_OK);
	}
	rule = arena_alloc(&b->table->arena, sizeof(*rule));
	if (rule == NULL) {
		return (table_no_memory(&b->reader));
	}
	status = pattern_to_ascii(b, &pattern);
	if (status != STATUS_OK) {
		return (status);
	}
	lower_pattern(pattern);
	rule->pattern = pattern;
	rule->line = b->reader.line;
	rule->any_author = is_any_author(b->table, pattern);
	status = take_key(b, rule, value);
	if (status != STATUS_OK) {
		return (status);
	}
	why = why_no_author(b->table, pattern);
	if (why != NULL) {
		table_warn(&b->reader, pattern, why);
		return (STATUS_OK);
	}
	if (b->table->globs && glob_regex_octet(pattern) != '\0') {
		(void)snprintf(what, sizeof(what), "has a '%c', which OpenDKIM "
		    "takes for part of a regular expression; here it matches "
		    "itself",
		    glob_regex_octet(pattern));
		table_warn(&b->reader, pattern, what);
	}
	return (add_rule(b, rule));
}

enum status
signing_table_init(struct signing_table *t, struct buf *text,
    const char *path, bool globs, bool multiple, const struct key_table *keys,
    const struct env *env, struct diag *diag)
{
	struct build b = { .table = t, .keys = keys };
	struct str pattern, value;
	enum status status;

	*t = (struct signing_table){ .text = *text, .path = path,
		.globs = globs, .multiple = multiple };
	buf_init(text, TABLE_MAX_BYTES);
	arena_init(&t->arena, TABLE_MEMORY_MAX_BYTES);
	strmap_init(&t->buckets);
	strmap_init(&b.seen);
	table_reader_init(&b.reader, &t->text, path, env, diag);
	do {
		status = table_reader_next(&b.reader, &pattern, &value);
		if (status == STATUS_OK && pattern.p != NULL) {
			status = take_line(&b, pattern, value);
		}
	} while (status == STATUS_OK && pattern.p != NULL);
	table_reader_end(&b.reader);
	strmap_fini(&b.seen);
	if (status != STATUS_OK) {
		signing_table_fini(t);
	}
	return (status);
}

void
signing_table_fini(struct signing_table *t)
{
	strmap_fini(&t->buckets);
	arena_fini(&t->arena);
	buf_fini_secret(&t->text);
}
