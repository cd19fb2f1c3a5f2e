/* SPDX-License-Identifier: BSD-2-Clause */
/* dkimkeygen record, retire, revoke: one key, by its name. */
#include <sys/types.h>

#include <stdio.h>

#include "keys/opts.h"
#include "keys/reported.h"

static int
run_record(struct store *store, const struct verb_opts *o)
{
	struct keystore_key *v;
	size_t i, n;

	return (store_find(store, &o->name, &v, &n, &i) &&
	    record_print_stored(store, &v[i], &o->shown) ? CLI_YES :
	    CLI_USAGE);
}

int
record_main(const struct cli_command *command, int argc, char **argv)
{
	static const struct verb verb = { NEEDS_DOMAIN_AND_SELECTOR,
		OPENS_STORE, NULL, run_record };

	return (verb_main(&verb, command, argc, argv));
}

static int
change_stage(struct store *store, const struct verb_opts *o,
    enum key_stage stage)
{
	struct keystore_key *v, *key;
	struct life life;
	const char *why;
	size_t i, n;

	if (!store_find(store, &o->name, &v, &n, &i)) {
		return (CLI_USAGE);
	}
	key = &v[i];
	life = store_life(store, v, n);
	life.force = o->force;
	if (!reported_fill(store, &life)) {
		return (CLI_USAGE);
	}
	why = life_objection(&life, i, stage);
	if (why != NULL) {
		(void)cli_fail("%.*s of %.*s is %s: %s",
		    STR_FMT(key->selector), STR_FMT(key->domain),
		    key_stage_name(key->stage), why);
		return (CLI_NO);
	}
	store->changed = life_signs(key->stage);
	key->stage = stage;
	key->since_s = store->now_s;
	key->seen_s = key->asked_s = -1;
	key->note = STR_NONE;
	if (!store_save(store, key)) {
		return (CLI_USAGE);
	}
	(void)printf("%.*s: %.*s is now %s\n", STR_FMT(key->domain),
	    STR_FMT(key->selector), key_stage_name(stage));
	return (CLI_YES);
}

static int
change_locked(struct store *store, const struct verb_opts *o,
    enum key_stage stage)
{
	int result;

	if (!store_lock(store, o->name.domain)) {
		return (CLI_USAGE);
	}
	result = change_stage(store, o, stage);
	store_unlock(store, o->name.domain);
	return (result);
}

static int
run_retire(struct store *store, const struct verb_opts *o)
{
	return (change_locked(store, o, KEY_RETIRED));
}

int
retire_main(const struct cli_command *command, int argc, char **argv)
{
	static const struct verb verb = { NEEDS_DOMAIN_AND_SELECTOR,
		OPENS_STORE, NULL, run_retire };

	return (verb_main(&verb, command, argc, argv));
}

static int
run_revoke(struct store *store, const struct verb_opts *o)
{
	return (change_locked(store, o, KEY_REVOKED));
}

int
revoke_main(const struct cli_command *command, int argc, char **argv)
{
	static const struct verb verb = { NEEDS_DOMAIN_AND_SELECTOR,
		OPENS_STORE, NULL, run_revoke };

	return (verb_main(&verb, command, argc, argv));
}
