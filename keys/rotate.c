/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dkimkeygen rotate: takes each key to the stage that it may have now. The
 * store has all that a run needs to know, and each step is one atomic change
 * there, so that a run may end anywhere and the next one continues.
 *
 * All keys are listed once. Most need neither DNS nor a change; where a step is
 * due, the domain is locked and read again for the change alone.
 */
#include <sys/types.h>


#include "keys/policy.h"
#include "keys/reported.h"
#include "keys/rotate.h"

#define STEPS_MAX	64	/* of one domain in one run */
#define HOUR_S		3600
#define CHECKED_KEYS_MAX	1000	/* in each run */

/* A run checks the active keys of all domains if these are few, else of some,
   so that each has its turn once a day. */
static bool
is_turn(const struct rotation *run, struct str domain)
{
	return ((uint64_t)run->store->now_s / HOUR_S % 24 ==
	    str_hash(domain) % 24);
}

static struct life
life_of(const struct rotation *run, const struct rotated *d)
{
	struct life life = store_life(run->store, d->v, d->n);

	life.found = d->found;
	life.reporters = d->reporters;
	life.force = run->opts->force;
	life.by_hand = run->by_hand;
	life.checks = run->checks || is_turn(run, d->domain);
	life.changed = d->changed;
	return (life);
}

/* Asks DNS for those keys whose next step depends on it, and the reports for
   those that may wait for them. */
static bool
look_up_keys(struct rotation *run, struct rotated *d)
{
	struct life life = life_of(run, d);
	size_t i;

	if (d->reporters == NULL) {
		if (!reported_fill(run->store, &life)) {
			return (false);
		}
		d->reporters = life.reporters;
	}
	for (i = 0; i < d->n; i++) {
		if (!d->looked[i] && life_asks(&life, i)) {
			look_up(&run->looker, &d->v[i], &d->looks[i]);
			d->found[i] = d->looks[i].found;
			d->looked[i] = true;
		}
	}
	return (true);
}

/* The first step that can be done now; false: all keys wait. */
static bool
find_step(const struct rotation *run, const struct rotated *d, size_t *i_r,
    struct life_step *step)
{
	struct life life = life_of(run, d);
	size_t i;

	for (i = 0; i < d->n; i++) {
		life_next(&life, i, step);
		if (step->kind != LIFE_WAIT && !d->stuck[i]) {
			*i_r = i;
			return (true);
		}
	}
	return (false);
}

void
rotate_next(const struct rotation *run, const struct rotated *d, size_t i,
    struct life_step *r)
{
	struct life life = life_of(run, d);

	life_next(&life, i, r);
}

static void
say_waits(struct rotation *run, struct rotated *d)
{
	struct life life = life_of(run, d);
	struct life_step step;
	size_t i;

	for (i = 0; i < d->n; i++) {
		run->failed |= d->v[i].lost;
		life_next(&life, i, &step);
		if (step.kind != LIFE_WAIT || d->v[i].stage == KEY_REMOVED) {
			continue;
		}
		/* Without a time it depends on others, who may do nothing. If
		   it did not wait before, then no run was for long. */
		step.stuck |= step.until_s == -1 &&
		    d->first_notes[i].n > 0 && life_is_stuck(&life, i);
		run->failed |= step.stuck;
		rotated_say_wait(run, d, i, &step);
	}
}

/* A run that was killed may have left the private half of a removed key. */
static bool
is_leftover(const struct keystore_key *key)
{
	return (key->stage == KEY_REMOVED && key->has_private);
}

static bool
finish_removals(struct rotation *run, struct rotated *d)
{
	bool ok = true;
	size_t i;

	for (i = 0; i < d->n && !is_leftover(&d->v[i]); i++) {
		continue;
	}
	if (i == d->n || run->opts->dry_run) {
		return (true);
	}
	switch (rotated_lock(run, d)) {
	case ROTATED_FAILED:
		return (false);
	case ROTATED_STALE:
		return (true);		/* so that the next run does it */
	case ROTATED_LOCKED:
		break;
	}
	for (; ok && i < d->n; i++) {
		ok = !is_leftover(&d->v[i]) ||
		    store_save(run->store, &d->v[i]);
	}
	rotated_unlock(run, d);
	return (ok);
}

