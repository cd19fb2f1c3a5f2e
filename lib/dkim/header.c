/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "dkim/header.h"

#define PREFIX_BYTES	8

struct entry {			/* one field */
	uint64_t	 prefix;
	struct str	 name;
	uint32_t	 field;		/* index in the list */
};

struct group {			/* the fields of one name */
	uint64_t	 prefix;
	struct str	 name;
	uint32_t	 first;		/* its entries, topmost first */
	uint32_t	 end;
	uint32_t	 left;		/* the current hash has used the
					   entries from here on */
};

struct dkim_headers {
	struct arena			*arena;
	const struct field_list		*fields;
	struct entry			*entries;
	struct group			*groups;	/* sorted by name */
	size_t				 groups_n;
	bool				 loose;		/* any field is */
};

/* The start of the name in lower case: decides most comparisons at once. */
static uint64_t
name_prefix(struct str name)
{
	uint64_t prefix = 0;
	size_t i;

	for (i = 0; i < PREFIX_BYTES; i++) {
		prefix <<= 8;
		if (i < name.n) {
			prefix |= (unsigned char)char_lower(name.p[i]);
		}
	}
	return (prefix);
}

static int
name_cmp(uint64_t a_prefix, struct str a, uint64_t b_prefix, struct str b)
{
	size_t i, n = a.n < b.n ? a.n : b.n;
	unsigned char x, y;

	if (a_prefix != b_prefix) {
		return (a_prefix < b_prefix ? -1 : 1);
	}
	for (i = PREFIX_BYTES; i < n; i++) {
		x = (unsigned char)char_lower(a.p[i]);
		y = (unsigned char)char_lower(b.p[i]);
		if (x != y) {
			return (x < y ? -1 : 1);
		}
	}
	return (a.n == b.n ? 0 : a.n < b.n ? -1 : 1);
}

static int
entry_cmp(const void *a_, const void *b_)
{
	const struct entry *a = a_, *b = b_;
	int cmp = name_cmp(a->prefix, a->name, b->prefix, b->name);

	if (cmp == 0) {
		cmp = a->field < b->field ? -1 : 1;
	}
	return (cmp);
}

static int
group_cmp(const void *key_, const void *group_)
{
	const struct group *key = key_, *group = group_;

	return (name_cmp(key->prefix, key->name, group->prefix, group->name));
}

static void
make_groups(struct dkim_headers *h)
{
	const struct entry *e;
	struct group *g = NULL;
	size_t i;

	for (i = 0; i < h->fields->n; i++) {
		e = &h->entries[i];
		if (g == NULL || name_cmp(e->prefix, e->name, g->prefix,
		    g->name) != 0) {
			g = &h->groups[h->groups_n++];
			g->prefix = e->prefix;
			g->name = e->name;
			g->first = (uint32_t)i;
		}
		g->end = (uint32_t)i + 1;
	}
}

struct dkim_headers *
dkim_headers_new(struct arena *a, const struct field_list *fields)
{
	struct dkim_headers *h = arena_alloc(a, sizeof(*h));
	size_t i;

	if (h == NULL) {
		return (NULL);
	}
	h->arena = a;
	h->fields = fields;
	h->entries = arena_calloc(a, fields->n, sizeof(*h->entries));
	h->groups = arena_calloc(a, fields->n, sizeof(*h->groups));
	if (h->entries == NULL || h->groups == NULL) {
		return (NULL);
	}
	for (i = 0; i < fields->n; i++) {
		h->entries[i].name = fields->v[i].name;
		h->entries[i].prefix = name_prefix(fields->v[i].name);
		h->entries[i].field = (uint32_t)i;
		h->loose = h->loose || field_is_loose(&fields->v[i]);
	}
	qsort(h->entries, fields->n, sizeof(*h->entries), entry_cmp);
	make_groups(h);
	return (h);
}

static struct group *
find_group(const struct dkim_headers *h, struct str name)
{
	struct group key = { .prefix = name_prefix(name), .name = name };

	return (bsearch(&key, h->groups, h->groups_n, sizeof(key), group_cmp));
}

size_t
dkim_headers_count(const struct dkim_headers *h, struct str name)
{
	const struct group *g = find_group(h, name);

	return (g != NULL ? g->end - g->first : 0);
}

const struct field *
dkim_headers_next_loose(const struct dkim_headers *h, size_t *i)
{
	while (h->loose && *i < h->fields->n) {
		if (field_is_loose(&h->fields->v[(*i)++])) {
			return (&h->fields->v[*i - 1]);
		}
	}
	return (NULL);
}

/* The lowest unused instance, or NULL (RFC 6376 5.4.2). */
static const struct field *
select_field(struct dkim_headers *h, struct str name, size_t skip)
{
	struct group *g = find_group(h, name);

	if (g == NULL || g->left == g->first) {
		return (NULL);
	}
	g->left--;
	if (h->entries[g->left].field == skip) {
		if (g->left == g->first) {
			return (NULL);
		}
		g->left--;
	}
	return (&h->fields->v[h->entries[g->left].field]);
}

/* sig_raw without b_raw, which includes the white space around b='s value. */
static struct str
without_b(struct arena *a, struct str sig_raw, struct str b_raw)
{
	size_t before = (size_t)(b_raw.p - sig_raw.p);
	size_t after = sig_raw.n - before - b_raw.n;
	char *p = arena_alloc(a, sig_raw.n - b_raw.n);

	if (p == NULL) {
		return (STR_NONE);
	}
	memcpy(p, sig_raw.p, before);
	memcpy(p + before, b_raw.p + b_raw.n, after);
	return (str_mem(p, before + after));
}

enum status
dkim_header_hash(struct dkim_headers *h, struct digest *digest,
    const struct dkim_header_input *in,
    unsigned char hash_r[CRYPTO_SHA256_BYTES])
{
	struct str sig_raw = in->sig_raw;
	const struct field *field;
	size_t i;

	for (i = 0; i < h->groups_n; i++) {
		h->groups[i].left = h->groups[i].end;
	}
	if (in->b_raw.n > 0) {
		sig_raw = without_b(h->arena, in->sig_raw, in->b_raw);
		if (sig_raw.p == NULL) {
			return (STATUS_NOMEM);
		}
	}
	for (i = 0; i < in->names_n; i++) {
		field = select_field(h, in->names[i], in->skip);
		if (field != NULL) {
			canon_header(in->canon, field->raw, true,
			    digest_update, digest);
		}
	}
	canon_header(in->canon, sig_raw, false, digest_update, digest);
	return (digest_final(digest, hash_r));
}
