/* SPDX-License-Identifier: BSD-2-Clause */
/* dkimkeygen record, retire, revoke: one key, by the operator's hand. */
#include <sys/types.h>

#include <stdio.h>

#include "keys/opts.h"

static int
begin(const struct cli_command *command, int argc, char **argv,
    struct verb_opts *o)
{
	int early = verb_options(command, argc, argv, o);

	if (early == CLI_END && (o->domain == NULL || o->selector == NULL)) {
		return (cli_fail("-d DOMAIN and -s SELECTOR are needed"));
	}
	return (early);
}

int
record_main(const struct cli_command *command, int argc, char **argv)
{
	const struct keystore_key *key;
	int early, result = CLI_USAGE;
	struct verb_opts o;
	struct store store;

	early = begin(command, argc, argv, &o);
	if (early != CLI_END) {
		return (early);
	}
	if (store_begin(&store, &o.store, false)) {
		key = store_find(&store, o.domain, o.selector);
		if (key != NULL && record_print_stored(&store, key,
		    o.format)) {
			result = CLI_YES;
		}
	}
	store_close(&store);
	return (result);
}

struct left {			/* active keys of the domain without this one */
	bool	any;
	bool	rsa;
};

static bool
count_left(struct store *store, const struct keystore_key *key,
    struct left *r)
{
	struct keystore_key *v;
	size_t i, n;

	if (!store_list(store, key->domain, &v, &n)) {
		return (false);
	}
	*r = (struct left){ false, false };
	for (i = 0; i < n; i++) {
		if (v[i].stage == KEY_ACTIVE && !v[i].lost &&
		    !str_eq(v[i].selector, key->selector)) {
			r->any = true;
			r->rsa |= v[i].type == CRYPTO_RSA;
		}
	}
	return (true);
}

/* Why it must not come to that stage, or NULL. */
static const char *
objection(const struct store *store, const struct keystore_key *key,
    enum key_stage stage, const struct left *left, bool force)
{
	if (key->stage >= stage) {
		return ("it is past that");
	}
	if (key->stage == KEY_ACTIVE && !left->any) {
		return ("the domain would have no active key; make a new "
		    "one and rotate first");
	}
	if (key->stage == KEY_ACTIVE && key->type == CRYPTO_RSA &&
	    !left->rsa && !force) {
		return ("the domain would sign with Ed25519 alone, which many "
		    "receivers do not verify; --force if that is meant");
	}
	if (stage == KEY_RETIRED && key->stage != KEY_ACTIVE) {
		return ("it does not sign; revoke it");
	}
	if (stage == KEY_REVOKED && !force && (key->stage == KEY_ACTIVE ||
	    (key->stage == KEY_RETIRED && store->now_s < key->since_s +
	    policy_retired_s(&store->policy)))) {
		return ("mail that it signed may still be on its way; "
		    "--force if it is compromised");
	}
	return (NULL);
}

static int
change(struct store *store, const struct verb_opts *o, enum key_stage stage)
{
	struct keystore_key *key;
	struct left left;
	struct str domain;
	const char *why;

	if (!store_domain(store, o->domain, &domain) ||
	    !store_lock(store, domain)) {
		return (CLI_USAGE);
	}
	key = store_find(store, o->domain, o->selector);
	if (key == NULL || !count_left(store, key, &left)) {
		return (CLI_USAGE);
	}
	why = objection(store, key, stage, &left, o->force);
	if (why != NULL) {
		(void)cli_fail("%.*s of %.*s is %s: %s",
		    STR_FMT(key->selector), STR_FMT(key->domain),
		    key_stage_name(key->stage), why);
		return (CLI_NO);
	}
	store->changed = key->stage == KEY_ACTIVE;
	key->stage = stage;
	key->since_s = store->now_s;
	key->seen_s = key->asked_s = -1;
	key->note = STR_NONE;
	if (!store_save(store, key)) {
		return (CLI_USAGE);
	}
	(void)printf("%.*s: %.*s is %s now\n", STR_FMT(key->domain),
	    STR_FMT(key->selector), key_stage_name(stage));
	return (cli_flush() ? CLI_YES : CLI_USAGE);
}

static int
change_main(const struct cli_command *command, int argc, char **argv,
    enum key_stage stage)
{
	struct verb_opts o;
	struct store store;
	int early, result = CLI_USAGE;

	early = begin(command, argc, argv, &o);
	if (early != CLI_END) {
		return (early);
	}
	if (store_begin(&store, &o.store, false)) {
		result = change(&store, &o, stage);
	}
	store_close(&store);
	return (result);
}

int
retire_main(const struct cli_command *command, int argc, char **argv)
{
	return (change_main(command, argc, argv, KEY_RETIRED));
}

int
revoke_main(const struct cli_command *command, int argc, char **argv)
{
	return (change_main(command, argc, argv, KEY_REVOKED));
}
