/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "mail/domain.h"
#include "signers/table.h"

static const struct str algorithms[] = {
	{ "rsa-sha256", 10 }, { "ed25519-sha256", 14 },
};

static bool
is_path(struct str key)
{
	return (str_starts(key, STR("/")) || str_starts(key, STR("./")) ||
	    str_starts(key, STR("../")));
}

/* Base64, or PEM without line ends; it is parsed when it is loaded. */
static bool
is_inline_key(struct str key)
{
	size_t i;

	if (str_starts(key, STR("-----BEGIN "))) {
		return (true);
	}
	for (i = 0; i < key.n; i++) {
		if (!char_is_alpha(key.p[i]) && !char_is_digit(key.p[i]) &&
		    key.p[i] != '+' && key.p[i] != '/' && key.p[i] != '=' &&
		    !char_is_fws(key.p[i])) {
			return (false);
		}
	}
	return (str_starts(key, STR("M")));
}

/* Removes an algorithm from the end; any other colon belongs to the key. */
static void
take_algorithm(struct table_key *k)
{
	size_t colon = str_rfind(k->key, ':'), i;
	struct str last = str_from_offset(k->key, colon + 1);

	for (i = 0; colon < k->key.n &&
	    i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		if (str_eq_ci(last, algorithms[i])) {
			k->algorithm = algorithms[i];
			k->key = str_first(k->key, colon);
			return;
		}
	}
}

/* On failure diag is set. */
static enum status
take_names(struct table_reader *r, struct key_table *t, struct table_key *k,
    struct str domain)
{
	struct str selector;
	enum status status = STATUS_OK;

	if (!str_eq(domain, STR("%"))) {
		status = domain_normalize(&t->arena, domain, &k->domain);
	}
	if (status == STATUS_SYNTAX) {
		return (table_reject(r, domain, "is not a domain name"));
	}
	if (status != STATUS_OK) {
		return (table_no_memory(r));
	}
	status = domain_normalize(&t->arena, k->selector, &selector);
	if (status == STATUS_SYNTAX) {
		return (table_reject(r, k->selector, "is not a selector"));
	}
	if (status != STATUS_OK) {
		return (table_no_memory(r));
	}
	if (!str_is_ascii(k->selector)) {
		k->selector = selector;
	}
	return (STATUS_OK);
}

static enum status
take_value(struct table_reader *r, struct key_table *t, struct table_key *k,
    struct str value)
{
	struct str rest = value, domain;

	if (!str_next(&rest, ':', &domain) ||
	    !str_next(&rest, ':', &k->selector) || rest.n == 0) {
		return (table_reject(r, k->name,
		    "must be followed by domain:selector:key"));
	}
	k->key = rest;
	take_algorithm(k);
	k->is_path = is_path(k->key);
	if (!k->is_path && !is_inline_key(k->key)) {
		/* Not shown: it may be part of a key. */
		return (table_reject(r, k->name, "has a key that is neither "
		    "a path (/, ./ or ../) nor base64 nor PEM"));
	}
	return (take_names(r, t, k, domain));
}

static enum status
take_line(struct table_reader *r, struct key_table *t, struct str name,
    struct str value)
{
	struct table_key *k = arena_alloc(&t->arena, sizeof(*k));
	enum status status;
	void **at;

	if (k == NULL) {
		return (table_no_memory(r));
	}
	k->name = name;
	k->line = r->line;
	status = take_value(r, t, k, value);
	if (status != STATUS_OK) {
		return (status);
	}
	at = strmap_at(&t->names, name);
	if (at == NULL) {
		return (table_no_memory(r));
	}
	if (*at != NULL) {
		table_warn(r, name, "is a name that is used above already: this"
		    " line has no effect");
		return (STATUS_OK);
	}
	*at = k;
	if (t->last != NULL) {
		t->last->next = k;
	} else {
		t->first = k;
	}
	t->last = k;
	return (STATUS_OK);
}

enum status
key_table_init(struct key_table *t, struct buf *text, const char *path,
    const struct env *env, struct diag *diag)
{
	struct table_reader r;
	struct str name, value;
	enum status status;

	*t = (struct key_table){ .text = *text, .path = path };
	buf_init(text, TABLE_MAX_BYTES);
	arena_init(&t->arena, TABLE_MEMORY_MAX_BYTES);
	strmap_init(&t->names);
	table_reader_init(&r, &t->text, path, env, diag);
	do {
		status = table_reader_next(&r, &name, &value);
		if (status == STATUS_OK && name.p != NULL) {
			status = take_line(&r, t, name, value);
		}
	} while (status == STATUS_OK && name.p != NULL);
	table_reader_end(&r);
	if (status != STATUS_OK) {
		key_table_fini(t);
	}
	return (status);
}

void
key_table_fini(struct key_table *t)
{
	const struct table_key *k;

	/* Others are views into the text. */
	for (k = t->first; k != NULL; k = k->next) {
		if (k->kept && !k->is_path) {
			explicit_bzero((void *)(uintptr_t)k->key.p, k->key.n);
		}
	}
	strmap_fini(&t->names);
	arena_fini(&t->arena);
	buf_fini_secret(&t->text);
	/* One that could not be read is released with its signers, too. */
	t->first = t->last = NULL;
}

struct str
table_expand(struct str s, struct arena *arena, struct str domain)
{
	size_t i, n = 0;
	char *p;

	for (i = 0; i < s.n; i++) {
		n += s.p[i] == '%' ? domain.n : 1;
	}
	p = arena_alloc(arena, n + 1);
	if (p == NULL) {
		return (STR_NONE);
	}
	for (i = n = 0; i < s.n; i++) {
		if (s.p[i] == '%') {
			memcpy(p + n, domain.p, domain.n);
			n += domain.n;
		} else {
			p[n++] = s.p[i];
		}
	}
	return (str_mem(p, n));
}
