/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/types.h>

#include "keys/look.h"
#include "mail/domain.h"

#define DOUBLED_MAX	2	/* zones tried, if the zone is unknown */

bool
looker_init(struct looker *looker, struct store *store,
    const struct cli_dns *opts, bool resolver)
{
	struct diag diag;

	*looker = (struct looker){ .store = store };
	dns_opts_init(&looker->opts);
	looker->opts.env = &store->env;
	looker->opts.nameservers = opts->nameservers;
	looker->opts.nameservers_n = opts->nameservers_n;
	looker->opts.trust_anchor_file = opts->trust_anchor;
	looker->opts.timeout_us = cli_dns_timeout_us(opts);
	if (resolver || opts->zone != NULL) {
		looker->dns_name = opts->zone != NULL ? "zone text" :
		    "resolver";
		looker->dns = cli_dns_open(opts, &store->env);
		return (looker->dns != NULL);
	}
	diag_init(&diag);
	if (authority_new(&looker->opts, store->policy.port,
	    &looker->authority, &diag) != STATUS_OK) {
		(void)cli_fail("DNS: %s", diag.text);
	}
	return (looker->authority != NULL);
}

void
looker_fini(struct looker *looker)
{
	authority_free(looker->authority);
	dns_release(looker->dns);
}

static void
set_state(struct look_server *r, enum look_state state, const char *says,
    const char *todo)
{
	r->state = state;
	r->says = says;
	r->todo = todo;
}

static bool
is_ours(const struct looked_for *want, struct str text,
    const struct dkim_key *record)
{
	if (want->any) {
		return (record->pubkey != NULL);
	}
	/* Without the private half the store's copy of the record decides. */
	return (want->private != NULL ?
	    dkim_key_compare(record, want->private) == DKIM_KEY_OURS :
	    record->pubkey != NULL && str_eq(text, want->key->record));
}

/* One record against the key. */
static void
judge_record(struct arena *arena, struct str text,
    const struct looked_for *want, struct look_server *r)
{
	struct dkim_key record;

	if (dkim_key_parse(text, &record) != STATUS_OK) {
		set_state(r, LOOK_SILENT, "out of memory", NULL);
		return;
	}
	r->usable = record.pubkey != NULL;
	r->type = record.type;
	r->bits = record.bits;
	r->testing = record.testing;
	r->strict = record.strict;
	if (is_ours(want, text, &record)) {
		set_state(r, LOOK_GOOD, "it has the record", NULL);
	} else if (record.revoked) {
		set_state(r, LOOK_REVOKED, "it has the record of a revoked "
		    "key", "make a new key, with a new selector");
	} else if (r->usable) {
		set_state(r, LOOK_OTHER, "it has the record of another key",
		    "publish the record of this key, or sign with the key "
		    "that is published");
	} else {
		set_state(r, LOOK_OTHER, arena_printf(arena,
		    "its record cannot be used: %s", record.reason).p,
		    "publish the whole record as it was printed with the key");
	}
	dkim_key_fini(&record);
}

static void
judge_answer(struct arena *arena, const struct authority_answer *from,
    const struct looked_for *want, struct look_server *r)
{
	static const char answer[] = "check that the zone's name servers "
	    "answer (and its DNSSEC signatures), then try again";

	r->records = from->v;
	r->records_n = from->n;
	r->ttl_s = from->ttl_s;
	r->bogus = from->bogus;
	switch (from->result) {
	case DNS_OK:
		if (r->records_n == 1) {
			judge_record(arena, r->records[0], want, r);
		} else {
			set_state(r, LOOK_OTHER, "it has more than one record",
			    "leave only the one that was printed with the "
			    "key");
		}
		return;
	case DNS_NXDOMAIN:
	case DNS_NODATA:
		set_state(r, LOOK_GONE, "it has no record", "publish the "
		    "record that was printed with the key, then wait for the "
		    "old answer's TTL");
		return;
	case DNS_SERVFAIL:
		set_state(r, LOOK_SILENT, "it answers with an error", answer);
		return;
	case DNS_TIMEOUT:
		set_state(r, LOOK_SILENT, "it does not answer", answer);
		return;
	case DNS_BADNAME:
		set_state(r, LOOK_SILENT, "the name cannot be asked for",
		    "choose a shorter selector");
		return;
	}
}

