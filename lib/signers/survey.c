/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "signers/private.h"
#include "signers/survey.h"

#define MEMORY_BYTES	((size_t)256 * 1024 * 1024)

struct domain_state {
	struct str		 domain;
	enum signers_why	 why;		/* of a key that cannot */
	bool			 signs;
	bool			 stored;	/* a store has it, and neither
						   Domain nor a table */
};

struct survey {
	struct signers		*signers;
	const struct signers_survey_opts *opts;
	struct arena		 memory;
	struct arena		 scratch;	/* for one key */
	struct strmap		 domains;	/* to its domain_state */
	size_t			 loaded;
	struct signers_survey	*r;
};

static struct domain_state *
get_domain(struct survey *v, struct str domain)
{
	struct domain_state *state = strmap_get(&v->domains, domain);
	void **at;

	if (state != NULL) {
		return (state);
	}
	state = arena_calloc(&v->memory, 1, sizeof(*state));
	at = state != NULL ? strmap_at(&v->domains, domain) : NULL;
	if (at == NULL) {
		return (NULL);
	}
	state->domain = domain;
	*at = state;
	return (state);
}

static enum status
note_key(struct survey *v, struct str domain, const struct signers_pick *pick)
{
	struct domain_state *state = get_domain(v, domain);

	if (state == NULL) {
		return (STATUS_NOMEM);
	}
	if (pick->error.n == 0) {
		state->signs = true;
	} else {
		state->why = pick->why;
	}
	state->stored = pick->kind == SIGNERS_STORE;
	if (pick->key != NULL && v->opts->take_key != NULL) {
		v->opts->take_key(v->opts->ctx, pick);
	}
	return (STATUS_OK);
}

/* Beyond the limit a key counts as one that can be loaded. */
static bool
may_load(struct survey *v)
{
	return (v->opts->load_max == 0 || v->loaded++ < v->opts->load_max);
}

static enum status
survey_given(struct survey *v)
{
	const struct signers_opts *o = &v->signers->opts;
	enum status status = STATUS_OK;
	size_t i, j;

	for (i = 0; i < o->domains_n; i++) {
		for (j = 0; j < o->keys_n && status == STATUS_OK; j++) {
			status = note_key(v, o->domains[i],
			    &(struct signers_pick){ .domain = o->domains[i],
			    .selector = o->keys[j].selector,
			    .key = o->keys[j].key });
		}
	}
	return (status);
}

/* The domain of the authors that a pattern matches; absent: several. */
static struct str
pattern_domain(const struct signers *s, const struct table_rule *rule)
{
	struct str p = rule->pattern;
	size_t at = str_rfind(p, '@');

	if (at < p.n) {
		p = str_from_offset(p, at + 1);
	} else if (s->opts.signing_patterns) {
		return (STR_NONE);
	}
	return (p.n == 0 || p.p[0] == '.' || str_find(p, '*') < p.n ?
	    STR_NONE : p);
}

static enum status
survey_rule(struct survey *v, const struct table_rule *rule)
{
	const struct table_key *k = rule->key;
	struct str domain = pattern_domain(v->signers, rule);
	struct signers_pick pick = { .kind = SIGNERS_TABLE };
	enum status status = STATUS_OK;

	if (k == NULL && domain.p != NULL) {
		k = strmap_get(&v->signers->key_table.names, domain);
	}
	if (domain.p == NULL && k != NULL) {
		domain = k->domain;
	}
	if (domain.p == NULL) {
		v->r->patterns++;
		return (STATUS_OK);
	}
	pick.source = k;
	if (k == NULL) {
		pick.error = STR("no key");
	} else {
		pick.domain = k->domain.n > 0 ? k->domain : domain;
		pick.selector = k->selector;
		if (may_load(v)) {
			status = signers_tables_load(v->signers, &v->scratch,
			    &pick);
		}
	}
	if (status == STATUS_OK) {
		status = note_key(v, domain, &pick);
	}
	privkey_free(pick.key);
	arena_reset(&v->scratch);
	return (status);
}

static enum status
survey_tables(struct survey *v)
{
	const struct signing_table *table = &v->signers->signing_table;
	const struct table_rule *rule = table->loose;
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; status == STATUS_OK; i++) {
		for (; rule != NULL && status == STATUS_OK;
		    rule = rule->next) {
			status = survey_rule(v, rule);
		}
		if (i == strmap_count(&table->buckets)) {
			break;
		}
		rule = strmap_value(&table->buckets, i);
	}
	return (status);
}

/* What Domain, a table or an earlier store signs for, no other store does. */
static bool
is_settled(const struct survey *v, struct str domain)
{
	const struct domain_state *state = strmap_get(&v->domains, domain);

	return (state != NULL && (state->signs || !state->stored));
}

static enum status
survey_stored(struct survey *v, const struct stored_key *key)
{
	enum status status = STATUS_OK;

	if (is_settled(v, key->domain)) {
		return (STATUS_OK);
	}
	for (; key != NULL && status == STATUS_OK; key = key->next) {
		struct signers_pick pick = { .kind = SIGNERS_STORE,
			.domain = key->domain, .selector = key->selector,
			.error = key->error, .source = key,
			.why = key->inactive ? SIGNERS_NO_ACTIVE_KEY :
			SIGNERS_KEY_UNREADABLE };

		if (pick.error.n == 0 && may_load(v)) {
			status = signers_sources_load(v->signers, &v->scratch,
			    &pick);
		}
		if (status == STATUS_OK) {
			status = note_key(v, key->domain, &pick);
		}
		privkey_free(pick.key);
		arena_reset(&v->scratch);
	}
	return (status);
}

