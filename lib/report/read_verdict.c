/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * read_verdict: whose a source is. Sources of one domain and address are
 * judged together: what one row shows of an address counts for its others.
 *
 *	mine		DMARC passes, and it is no forwarder
 *	forwarder	it passes by our signature alone, from an address that
 *			is not ours, by a key that our own addresses use; or
 *			it fails, with a signature of ours that no longer
 *			verifies, or where the receiver says that it forwards
 *	fix		it fails, from an address that is ours
 *	other		it fails, and nothing of ours is in it
 */
#include "config.h"

#include <stdlib.h>

#include "report/read_sources_private.h"

struct judge {
	struct sources			*s;
	const struct sources_own	*own;
	struct strmap			 keys;	/* domain, d= and s= of keys
						   that our addresses use */
	struct arena			 arena;
};

bool
source_passes(const struct source *v)
{
	return (v->dkim_aligned || v->spf_aligned);
}

const char *
source_verdict_name(enum source_verdict verdict)
{
	static const char *const names[] = { "mine", "fix", "forwarder",
		"other", "unknown" };

	return (names[verdict]);
}

const char *
source_domain_verdict(const struct source_domain *d)
{
	return (d->to_fix > 0 ? "fix" : d->own_pass > 0 ? "fine" : "unknown");
}

/* Whether name is the domain or below it, whatever the case. */
static bool
is_within(const char *name, const char *domain)
{
	struct str n = str_from(name), d = str_from(domain);

	return (d.n > 0 && n.n >= d.n && str_ends_ci(n, d) &&
	    (n.n == d.n || n.p[n.n - d.n - 1] == '.'));
}

/* SPF passed with a name of ours: the address is in our record. */
static bool
shows_own_address(const struct source *v)
{
	return (v->spf_aligned || (v->spf_result == REPORT_AUTH_PASS &&
	    is_within(v->spf_domain, v->domain)));
}

static bool
has_signature(const struct source *v)
{
	return (v->dkim_domain[0] != '\0' &&
	    (v->dkim_aligned || is_within(v->dkim_domain, v->domain)));
}

static struct str
key_name(struct judge *j, const struct source *v)
{
	return (arena_printf(&j->arena, "%s\n%s\n%s", v->domain,
	    v->dkim_domain, v->dkim_selector));
}

static bool
is_own_key(struct judge *j, const struct source *v)
{
	struct str key = key_name(j, v);

	return ((key.p != NULL && strmap_get(&j->keys, key) != NULL) ||
	    (j->own->key != NULL && j->own->key(j->own->ctx, v->dkim_domain,
	    v->dkim_selector)));
}

/* Whether our own addresses sign with it. */
static bool
is_used_key(struct judge *j, const struct source *v)
{
	struct str key = key_name(j, v);

	return (key.p != NULL && strmap_get(&j->keys, key) != NULL);
}

static void
set_verdict(struct source *v, enum source_verdict verdict, const char *why)
{
	v->verdict = (unsigned char)verdict;
	v->why = why;
}

static void
judge_pass(struct judge *j, struct source *v, bool own)
{
	if (v->dkim_aligned && v->spf_aligned) {
		set_verdict(v, SOURCE_MINE, "passes by SPF and DKIM");
	} else if (v->spf_aligned) {
		set_verdict(v, SOURCE_MINE, has_signature(v) ?
		    "passes by SPF alone: its signature fails" :
		    "passes by SPF alone: not signed");
	} else if (own) {
		set_verdict(v, SOURCE_MINE, "passes by DKIM alone: SPF checked "
		    "another domain");
	} else if (is_used_key(j, v)) {
		set_verdict(v, SOURCE_FORWARDER, "your signature, from an "
		    "address that is not yours");
	} else {
		set_verdict(v, SOURCE_MINE, "passes by DKIM alone: not in your "
		    "SPF record");
	}
}

static void
judge_fail(struct judge *j, struct source *v, bool own)
{
	if (own && has_signature(v)) {
		set_verdict(v, SOURCE_FIX, v->dkim_result == REPORT_AUTH_PASS ?
		    "your address: its signature is not aligned" :
		    "your address: its signature fails, and SPF");
	} else if (own) {
		set_verdict(v, SOURCE_FIX, is_within(v->spf_domain, v->domain) ?
		    "your address: not signed, and SPF fails" :
		    "your address: not signed, and SPF checked another "
		    "domain");
	} else if ((v->reasons & (REPORT_REASON_LIST |
	    REPORT_REASON_FORWARDER)) != 0) {
		set_verdict(v, SOURCE_FORWARDER, "the receiver says that it "
		    "forwards");
	} else if (has_signature(v) && is_own_key(j, v)) {
		set_verdict(v, SOURCE_FORWARDER, "your signature, broken on "
		    "the way");
	} else if (v->dkim_result == REPORT_AUTH_PASS ||
	    v->spf_result == REPORT_AUTH_PASS) {
		set_verdict(v, SOURCE_OTHER, "authenticates as somebody else");
	} else if (v->dkim_result == REPORT_AUTH_ABSENT &&
	    v->spf_result == REPORT_AUTH_ABSENT) {
		set_verdict(v, SOURCE_UNKNOWN, "the reports do not say enough");
	} else {
		set_verdict(v, SOURCE_OTHER, "nothing of yours in it");
	}
}