/* The record is at that name instead. */
static void
set_doubled(struct arena *arena, struct str name, struct look *r)
{
	const char *says, *todo;
	size_t i;

	says = arena_printf(arena, "it has no record, but one at %.*s: "
	    DOMAIN_DOUBLED_WHAT, STR_FMT(name)).p;
	todo = arena_printf(arena, DOMAIN_DOUBLED_TODO ", so that it is %.*s",
	    STR_FMT(r->target)).p;
	for (i = 0; says != NULL && i < r->n; i++) {
		if (r->v[i].state == LOOK_GONE) {
			set_state(&r->v[i], LOOK_GONE, says, todo);
			r->v[i].doubled = true;
		}
	}
}

/* Whether a missing record is worth another question. */
static bool
is_missed(const struct looked_for *want, const struct look *r)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (r->v[i].state == LOOK_GONE) {
			return (life_record(want->key->stage) <
			    LIFE_RECORD_REVOKED);
		}
	}
	return (false);
}

/* What holds for every server, and what for any. */
static void
sum_up(struct looker *looker, enum key_stage stage, struct look *r)
{
	struct life_found *f = &r->found;
	enum look_state want = life_record(stage) < LIFE_RECORD_REVOKED ?
	    LOOK_GOOD : LOOK_GONE;
	size_t i;

	f->good = f->gone = f->revoked = r->n > 0;
	for (i = 0; i < r->n; i++) {
		const struct look_server *s = &r->v[i];

		f->good &= s->state == LOOK_GOOD;
		f->gone &= s->state == LOOK_GONE;
		f->revoked &= s->state == LOOK_REVOKED;
		f->foreign |= s->state == LOOK_OTHER;
		f->missing |= s->state != LOOK_GOOD &&
		    s->state != LOOK_SILENT;
		if (f->why == NULL && s->state != want) {
			f->why = arena_printf(&looker->store->arena,
			    "%.*s: %s", STR_FMT(s->name), s->says).p;
		}
	}
}

/* The zone is unknown. */
static void
find_doubled_dns(struct looker *looker, struct str domain, struct look *r)
{
	struct arena *arena = &looker->store->arena;
	struct authority_answer answer;
	struct str zone = domain, name;
	unsigned i;

	for (i = 0; i < DOUBLED_MAX && domain_labels(zone) >= 2; i++) {
		name = domain_doubled(arena, r->owner, zone);
		if (name.p != NULL && authority_ask_dns(looker->dns,
		    &looker->opts, arena, name, &answer) == STATUS_OK &&
		    answer.result == DNS_OK) {
			set_doubled(arena, name, r);
			return;
		}
		zone = domain_parent(zone);
	}
}

static void
look_at_dns(struct looker *looker, const struct looked_for *want,
    struct look *r)
{
	struct arena *arena = &looker->store->arena;
	struct authority_answer answer;

	r->target = r->owner;
	r->found.negative_ttl_s = LOOK_NEGATIVE_TTL_S;
	r->v = arena_calloc(arena, 1, sizeof(*r->v));
	if (r->v != NULL && authority_ask_dns(looker->dns, &looker->opts,
	    arena, r->owner, &answer) == STATUS_OK) {
		r->v[0].name = str_from(looker->dns_name);
		r->n = 1;
		judge_answer(arena, &answer, want, &r->v[0]);
	}
	if (is_missed(want, r)) {
		find_doubled_dns(looker, want->key->domain, r);
	}
}