static enum status
survey_idle(struct survey *v, const struct stored_idle *idle)
{
	struct domain_state *state;

	if (strmap_get(&v->domains, idle->domain) != NULL) {
		return (STATUS_OK);
	}
	state = get_domain(v, idle->domain);
	if (state == NULL) {
		return (STATUS_NOMEM);
	}
	state->stored = true;
	state->why = SIGNERS_NO_ACTIVE_KEY;
	return (STATUS_OK);
}

static enum status
survey_store(struct survey *v, const struct stored *stored)
{
	const struct stored_key *key;
	const struct stored_idle *idle;
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; i < strmap_count(&stored->domains) &&
	    status == STATUS_OK; i++) {
		key = strmap_value(&stored->domains, i);
		if (key != NULL) {
			status = survey_stored(v, key);
		}
	}
	for (i = 0; i < strmap_count(&stored->idle) && status == STATUS_OK;
	    i++) {
		idle = strmap_value(&stored->idle, i);
		if (idle != NULL) {
			status = survey_idle(v, idle);
		}
	}
	return (status);
}

static const char *
why_text(enum signers_why why)
{
	switch (why) {
	case SIGNERS_KEY_UNREADABLE:
		break;
	case SIGNERS_NO_ACTIVE_KEY:
		return ("no active key");
	case SIGNERS_STORE_UNREACHABLE:
		return ("store unreachable");
	}
	return ("key unreadable");
}

static int
compare_states(const void *a, const void *b)
{
	const struct domain_state *const *va = a, *const *vb = b;

	return (str_cmp((*va)->domain, (*vb)->domain));
}

/* ": a (no active key), b (key unreadable) and 3 more" */
static enum status
write_cannot(struct survey *v, struct buf *b)
{
	struct domain_state **all, *state;
	size_t i, n = 0;

	all = arena_calloc(&v->memory, v->r->cannot, sizeof(*all));
	if (all == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < strmap_count(&v->domains); i++) {
		state = strmap_value(&v->domains, i);
		if (state != NULL && !state->signs) {
			all[n++] = state;
		}
	}
	qsort(all, n, sizeof(*all), compare_states);
	for (i = 0; i < n && i < SIGNERS_SURVEY_SHOWN; i++) {
		buf_printf(b, "%s%.*s (%s)", i == 0 ? ": " : ", ",
		    STR_FMT(all[i]->domain), why_text(all[i]->why));
	}
	if (i < n) {
		buf_printf(b, " and %zu more", n - i);
	}
	return (b->status);
}

static enum status
write_sentence(struct survey *v, struct buf *b)
{
	const struct signers_survey *r = v->r;

	if (r->sign == 0 && r->patterns == 0) {
		buf_printf(b, "no domain signs%s", r->cannot == 0 ?
		    ": no rule, no store has a key for one" : "");
	} else {
		buf_printf(b, "%zu domain%s", r->sign, r->sign == 1 ?
		    " signs" : "s sign");
	}
	if (r->patterns > 0) {
		buf_printf(b, " and %zu pattern%s of the SigningTable",
		    r->patterns, r->patterns == 1 ? "" : "s");
	}
	if (r->cannot > 0) {
		buf_printf(b, ", %zu cannot", r->cannot);
		return (write_cannot(v, b));
	}
	return (b->status);
}

static enum status
survey_all(struct survey *v)
{
	enum status status = survey_given(v);
	size_t i;

	if (status == STATUS_OK) {
		status = survey_tables(v);
	}
	for (i = 0; i < v->signers->stores_n && status == STATUS_OK; i++) {
		status = survey_store(v, v->signers->stores[i]);
	}
	return (status);
}

static void
tell_lost(const struct signers_survey_opts *opts,
    const struct domain_state *state)
{
	if (!state->signs && opts->take_lost != NULL) {
		opts->take_lost(opts->ctx, state->domain,
		    why_text(state->why));
	}
}

enum status
signers_survey(struct signers *s, const struct signers_survey_opts *opts,
    struct signers_survey *r, struct buf *sentence)
{
	struct survey v = { .signers = s, .opts = opts, .r = r };
	const struct domain_state *state;
	enum status status;
	size_t i;

	*r = (struct signers_survey){ 0, 0, 0 };
	arena_init(&v.memory, MEMORY_BYTES);
	arena_init(&v.scratch, MEMORY_BYTES);
	strmap_init(&v.domains);
	status = survey_all(&v);
	for (i = 0; i < strmap_count(&v.domains); i++) {
		state = strmap_value(&v.domains, i);
		if (state != NULL) {
			r->sign += state->signs;
			r->cannot += !state->signs;
			tell_lost(opts, state);
		}
	}
	if (status == STATUS_OK) {
		status = write_sentence(&v, sentence);
	}
	strmap_fini(&v.domains);
	arena_fini(&v.scratch);
	arena_fini(&v.memory);
	return (status);
}