bool
rotate_steps(struct rotation *run, struct rotated *d)
{
	struct life_step step;
	unsigned steps;
	size_t i;

	if (!finish_removals(run, d)) {
		return (false);
	}
	for (steps = 0; steps < STEPS_MAX; steps++) {
		if (!look_up_keys(run, d)) {
			return (false);
		}
		if (!find_step(run, d, &i, &step)) {
			return (true);
		}
		if (!rotated_step(run, d, i, &step)) {
			return (false);
		}
	}
	return (true);
}

static void
rotate_domain(struct rotation *run, struct keystore_key *v, size_t n)
{
	struct rotated d;

	if (!rotated_init(run, &d, v, n) || !rotate_steps(run, &d)) {
		run->failed = true;
	}
	if (d.n > 0) {
		say_waits(run, &d);
		rotated_save_notes(run, &d);
		rotated_print(run, &d);
	}
	rotated_fini(&d);
	arena_reset(&run->store->arena);
}

static bool
has_few_active(const struct keystore_key *v, size_t n)
{
	size_t i, active = 0;

	for (i = 0; i < n; i++) {
		active += life_signs(v[i].stage);
	}
	return (active <= CHECKED_KEYS_MAX);
}

/* One domain's keys, or all by domain. */
static bool
rotate_listed(struct rotation *run)
{
	struct store *store = run->store;
	const struct verb_opts *o = run->opts;
	size_t i, n, count;
	struct keystore_key *v;

	if (!store_list(store, &store->memory, o->name.domain, &v, &n)) {
		return (false);
	}
	/* A broken key has been reported. */
	if (n == 0 && !o->all && store->broken == NULL) {
		(void)cli_fail("%s: there is no key of %s", store->name,
		    o->domain);
	}
	run->failed = n == 0 && !o->all;
	run->checks = has_few_active(v, n);
	cli_progress_begin(&run->progress, &store->env, "keys", n,
	    run->opts->quiet);
	for (i = 0; i < n; i += count) {
		count = store_domain_count(v, n, i);
		rotate_domain(run, &v[i], count);
		cli_progress_step(&run->progress, i + count);
	}
	cli_progress_hide(&run->progress);
	return (true);
}

static int
run_rotate(struct store *store, const struct verb_opts *o)
{
	struct rotation run = { .store = store, .opts = o };
	bool ok;

	run.how = o->publish != NULL ? o->publish : store->policy.publish;
	run.by_hand = publish_is_by_hand(run.how);
	run.disclose = o->disclose != NULL ? o->disclose :
	    store->policy.disclose;
	if (!looker_init(&run.looker, store, &o->dns, false)) {
		return (CLI_USAGE);
	}
	run.domains = json_array();
	notice_init(&run.notice);
	ok = rotate_listed(&run);
	looker_fini(&run.looker);
	run.failed |= !o->dry_run && !notice_send(store, &run.notice);
	notice_fini(&run.notice);
	if (o->json && ok) {
		ok = cli_json_print(json_pack("{s:b, s:O}", "dry_run",
		    o->dry_run, "domains", run.domains));
	}
	json_decref(run.domains);
	return (!ok ? CLI_USAGE : run.failed || store->broken != NULL ?
	    CLI_NO : CLI_YES);
}

static bool
check_rotate(const struct verb_opts *o)
{
	if (o->all == (o->domain != NULL)) {
		(void)cli_fail("either --all or -d DOMAIN is needed");
		return (false);
	}
	if (o->force && o->all) {
		(void)cli_fail("--force is for one domain");
		return (false);
	}
	if (o->publish != NULL && !policy_is_publish(str_from(o->publish))) {
		(void)cli_fail("--publish: %s is not print, nsupdate or "
		    "hook:PROGRAM with its path", o->publish);
		return (false);
	}
	return (true);
}

int
rotate_main(const struct cli_command *command, int argc, char **argv)
{
	static const struct verb verb = { NEEDS_NO_NAME, OPENS_STORE,
		check_rotate, run_rotate };

	return (verb_main(&verb, command, argc, argv));
}