static bool
same_address(const struct source *a, const struct source *b)
{
	return (strcmp(a->domain, b->domain) == 0 &&
	    (a->ip_text == NULL) == (b->ip_text == NULL) &&
	    (a->ip_text != NULL ? strcmp(a->ip_text, b->ip_text) == 0 :
	    ip_eq(&a->ip, &b->ip)));
}

static size_t
address_end(const struct sources *s, size_t from)
{
	size_t i = from + 1;

	while (i < s->n && same_address(&s->v[from], &s->v[i])) {
		i++;
	}
	return (i);
}

static bool
is_own_address(struct judge *j, size_t from, size_t to)
{
	size_t i;

	for (i = from; i < to; i++) {
		if (shows_own_address(&j->s->v[i])) {
			return (true);
		}
	}
	return (j->own->address != NULL &&
	    j->own->address(j->own->ctx, &j->s->v[from]));
}

/* Notes the keys by which mail from an address of ours passed. */
static enum status
note_keys(struct judge *j, size_t from, size_t to)
{
	void **place;
	struct str key;
	size_t i;

	for (i = from; i < to; i++) {
		struct source *v = &j->s->v[i];

		if (!has_signature(v) || !v->dkim_aligned) {
			continue;
		}
		key = key_name(j, v);
		place = key.p != NULL ? strmap_at(&j->keys, key) : NULL;
		if (place == NULL) {
			return (STATUS_NOMEM);
		}
		*place = j->s;
	}
	return (STATUS_OK);
}

/* own[i]: whether the address of source i is ours. */
static enum status
judge_all(struct judge *j, bool *own)
{
	struct sources *s = j->s;
	enum status status;
	size_t i, end;

	for (i = 0; i < s->n; i = end) {
		end = address_end(s, i);
		memset(&own[i], is_own_address(j, i, end), end - i);
		status = own[i] ? note_keys(j, i, end) : STATUS_OK;
		if (status != STATUS_OK) {
			return (status);
		}
	}
	for (i = 0; i < s->n; i++) {
		if (source_passes(&s->v[i])) {
			judge_pass(j, &s->v[i], own[i]);
		} else {
			judge_fail(j, &s->v[i], own[i]);
		}
	}
	return (STATUS_OK);
}

static void
add_to_domain(struct source_domain *d, const struct source *v)
{
	int64_t *by = &d->by_verdict[v->verdict];
	int64_t *own;

	*by = report_sum(*by, v->messages);
	if (v->verdict == SOURCE_MINE || v->verdict == SOURCE_FIX) {
		own = source_passes(v) ? &d->own_pass : &d->own_fail;
		*own = report_sum(*own, v->messages);
	}
	d->to_fix += v->verdict == SOURCE_FIX;
}

static int
compare_shown(const void *x, const void *y)
{
	static const int rank[] = { [SOURCE_FIX] = 0, [SOURCE_MINE] = 1,
		[SOURCE_FORWARDER] = 2, [SOURCE_OTHER] = 3,
		[SOURCE_UNKNOWN] = 4 };
	const struct source *a = x, *b = y;
	int c = strcmp(a->domain, b->domain);

	if (c != 0) {
		return (c);
	}
	if (a->verdict != b->verdict) {
		return (rank[a->verdict] - rank[b->verdict]);
	}
	if (a->messages != b->messages) {
		return (a->messages > b->messages ? -1 : 1);
	}
	return (memcmp(a->ip.octets, b->ip.octets, sizeof(a->ip.octets)));
}

static int
compare_domains(const void *x, const void *y)
{
	const struct source_domain *a = x, *b = y;

	if (a->messages != b->messages) {
		return (a->messages > b->messages ? -1 : 1);
	}
	return (strcmp(a->name, b->name));
}

static void
sum_up(struct sources *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		void *place = strmap_get(&s->by_name,
		    str_from(s->v[i].domain));

		add_to_domain(&s->domains[(uintptr_t)place - 1], &s->v[i]);
	}
	qsort(s->v, s->n, sizeof(s->v[0]), compare_shown);
	qsort(s->domains, s->domains_n, sizeof(s->domains[0]),
	    compare_domains);
}

enum status
sources_judge(struct sources *s, const struct sources_own *own)
{
	static const struct sources_own nothing = { NULL, NULL, NULL };
	struct judge j = { .s = s, .own = own != NULL ? own : &nothing };
	enum status status = STATUS_NOMEM;
	bool *flags;

	if (s->n == 0) {
		return (STATUS_OK);
	}
	sources_merge(s);
	flags = calloc(s->n, sizeof(*flags));
	strmap_init(&j.keys);
	arena_init(&j.arena, SOURCES_TEXTS_MAX_BYTES);
	if (flags != NULL) {
		status = judge_all(&j, flags);
	}
	if (status == STATUS_OK) {
		sum_up(s);
	}
	arena_fini(&j.arena);
	strmap_fini(&j.keys);
	free(flags);
	return (status);
}
