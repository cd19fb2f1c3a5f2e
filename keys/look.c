/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/types.h>

#include "dkim/key.h"
#include "keys/keys.h"
#include "keys/look.h"
#include "mail/domain.h"

bool
looker_init(struct looker *looker, struct store *store,
    const struct cli_dns *opts)
{
	*looker = (struct looker){ store, opts, NULL };
	if (opts->zone != NULL) {
		looker->zone = cli_dns_open(opts, &store->env);
		return (looker->zone != NULL);
	}
	return (true);
}

void
looker_fini(struct looker *looker)
{
	dns_release(looker->zone);
}

struct subject {		/* whose record is looked for */
	const struct keystore_key	*key;
	const struct privkey		*private;	/* NULL: lost */
};

static bool
is_ours(const struct subject *s, struct str text, const struct dkim_key *key)
{
	return (key->pubkey != NULL && (s->private != NULL ?
	    privkey_fits(s->private, key->pubkey) :
	    str_eq(text, s->key->record)));
}

/* One record against the key. */
static void
judge_record(struct str text, const struct subject *s, struct look_server *r)
{
	struct dkim_key key;

	if (dkim_key_parse(text, &key) != STATUS_OK) {
		r->what = "out of memory";
		return;
	}
	r->testing = key.testing;
	if (is_ours(s, text, &key)) {
		r->good = key.result == DKIM_NONE && key.sha256;
		r->what = r->good ? "it has the record" :
		    "its record cannot be used";
	} else if (key.reason != NULL &&
	    strcmp(key.reason, "key revoked") == 0) {
		r->revoked = true;
		r->what = "it has the record of a revoked key";
	} else {
		r->foreign = true;
		r->what = "it has another record";
	}
	dkim_key_fini(&key);
}

static void
judge(const struct dns_told *told, const struct subject *s,
    struct look_server *r)
{
	r->ttl_s = told->result == DNS_OK ? told->ttl_s : -1;
	r->answers = true;
	switch (told->result) {
	case DNS_OK:
		if (told->n == 1) {
			judge_record(told->v[0], s, r);
		} else {
			r->foreign = true;
			r->what = "it has more than one record";
		}
		return;
	case DNS_NXDOMAIN:
	case DNS_NODATA:
		r->gone = r->revoked = true;
		r->what = "it has no record";
		return;
	case DNS_SERVFAIL:
	case DNS_TIMEOUT:
	case DNS_BADNAME:
		break;
	}
	r->answers = false;
	r->what = "it does not answer";
}

/* What holds for every one of them, and what for any. */
static void
sum_up(struct looker *looker, enum key_stage stage, struct look *r)
{
	struct found *f = &r->found;
	size_t i;

	f->good = f->gone = f->revoked = r->n > 0;
	f->why = NULL;
	for (i = 0; i < r->n; i++) {
		const struct look_server *s = &r->v[i];

		f->good = f->good && s->good;
		f->gone = f->gone && s->gone;
		f->revoked = f->revoked && s->revoked;
		f->foreign = f->foreign || s->foreign;
		if (f->why == NULL && (stage < KEY_REVOKED ? !s->good :
		    !s->gone)) {
			f->why = arena_printf(&looker->store->arena,
			    "%.*s: %s", STR_FMT(s->name), s->what).p;
		}
	}
}

static bool
ask_zone(struct looker *looker, struct look *r, struct dns_told *told)
{
	struct dns_batch *batch = dns_batch_new(looker->zone);
	struct arena *arena = &looker->store->arena;
	const struct dns_answer *answer;
	struct dns_query *query = NULL;

	if (batch != NULL) {
		query = dns_batch_add(batch, r->owner, DNS_TXT);
	}
	if (query == NULL) {
		dns_batch_free(batch);
		return (false);
	}
	dns_batch_wait(batch, env_mono_us(&looker->store->env) +
	    cli_dns_timeout_us(looker->opts));
	answer = dns_query_answer(query);
	*told = (struct dns_told){ .result = answer->result,
		.ttl_s = answer->ttl_s };
	told->v = arena_calloc(arena, answer->n, sizeof(*told->v));
	for (; told->v != NULL && told->n < answer->n; told->n++) {
		told->v[told->n] = arena_dup(arena,
		    answer->v[told->n].data);
	}
	dns_batch_free(batch);
	return (told->v != NULL);
}