/* All addresses of one; of those that do not answer at most one is kept. */
static void
look_at_server(struct looker *looker, const struct authority_server *server,
    const struct looked_for *want, struct look *r)
{
	struct arena *arena = &looker->store->arena;
	struct look_server silent = { .name = STR_NONE }, *one;
	struct authority_answer answer;
	size_t i, before = r->n;

	for (i = 0; i < server->n; i++) {
		one = &r->v[r->n];
		*one = (struct look_server){ .name = server->name };
		if (authority_ask(looker->authority, arena, r->target,
		    server->addresses[i], &answer) != STATUS_OK) {
			answer.result = DNS_TIMEOUT;
		}
		judge_answer(arena, &answer, want, one);
		if (one->state == LOOK_SILENT) {
			silent = *one;
		} else {
			r->n++;
		}
	}
	if (r->n == before) {
		r->v[r->n++] = silent;
	}
}

/* One server that answers will do. */
static void
find_doubled(struct looker *looker, const struct authority_zone *zone,
    struct look *r)
{
	struct arena *arena = &looker->store->arena;
	struct str name = domain_doubled(arena, r->target, zone->name);
	struct authority_answer answer;
	size_t i;

	for (i = 0; name.p != NULL && i < zone->n; i++) {
		if (zone->v[i]->n == 0 || authority_ask(looker->authority,
		    arena, name, zone->v[i]->addresses[0], &answer) !=
		    STATUS_OK || answer.result == DNS_TIMEOUT) {
			continue;
		}
		if (answer.result == DNS_OK) {
			set_doubled(arena, name, r);
		}
		return;
	}
}

static void
look_at_servers(struct looker *looker, const struct looked_for *want,
    struct look *r, struct diag *diag)
{
	struct arena *arena = &looker->store->arena;
	const struct authority_zone *zone;
	size_t i;

	if (authority_find(looker->authority, arena, r->owner, &r->target,
	    &zone, diag) != STATUS_OK) {
		return;
	}
	r->zone = zone->name;
	r->found.negative_ttl_s = zone->negative_ttl_s;
	r->v = arena_calloc(arena, zone->n * AUTHORITY_MAX_ADDRESSES,
	    sizeof(*r->v));
	for (i = 0; r->v != NULL && i < zone->n; i++) {
		look_at_server(looker, zone->v[i], want, r);
	}
	if (is_missed(want, r)) {
		find_doubled(looker, zone, r);
	}
}

static void
look_with_diag(struct looker *looker, const struct looked_for *want,
    struct look *r, struct diag *diag)
{
	struct arena *arena = &looker->store->arena;
	const struct keystore_key *key = want->key;
	/* Whether a record is gone shows without the private half. */
	bool can = want->any || want->private != NULL ||
	    key->stage >= KEY_REVOKED;

	*r = (struct look){ .n = 0 };
	r->owner = domain_key_name(arena, key->selector, key->domain);
	if (can && r->owner.p != NULL && looker->dns != NULL) {
		look_at_dns(looker, want, r);
	} else if (can && r->owner.p != NULL) {
		look_at_servers(looker, want, r, diag);
	}
	sum_up(looker, key->stage, r);
	if (r->n == 0) {
		r->found.why = diag->text[0] == '\0' ? "out of memory" :
		    arena_dup(arena, str_from(diag->text)).p;
	}
}

void
look_for(struct looker *looker, const struct looked_for *want,
    struct look *r)
{
	struct diag diag;

	diag_init(&diag);
	look_with_diag(looker, want, r, &diag);
}

void
look_up(struct looker *looker, const struct keystore_key *key, struct look *r)
{
	struct privkey *private;
	struct diag diag;

	diag_init(&diag);
	private = store_private(looker->store, key, &diag);
	if (key->stage >= KEY_REVOKED) {
		diag_init(&diag);
	}
	look_with_diag(looker, &(struct looked_for){ key, private, false }, r,
	    &diag);
	privkey_free(private);
}
