/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dkimkeygen rotate: takes each key as far as it may go now. All that is to be
 * known stands in the store, and each step is one atomic change there, so that
 * a run may end anywhere and the next one goes on.
 */
#include <sys/types.h>

#include <stdio.h>

#include "keys/policy.h"
#include "keys/rotate.h"

#define STEPS_MAX	64	/* of one domain in one run */
#define LOST		"its private key is missing: "

/* What the name servers say of those keys for which it counts. */
static void
examine(struct rotation *run, struct rotated *d)
{
	size_t i;

	for (i = 0; i < d->n; i++) {
		if (!d->looked[i] && life_asks(d->v, d->n, i)) {
			look(&run->looker, &d->v[i], &d->looks[i]);
			d->found[i] = d->looks[i].found;
			d->looked[i] = true;
		}
	}
}

/* The first step that may be done now; false: all wait. */
static bool
next_step(const struct rotation *run, const struct rotated *d, size_t *i_r,
    struct step *step)
{
	size_t i;

	for (i = 0; i < d->n; i++) {
		life_next(&run->store->policy, d->v, d->found, d->n, i,
		    run->store->now_s, run->opts->force, step);
		if (step->kind != STEP_WAIT && !d->stuck[i]) {
			*i_r = i;
			return (true);
		}
	}
	return (false);
}

/* Unless there is a way out already: its successor. */
static void
tell_lost(const struct keystore_key *key, struct step *step)
{
	if (key->stage < KEY_ACTIVE) {
		*step = (struct step){ STEP_WAIT, KEY_PENDING,
			LOST "revoke it", -1 };
	} else if (step->until_s != -1) {
		*step = (struct step){ STEP_WAIT, KEY_PENDING,
			LOST "rotate --force makes another", -1 };
	}
}

static void
note_waits(struct rotation *run, struct rotated *d)
{
	struct step step;
	size_t i;

	for (i = 0; i < d->n; i++) {
		life_next(&run->store->policy, d->v, d->found, d->n, i,
		    run->store->now_s, run->opts->force, &step);
		if (d->v[i].lost) {
			run->failed = true;
			tell_lost(&d->v[i], &step);
		}
		if (step.kind == STEP_WAIT && d->v[i].stage != KEY_REMOVED) {
			rotated_tell_wait(run, d, i, &step);
		}
	}
}

static void
rotate_domain(struct rotation *run, struct str domain)
{
	struct rotated d = { .domain = domain };
	struct step step;
	unsigned steps;
	size_t i;

	if ((run->opts->dry_run || store_lock(run->store, domain)) &&
	    rotated_load(run, &d)) {
		for (steps = 0; steps < STEPS_MAX; steps++) {
			examine(run, &d);
			if (!next_step(run, &d, &i, &step) ||
			    !rotated_step(run, &d, i, &step)) {
				break;
			}
		}
		note_waits(run, &d);
		rotated_print(run, &d);
	} else {
		run->failed = true;
	}
	rotated_fini(&d);
	store_unlock(run->store, domain);
}

/* A list is by domain. */
static bool
rotate_all(struct rotation *run)
{
	struct keystore_key *v;
	size_t i, n;

	if (!store_list(run->store, STR_NONE, &v, &n)) {
		return (false);
	}
	for (i = 0; i < n; i++) {
		if (i == 0 || !str_eq(v[i].domain, v[i - 1].domain)) {
			rotate_domain(run, v[i].domain);
		}
	}
	return (true);
}

static int
rotate(struct rotation *run)
{
	const struct verb_opts *o = run->opts;
	struct str domain;
	bool ok = true;

	run->told = json_array();
	if (!looker_init(&run->looker, run->store, &o->dns)) {
		ok = false;
	} else if (o->all) {
		ok = rotate_all(run);
	} else if (store_domain(run->store, o->domain, &domain)) {
		rotate_domain(run, domain);
	} else {
		ok = false;
	}
	looker_fini(&run->looker);
	if (o->json && ok) {
		ok = cli_json_print(json_pack("{s:b, s:O}", "dry_run",
		    o->dry_run, "domains", run->told));
	}
	json_decref(run->told);
	return (!ok || !cli_flush() ? CLI_USAGE : run->failed ||
	    run->store->broken != NULL ? CLI_NO : CLI_YES);
}

static bool
check_options(const struct verb_opts *o)
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
	struct verb_opts o;
	struct store store;
	struct rotation run = { .store = &store, .opts = &o };
	int early, result = CLI_USAGE;

	early = verb_options(command, argc, argv, &o);
	if (early != CLI_END) {
		return (early);
	}
	if (!check_options(&o)) {
		return (CLI_USAGE);
	}
	if (store_begin(&store, &o.store, false)) {
		run.how = o.publish != NULL ? o.publish :
		    store.policy.publish;
		run.disclose = o.disclose != NULL ? o.disclose :
		    store.policy.disclose;
		result = rotate(&run);
	}
	store_close(&store);
	return (result);
}
