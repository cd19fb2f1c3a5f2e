/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lost: finds domains that were signed for and no longer are. A rule that is
 * gone from a SigningTable was perhaps only not written yet: unless a person
 * asked for the reload, it is a loss, and the new table is refused (opts.lose).
 * So it is if an author has other keys now and none of them can be loaded, but
 * one of the former could, even if the table is whole. What a KeyStore loses is
 * kept by stored_read.c, lines of a KeyTable by kept.c.
 */
#include "signers/named.h"
#include "signers/private.h"

#define MEMORY_BYTES	((size_t)64 * 1024)

struct search {
	struct signers	*signers;
	const struct signers *before;
	struct arena	 arena;
	struct named	 named;
	size_t		 rules;		/* of them, from the table */
	size_t		 unusable;	/* authors whose new keys are */
	struct diag	 why;		/* of the first of these */
};

/* An address of an author that the pattern matches. p == NULL: no memory. */
static struct str
example_of(struct arena *arena, struct str pattern)
{
	char *p = arena_alloc(arena, 2 * pattern.n + 1);
	size_t i, n = 0;

	if (p == NULL) {
		return (STR_NONE);
	}
	for (i = 0; i < pattern.n; i++) {
		/* ".example.com": all below it. */
		if (pattern.p[i] == '.' &&
		    (i == 0 || pattern.p[i - 1] == '@')) {
			p[n++] = 'x';
		}
		p[n++] = pattern.p[i] == '*' ? 'x' : pattern.p[i];
	}
	return (str_mem(p, n));
}

static bool
is_same_key(const struct signers_pick *a, const struct signers_pick *b)
{
	const struct table_key *k = a->source, *other = b->source;

	return (a->kind == SIGNERS_TABLE && b->kind == SIGNERS_TABLE &&
	    k != NULL && other != NULL && str_eq(a->domain, b->domain) &&
	    str_eq(k->selector, other->selector) && str_eq(k->key, other->key));
}

/* Whether a new pick can sign, or is what it was. */
static bool
is_usable(struct search *v, const struct signers_pick *pick,
    const struct signers_picks *former, struct diag *why)
{
	size_t i;

	if (pick->kind != SIGNERS_TABLE) {
		return (true);
	}
	for (i = 0; i < former->n; i++) {
		if (is_same_key(pick, &former->v[i])) {
			return (true);
		}
	}
	if (pick->error.n > 0) {
		diag_set(why, NULL, 0, "%.*s", STR_FMT(pick->error));
		return (false);
	}
	return (signers_tables_try(v->signers, &v->arena, pick->source,
	    pick->domain, why) == STATUS_OK);
}

/* Of an author whose keys may be other ones now. NOMEM. */
static enum status
look_up_keys(struct search *v, struct str local, struct str domain,
    const struct signers_picks *picks)
{
	struct signers *before = (struct signers *)(uintptr_t)v->before;
	struct signers_picks former;
	enum status status;
	struct diag why;
	bool worked = false;
	size_t i;

	status = signers_pick(before, &v->arena, local, domain, &former);
	diag_init(&why);
	for (i = 0; i < picks->n && status == STATUS_OK; i++) {
		if (is_usable(v, &picks->v[i], &former, &why)) {
			return (STATUS_OK);
		}
	}
	if (status == STATUS_OK) {
		status = signers_load(before, &v->arena, &former);
	}
	for (i = 0; i < former.n; i++) {
		worked = worked || former.v[i].key != NULL;
	}
	signers_picks_fini(&former);
	if (status == STATUS_OK && worked && v->unusable++ == 0) {
		diag_set(&v->why, NULL, 0, "%.*s would not be signed any "
		    "more: %s", STR_FMT(domain), why.text);
	}
	return (status);
}