static void
look_at_zone(struct looker *looker, const struct subject *s, struct look *r)
{
	struct dns_told told;

	r->target = r->owner;
	r->found.negative_ttl_s = LOOK_ZONE_NEGATIVE_TTL_S;
	r->v = arena_calloc(&looker->store->arena, 1, sizeof(*r->v));
	if (r->v != NULL && ask_zone(looker, r, &told)) {
		r->v[0].name = STR("zone text");
		r->n = 1;
		judge(&told, s, &r->v[0]);
	}
}

/* All addresses of one; of those that do not answer at most one stays. */
static void
look_at_server(struct looker *looker, const struct dns_opts *opts,
    const struct dns_server *server, const struct subject *s, struct look *r)
{
	struct look_server silent = { .name = STR_NONE }, *one;
	size_t i, before = r->n;
	struct dns_told told;
	struct diag diag;

	for (i = 0; i < server->n; i++) {
		one = &r->v[r->n];
		*one = (struct look_server){ .name = server->name };
		diag_init(&diag);
		if (dns_authority_ask(&looker->store->arena, opts, r->target,
		    server->addresses[i], looker->store->policy.port, &told,
		    &diag) != STATUS_OK) {
			told.result = DNS_TIMEOUT;
		}
		judge(&told, s, one);
		if (one->answers) {
			r->n++;
		} else {
			silent = *one;
		}
	}
	if (r->n == before) {
		r->v[r->n++] = silent;
	}
}

static void
look_at_servers(struct looker *looker, const struct subject *s,
    struct look *r, struct diag *diag)
{
	struct store *store = looker->store;
	struct dns_authority authority;
	struct dns_opts opts;
	size_t i;

	dns_opts_init(&opts);
	opts.env = &store->env;
	opts.timeout_us = cli_dns_timeout_us(looker->opts);
	opts.nameservers = looker->opts->nameservers;
	opts.nameservers_n = looker->opts->nameservers_n;
	opts.trust_anchor_file = looker->opts->trust_anchor;
	if (dns_authority_find(&store->arena, &opts, r->owner, &authority,
	    diag) != STATUS_OK) {
		return;
	}
	r->target = authority.name;
	r->zone = authority.zone;
	r->found.negative_ttl_s = authority.negative_ttl_s;
	r->v = arena_calloc(&store->arena, authority.n *
	    DNS_AUTHORITY_MAX_ADDRESSES, sizeof(*r->v));
	for (i = 0; r->v != NULL && i < authority.n; i++) {
		look_at_server(looker, &opts, &authority.v[i], s, r);
	}
}

static void
look_and_say(struct looker *looker, const struct keystore_key *key,
    const struct privkey *private, struct look *r, struct diag *diag)
{
	const struct subject s = { key, private };
	struct arena *arena = &looker->store->arena;
	/* That a record is gone is seen without what it was the record of. */
	bool can = private != NULL || key->stage >= KEY_REVOKED;

	*r = (struct look){ .n = 0 };
	r->owner = domain_key_name(arena, key->selector, key->domain);
	if (can && looker->zone != NULL) {
		look_at_zone(looker, &s, r);
	} else if (can) {
		look_at_servers(looker, &s, r, diag);
	}
	sum_up(looker, key->stage, r);
	if (r->n == 0) {
		r->found.why = arena_dup(arena, str_from(diag->text)).p;
	}
}

void
look_with(struct looker *looker, const struct keystore_key *key,
    const struct privkey *private, struct look *r)
{
	struct diag diag;

	diag_init(&diag);
	look_and_say(looker, key, private, r, &diag);
}

void
look(struct looker *looker, const struct keystore_key *key, struct look *r)
{
	struct privkey *private;
	struct diag diag;

	diag_init(&diag);
	private = store_private(looker->store, key, &diag);
	if (key->stage >= KEY_REVOKED) {
		diag_init(&diag);
	}
	look_and_say(looker, key, private, r, &diag);
	privkey_free(private);
}
