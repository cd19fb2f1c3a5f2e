/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report_names: --resolve: the confirmed names of addresses, and whether our
 * SPF record of today has an address. The number of questions and the time are
 * bounded: reports name the addresses.
 */
#include "config.h"

#include <stdlib.h>

#include "iprev/iprev.h"
#include "spf/check.h"
#include "tools/report.h"

#define ARENA_BYTES	((size_t)16 * 1024 * 1024)
#define NAMES_AT_ONCE	50	/* with their queries they fit in a batch */
#define SPF_CHECKS_MAX	2000
#define SPF_MAX_US	((uint64_t)30 * 1000000)	/* of all checks */

struct report_lookup {
	struct report_read	*o;
	struct dns		*dns;
	struct sources_own	 own;	/* what is known without DNS */
	size_t			 checks;
	uint64_t		 end_us;	/* of the checks */
};

struct report_lookup *
report_lookup_new(struct report_read *o, const struct sources_own *own)
{
	struct report_lookup *l = calloc(1, sizeof(*l));

	if (l == NULL || (l->dns = cli_dns_open(&o->dns_opts, &o->env)) ==
	    NULL) {
		free(l);
		return (NULL);
	}
	l->o = o;
	l->own = *own;
	l->end_us = env_mono_us(&o->env) + SPF_MAX_US;
	return (l);
}

void
report_lookup_free(struct report_lookup *l)
{
	if (l != NULL) {
		dns_release(l->dns);
		free(l);
	}
}

static bool
passes_spf(struct report_lookup *l, const struct source *v)
{
	uint64_t now_us = env_mono_us(&l->o->env);
	uint64_t timeout_us = cli_dns_timeout_us(&l->o->dns_opts);
	struct spf_opts opts = { .identity = SPF_MAILFROM, .ip = v->ip,
		.now_s = env_now_s(&l->o->env) };
	struct dns_batch *batch;
	struct spf_verdict verdict;
	struct arena arena;
	bool pass = false;

	if (l->checks++ >= SPF_CHECKS_MAX || now_us >= l->end_us) {
		return (false);
	}
	arena_init(&arena, ARENA_BYTES);
	batch = dns_batch_new(l->dns);
	opts.mail_from = arena_printf(&arena, "postmaster@%s", v->domain);
	if (batch != NULL && opts.mail_from.p != NULL &&
	    spf_check(&arena, &opts, batch, now_us + timeout_us, &verdict) ==
	    STATUS_OK) {
		pass = verdict.result == SPF_PASS;
	}
	dns_batch_free(batch);
	arena_fini(&arena);
	return (pass);
}

static bool
has_address(void *ctx, const struct source *v)
{
	struct report_lookup *l = ctx;

	if (l->own.address != NULL && l->own.address(l->own.ctx, v)) {
		return (true);
	}
	return (v->ip_text == NULL && passes_spf(l, v));
}

static bool
has_key(void *ctx, const char *domain, const char *selector)
{
	struct report_lookup *l = ctx;

	return (l->own.key != NULL && l->own.key(l->own.ctx, domain,
	    selector));
}

void
report_lookup_own(struct report_lookup *l, struct sources_own *r)
{
	*r = (struct sources_own){ has_address, has_key, l };
}

static const struct report_name *
find_name(const struct report_read *o, const struct ip_addr *ip)
{
	size_t i;

	for (i = 0; i < o->names_n; i++) {
		if (ip_eq(&o->names[i].ip, ip)) {
			return (&o->names[i]);
		}
	}
	return (NULL);
}

/* The first addresses in the order in which they are shown. */
static void
choose_names(struct report_read *o)
{
	size_t i;

	for (i = 0; i < sources_count(o->sources) &&
	    o->names_n < REPORT_NAMES_MAX; i++) {
		const struct source *v = sources_get(o->sources, i);

		if (v->ip_text == NULL && find_name(o, &v->ip) == NULL) {
			o->names[o->names_n++] = (struct report_name){
				.ip = v->ip };
		}
	}
}

/* Whether all n are done. */
static bool
step_all(struct iprev **v, size_t n)
{
	bool all = true, done;
	size_t i;

	for (i = 0; i < n; i++) {
		done = true;
		if (v[i] != NULL && iprev_step(v[i], &done) != STATUS_OK) {
			v[i] = NULL;
			done = true;
		}
		all = all && done;
	}
	return (all);
}

static void
ask_names(struct report_lookup *l, struct report_name *names, size_t n,
    struct dns_batch *batch, struct arena *arena)
{
	uint64_t deadline_us = env_mono_us(&l->o->env) +
	    cli_dns_timeout_us(&l->o->dns_opts);
	struct iprev *v[NAMES_AT_ONCE];
	struct str name;
	size_t i;

	for (i = 0; i < n; i++) {
		if (iprev_new(arena, batch, &names[i].ip, &v[i]) !=
		    STATUS_OK) {
			v[i] = NULL;
		}
	}
	while (!step_all(v, n) && dns_batch_wait_any(batch, deadline_us)) {
	}
	for (i = 0; i < n; i++) {
		if (v[i] == NULL) {
			continue;
		}
		iprev_give_up(v[i]);
		name = iprev_get(v[i])->name;
		if (iprev_get(v[i])->result == IPREV_PASS && name.p != NULL) {
			names[i].name = strndup(name.p, name.n);
		}
	}
}

void
report_lookup_names(struct report_lookup *l)
{
	struct report_read *o = l->o;
	struct dns_batch *batch;
	struct arena arena;
	size_t i, n;

	choose_names(o);
	for (i = 0; i < o->names_n; i += n) {
		n = o->names_n - i;
		n = n < NAMES_AT_ONCE ? n : NAMES_AT_ONCE;
		batch = dns_batch_new(l->dns);
		if (batch == NULL) {
			return;
		}
		arena_init(&arena, ARENA_BYTES);
		ask_names(l, &o->names[i], n, batch, &arena);
		dns_batch_free(batch);
		arena_fini(&arena);
	}
}

const char *
report_name(const struct report_read *o, const struct source *v)
{
	const struct report_name *name = v->ip_text == NULL ?
	    find_name(o, &v->ip) : NULL;

	return (name != NULL ? name->name : NULL);
}
