/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>

#include "base/buf.h"
#include "mail/domain.h"
#include "report/read_sources_private.h"

#define FIRST_CAP	64
#define KEY_MAX_BYTES	(5 * 4096)
#define NAME_ARENA_BYTES	65536

static int
compare_keys(const struct sources_key *a, const struct sources_key *b)
{
	return (str_cmp(a->text, b->text));
}

/* RB_GENERATE_STATIC needs an __unused that libbsd does not define. */
RB_GENERATE_INTERNAL(sources_keys, sources_key, node, compare_keys,
    ATTR_UNUSED static)

struct sources *
sources_new(void)
{
	struct sources *s = calloc(1, sizeof(*s));

	if (s != NULL) {
		RB_INIT(&s->keys);
		strmap_init(&s->by_name);
		arena_init(&s->arena, SOURCES_TEXTS_MAX_BYTES);
	}
	return (s);
}

void
sources_free(struct sources *s)
{
	size_t i;

	if (s == NULL) {
		return;
	}
	for (i = 0; i < s->domains_n; i++) {
		free(s->domains[i].days);
	}
	strmap_fini(&s->by_name);
	arena_fini(&s->arena);
	free(s->domains);
	free(s->v);
	free(s);
}

/* NULL: no memory. The last ones are shared. */
static const char *
share_text(struct sources *s, const char *text)
{
	struct str key = str_from(text);
	const char **place = &s->shared[str_hash(key) & (SHARED_TEXTS - 1)];

	if (key.n == 0) {
		return ("");
	}
	if (*place == NULL || strcmp(*place, text) != 0) {
		*place = arena_cstr(&s->arena, key);
	}
	return (*place);
}

/* As it is compared; an invalid name as it is. */
static const char *
share_domain(struct sources *s, const char *text)
{
	struct arena arena;
	const char *copy = NULL;
	struct str name;

	arena_init(&arena, NAME_ARENA_BYTES);
	if (domain_normalize(&arena, str_from(text), &name) == STATUS_OK) {
		text = arena_cstr(&arena, name);
	}
	if (text != NULL) {
		copy = share_text(s, text);
	}
	arena_fini(&arena);
	return (copy);
}

/* Whether the key is new. Out of memory, or of room: as if it were. */
static bool
remember_key(struct sources *s, struct str text)
{
	struct sources_key find = { .text = text }, *key;

	if (RB_FIND(sources_keys, &s->keys, &find) != NULL) {
		return (false);
	}
	key = s->keys_n < SOURCES_REPORTS_MAX ?
	    arena_alloc(&s->arena, sizeof(*key)) : NULL;
	if (key != NULL) {
		key->text = arena_dup(&s->arena, text);
		if (key->text.p != NULL) {
			s->keys_n++;
			RB_INSERT(sources_keys, &s->keys, key);
		}
	}
	return (true);
}

bool
sources_remember(struct sources *s, char kind, const char *a, const char *b,
    const char *c, int64_t from, int64_t to)
{
	struct buf key;
	bool is_new = true;

	buf_init(&key, KEY_MAX_BYTES);
	buf_add_char(&key, kind);
	buf_add(&key, a, strlen(a) + 1);
	buf_add(&key, b, strlen(b) + 1);
	buf_add(&key, c, strlen(c) + 1);
	buf_printf(&key, "%lld %lld", (long long)from, (long long)to);
	if (key.status == STATUS_OK) {
		is_new = remember_key(s, buf_str(&key));
	}
	buf_fini(&key);
	return (is_new);
}

bool
sources_seen(struct sources *s, const struct report *r)
{
	switch (r->kind) {
	case REPORT_AGGREGATE:
		return (!sources_remember(s, 'a', r->aggregate.org,
		    r->aggregate.id, r->aggregate.domain,
		    r->aggregate.begin_s, r->aggregate.end_s));
	case REPORT_TLS:
		return (!sources_remember(s, 't', r->tls.org, r->tls.id,
		    r->tls.policies_n > 0 ? r->tls.policies[0].domain : "",
		    r->tls.begin_s, r->tls.end_s));
	case REPORT_FAILURE:
		break;
	}
	return (false);
}

static int
compare_ips(const struct source *a, const struct source *b)
{
	if ((a->ip_text == NULL) != (b->ip_text == NULL)) {
		return (a->ip_text == NULL ? -1 : 1);
	}
	if (a->ip_text != NULL) {
		return (strcmp(a->ip_text, b->ip_text));
	}
	return (a->ip.v6 != b->ip.v6 ? a->ip.v6 - b->ip.v6 :
	    memcmp(a->ip.octets, b->ip.octets, sizeof(a->ip.octets)));
}

/* Copies of a text may be in several places. */
static int
compare_texts(const char *a, const char *b)
{
	return (a == b ? 0 : strcmp(a, b));
}

