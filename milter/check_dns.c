/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>

#include "base/arena.h"
#include "dkim/key.h"
#include "mail/domain.h"
#include "milter/check_dns.h"

#define MEMORY_BYTES	((size_t)4 * 1024 * 1024)
#define HINTS_MAX	3	/* zones above a key, each tried twice */

struct asked {
	struct str		 owner;		/* of the record */
	struct str		 domain;
	struct privkey		*key;		/* held */
	struct dns_query	*query;
	struct dns_query	*hints[HINTS_MAX];	/* owner and a zone */
	struct str		 hint_names[HINTS_MAX];
};

struct check_dns {
	const struct env	*env;
	struct arena		 arena;
	struct dns_batch	*batch;
	struct asked		 v[CHECK_DNS_KEYS_MAX];
	size_t			 n;
	size_t			 left;
};

struct check_dns *
check_dns_new(struct dns *dns, const struct env *env)
{
	struct check_dns *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		return (NULL);
	}
	c->env = env;
	arena_init(&c->arena, MEMORY_BYTES);
	c->batch = dns_batch_new(dns);
	if (c->batch == NULL) {
		check_dns_free(c);
		return (NULL);
	}
	return (c);
}

void
check_dns_free(struct check_dns *c)
{
	size_t i;

	if (c == NULL) {
		return;
	}
	for (i = 0; i < c->n; i++) {
		privkey_free(c->v[i].key);
	}
	dns_batch_free(c->batch);
	arena_fini(&c->arena);
	free(c);
}

static bool
is_asked(const struct check_dns *c, struct str owner)
{
	size_t i;

	for (i = 0; i < c->n; i++) {
		if (str_eq(c->v[i].owner, owner)) {
			return (true);
		}
	}
	return (false);
}

void
check_dns_add(void *ctx, const struct signers_pick *pick)
{
	struct check_dns *c = ctx;
	struct str owner = domain_key_name(&c->arena, pick->selector,
	    pick->domain);
	struct asked *a;

	if (owner.p != NULL && is_asked(c, owner)) {
		return;
	}
	if (owner.p == NULL || c->n == CHECK_DNS_KEYS_MAX) {
		c->left++;
		return;
	}
	a = &c->v[c->n];
	a->query = dns_batch_add(c->batch, owner, DNS_TXT);
	a->domain = arena_dup(&c->arena, pick->domain);
	if (a->query == NULL || a->domain.p == NULL) {
		c->left++;
		return;
	}
	a->owner = owner;
	a->key = privkey_hold(pick->key);
	c->n++;
}

static bool
is_missing(const struct dns_query *query)
{
	enum dns_result result = dns_query_answer(query)->result;

	return (result == DNS_NXDOMAIN || result == DNS_NODATA);
}

static void
ask_hints(struct check_dns *c, struct asked *a)
{
	struct str zone = a->domain;
	size_t i;

	for (i = 0; i < HINTS_MAX && domain_labels(zone) >= 2; i++) {
		a->hint_names[i] = domain_doubled(&c->arena, a->owner, zone);
		if (a->hint_names[i].p != NULL) {
			a->hints[i] = dns_batch_add(c->batch,
			    a->hint_names[i], DNS_TXT);
		}
		zone = domain_parent(zone);
	}
}

static void
warn_missing(const struct check_dns *c, const struct asked *a)
{
	size_t i;

	for (i = 0; i < HINTS_MAX && a->hints[i] != NULL; i++) {
		if (dns_query_answer(a->hints[i])->result == DNS_OK) {
			env_log(c->env, LOG_LEVEL_WARNING, "DNS: the record "
			    "of a key that signs is at %.*s: "
			    DOMAIN_DOUBLED_WHAT "; " DOMAIN_DOUBLED_TODO ", so "
			    "that it is %.*s", STR_FMT(a->hint_names[i]),
			    STR_FMT(a->owner));
			return;
		}
	}
	env_log(c->env, LOG_LEVEL_WARNING, "DNS: there is no record %.*s (%s):"
	    " receivers cannot verify what this key signs. If its name is "
	    "right, publish it", STR_FMT(a->owner),
	    dns_result_text(dns_query_answer(a->query)->result));
}

/* Why the answer is not that key's record; NULL: it is. */
static const char *
why_not(const struct asked *a)
{
	const struct dkim_keys *keys = dns_answer_object(
	    dns_query_answer(a->query), &dkim_keys_parser);

	if (keys == NULL || dkim_keys_find(keys, a->key) != NULL) {
		return (NULL);
	}
	return (keys->v[0].pubkey != NULL || keys->v[0].reason == NULL ?
	    "the record is another key's" : keys->v[0].reason);
}

static void
judge_key(const struct check_dns *c, const struct asked *a,
    struct check_dns_counts *r)
{
	const char *why;

	switch (dns_query_answer(a->query)->result) {
	case DNS_SERVFAIL:
	case DNS_TIMEOUT:
		r->unknown++;
		break;
	case DNS_NXDOMAIN:
	case DNS_NODATA:
	case DNS_BADNAME:
		r->bad++;
		warn_missing(c, a);
		break;
	case DNS_OK:
		why = why_not(a);
		if (why != NULL) {
			r->bad++;
			env_log(c->env, LOG_LEVEL_WARNING, "DNS: %.*s: %s: "
			    "receivers cannot verify what this key signs",
			    STR_FMT(a->owner), why);
		}
		break;
	}
}

void
check_dns_finish(struct check_dns *c, struct check_dns_counts *r)
{
	size_t i;

	*r = (struct check_dns_counts){ .left = c->left };
	dns_batch_wait(c->batch, env_mono_us(c->env) + CHECK_DNS_WAIT_US);
	for (i = 0; i < c->n; i++) {
		if (is_missing(c->v[i].query)) {
			ask_hints(c, &c->v[i]);
		}
	}
	dns_batch_wait(c->batch, env_mono_us(c->env) + CHECK_DNS_HINT_US);
	for (i = 0; i < c->n; i++) {
		judge_key(c, &c->v[i], r);
	}
	if (r->unknown > 0) {
		env_log(c->env, LOG_LEVEL_WARNING, "DNS: %s: whether the "
		    "records of %zu key%s are right is unknown; see "
		    "Nameservers and resolv.conf", r->unknown == c->n ?
		    "no resolver answers" : "some names have no answer",
		    r->unknown, r->unknown == 1 ? "" : "s");
	}
}