/* NOMEM; *lost_r: nothing signs for the address. */
static enum status
look_up(struct search *v, struct str address, bool *lost_r)
{
	size_t at = str_rfind(address, '@');
	struct str local = at < address.n ? str_first(address, at) : STR("x");
	struct str domain = at < address.n ?
	    str_from_offset(address, at + 1) : address;
	struct signers_picks picks;
	enum status status = signers_pick(v->signers, &v->arena, local, domain,
	    &picks);

	*lost_r = picks.n == 0;
	if (status == STATUS_OK && !*lost_r &&
	    v->signers->opts.lose != SIGNERS_LOSE_ANY) {
		status = look_up_keys(v, local, domain, &picks);
	}
	if (status == STATUS_OK && *lost_r) {
		named_add(&v->named, domain);
	}
	arena_reset(&v->arena);
	return (status);
}

static enum status
look_up_rules(struct search *v, const struct table_rule *rule)
{
	enum status status = STATUS_OK;
	struct str address;
	bool lost;

	for (; rule != NULL && status == STATUS_OK; rule = rule->next) {
		address = example_of(&v->arena, rule->pattern);
		if (address.p == NULL) {
			return (STATUS_NOMEM);
		}
		status = look_up(v, address, &lost);
		v->rules += lost;
	}
	return (status);
}

static enum status
look_up_table(struct search *v, const struct signing_table *table)
{
	enum status status = look_up_rules(v, table->loose);
	size_t i;

	for (i = 0; i < strmap_count(&table->buckets) && status == STATUS_OK;
	    i++) {
		status = look_up_rules(v, strmap_value(&table->buckets, i));
	}
	return (status);
}

static enum status
look_up_others(struct search *v, const struct signers *before)
{
	enum status status = STATUS_OK;
	const struct strmap *domains;
	const struct stored_key *key;
	size_t i, j;
	bool lost;

	for (i = 0; before->opts.keys_n > 0 && i < before->opts.domains_n &&
	    status == STATUS_OK; i++) {
		status = look_up(v, before->opts.domains[i], &lost);
	}
	for (i = 0; i < before->stores_n; i++) {
		domains = &before->stores[i]->domains;
		for (j = 0; j < strmap_count(domains) && status == STATUS_OK;
		    j++) {
			key = strmap_value(domains, j);
			if (key != NULL && key->error.n == 0) {
				status = look_up(v, key->domain, &lost);
			}
		}
	}
	return (status);
}

/* Whether a new table without those rules is refused. */
static bool
is_refused(const struct search *v)
{
	const struct signers *s = v->signers;

	if (v->rules == 0) {
		return (false);
	}
	switch (s->opts.lose) {
	case SIGNERS_LOSE_ANY:
		return (false);
	case SIGNERS_LOSE_WHOLE:
		return (!s->signing_table_whole);
	case SIGNERS_LOSE_NOTHING:
		return (true);
	}
	return (false);
}

static enum status
report_lost(struct search *v, struct diag *diag)
{
	const char *text = named_end(&v->named);

	if (v->unusable > 0) {
		diag_set(diag, table_name(v->signers->opts.signing_table), 0,
		    "mail of %s; send SIGHUP if this is intended", v->why.text);
		return (STATUS_IO);
	}
	if (text == NULL) {
		return (STATUS_OK);
	}
	if (is_refused(v)) {
		diag_set(diag,
		    table_name(v->signers->opts.signing_table), 0,
		    "it no longer has a rule for %s", text);
		return (STATUS_TEMP);
	}
	env_log(v->signers->opts.env, LOG_LEVEL_WARNING, "mail of %s is no "
	    "longer signed: no rule and no key is left", text);
	return (STATUS_OK);
}

enum status
signers_lost_check(struct signers *s, const struct signers *before,
    struct diag *diag)
{
	struct search v = { .signers = s, .before = before };
	enum status status;

	if (before == NULL) {
		return (STATUS_OK);
	}
	arena_init(&v.arena, MEMORY_BYTES);
	named_init(&v.named);
	status = look_up_table(&v, &before->signing_table);
	if (status == STATUS_OK) {
		status = look_up_others(&v, before);
	}
	if (status == STATUS_OK) {
		status = report_lost(&v, diag);
	}
	named_fini(&v.named);
	arena_fini(&v.arena);
	return (status);
}