static int
compare_outcomes(const struct source *a, const struct source *b)
{
	unsigned x = (unsigned)(a->dkim_result << 8 | a->spf_result << 4 |
	    a->dkim_aligned << 1 | a->spf_aligned);
	unsigned y = (unsigned)(b->dkim_result << 8 | b->spf_result << 4 |
	    b->dkim_aligned << 1 | b->spf_aligned);

	return (x < y ? -1 : x > y);
}

static int
compare_sources(const void *x, const void *y)
{
	const struct source *a = x, *b = y;
	int c = compare_texts(a->domain, b->domain);

	c = c != 0 ? c : compare_ips(a, b);
	c = c != 0 ? c : compare_texts(a->dkim_domain, b->dkim_domain);
	c = c != 0 ? c : compare_texts(a->dkim_selector, b->dkim_selector);
	c = c != 0 ? c : compare_texts(a->spf_domain, b->spf_domain);
	return (c != 0 ? c : compare_outcomes(a, b));
}

void
sources_merge(struct sources *s)
{
	size_t i, n = 0;

	if (s->merged == s->n) {
		return;
	}
	qsort(s->v, s->n, sizeof(s->v[0]), compare_sources);
	for (i = 1; i < s->n; i++) {
		if (compare_sources(&s->v[n], &s->v[i]) != 0) {
			s->v[++n] = s->v[i];
			continue;
		}
		s->v[n].messages = report_sum(s->v[n].messages,
		    s->v[i].messages);
		s->v[n].refused = report_sum(s->v[n].refused,
		    s->v[i].refused);
		s->v[n].reasons |= s->v[i].reasons;
	}
	s->n = n + 1;
	s->merged = s->n;
}

/* A place for one more. NULL: no memory, or too many. */
static struct source *
source_at_end(struct sources *s)
{
	size_t cap = s->cap > 0 ? s->cap * 2 : FIRST_CAP;
	struct source *v;

	if (s->n == s->cap) {
		sources_merge(s);
		if (s->n == SOURCES_MAX) {
			return (NULL);
		}
		/* Room for as many as there are, so that merging is rare. */
		if (s->n >= s->cap / 2) {
			v = realloc(s->v, cap * sizeof(*v));
			if (v == NULL) {
				return (NULL);
			}
			s->v = v;
			s->cap = cap;
		}
	}
	return (&s->v[s->n++]);
}

static enum status
add_row(struct sources *s, const char *domain, const struct report_row *row)
{
	struct source *v = source_at_end(s);

	if (v == NULL) {
		return (s->n >= SOURCES_MAX ? STATUS_LIMIT : STATUS_NOMEM);
	}
	*v = (struct source){ .domain = domain, .ip = row->ip,
		.dkim_result = row->dkim_result, .spf_result = row->spf_result,
		.dkim_aligned = row->dkim_aligned,
		.spf_aligned = row->spf_aligned, .reasons = row->reasons,
		.messages = row->count, .why = "" };
	v->ip_text = row->ip_text != NULL ? share_text(s, row->ip_text) : NULL;
	v->dkim_domain = share_text(s, row->dkim_domain);
	v->dkim_selector = share_text(s, row->dkim_selector);
	v->spf_domain = share_text(s, row->spf_domain);
	if (row->disposition == REPORT_QUARANTINE ||
	    row->disposition == REPORT_REJECT) {
		v->refused = row->count;
	}
	if (v->dkim_domain == NULL || v->dkim_selector == NULL ||
	    v->spf_domain == NULL) {
		s->n--;
		return (STATUS_NOMEM);
	}
	return (STATUS_OK);
}

enum status
sources_add(struct sources *s, const struct report_aggregate *a)
{
	const char *name = share_domain(s, a->domain);
	const char *p = share_text(s, a->p);
	struct source_domain *d;
	enum status status;
	size_t i;

	if (name == NULL || p == NULL) {
		return (STATUS_NOMEM);
	}
	d = sources_domain_at(s, name);
	if (d == NULL) {
		return (s->domains_n == SOURCES_DOMAINS_MAX ? STATUS_LIMIT :
		    STATUS_NOMEM);
	}
	sources_domain_add(s, d, a, p);
	for (i = 0; i < a->rows_n; i++) {
		status = add_row(s, d->name, &a->rows[i]);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	return (STATUS_OK);
}

size_t
sources_count(const struct sources *s)
{
	return (s->n);
}

struct source *
sources_get(const struct sources *s, size_t i)
{
	return (&s->v[i]);
}

size_t
sources_of(const struct sources *s, const struct source_domain *d,
    size_t *first_r)
{
	size_t low = 0, high = s->n, i;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(s->v[middle].domain, d->name) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	for (i = low; i < s->n && strcmp(s->v[i].domain, d->name) == 0; i++) {
	}
	*first_r = low;
	return (i - low);
}
