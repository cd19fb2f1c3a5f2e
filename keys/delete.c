/* SPDX-License-Identifier: BSD-2-Clause */
/* dkimkeygen delete: keys that never signed. */
#include <sys/types.h>

#include <stdio.h>

#include "keys/opts.h"

static bool
is_chosen(const struct keystore_key *key, struct str selector)
{
	return (selector.p == NULL || str_eq(key->selector, selector));
}

/* All of them can be deleted, and there is one; false: printed why. */
static bool
may_delete(struct store *store, const struct verb_opts *o,
    const struct keystore_key *v, size_t n)
{
	struct life life = store_life(store, v, n);
	size_t i, chosen = 0;
	bool ok = true;
	const char *why;

	life.force = o->force;
	for (i = 0; i < n; i++) {
		if (!is_chosen(&v[i], o->name.selector)) {
			continue;
		}
		chosen++;
		why = life_delete_objection(&life, i);
		if (why != NULL) {
			(void)cli_fail("%.*s of %.*s is %s: %s",
			    STR_FMT(v[i].selector), STR_FMT(v[i].domain),
			    key_stage_name(v[i].stage), why);
			ok = false;
		}
	}
	if (chosen == 0) {
		(void)cli_fail("%s: there is no such key of %s", store->name,
		    o->domain);
	}
	return (ok && chosen > 0);
}

static bool
delete_key(struct store *store, const struct keystore_key *key)
{
	enum status status;
	struct diag diag;

	diag_init(&diag);
	status = keystore_delete(store->keys, key, &diag);
	if (status != STATUS_OK) {
		(void)cli_fail("%s", diag.text[0] != '\0' ? diag.text :
		    status_text(status));
		return (false);
	}
	(void)printf("%.*s: %.*s is deleted", STR_FMT(key->domain),
	    STR_FMT(key->selector));
	if (key->asked_s != -1) {
		(void)printf("; if its record is in the DNS, remove it");
	}
	(void)printf("\n");
	return (true);
}

static int
delete_keys(struct store *store, const struct verb_opts *o)
{
	struct keystore_key *v;
	size_t i, n;

	if (!store_list(store, &store->arena, o->name.domain, &v, &n)) {
		return (CLI_USAGE);
	}
	if (!may_delete(store, o, v, n)) {
		return (CLI_NO);
	}
	for (i = 0; i < n; i++) {
		if (is_chosen(&v[i], o->name.selector) &&
		    !delete_key(store, &v[i])) {
			return (CLI_USAGE);
		}
	}
	return (CLI_YES);
}

static int
run_delete(struct store *store, const struct verb_opts *o)
{
	int result;

	if (!store_lock(store, o->name.domain)) {
		return (CLI_USAGE);
	}
	result = delete_keys(store, o);
	store_unlock(store, o->name.domain);
	return (result);
}

int
delete_main(const struct cli_command *command, int argc, char **argv)
{
	static const struct verb verb = { NEEDS_DOMAIN, OPENS_STORE, NULL,
		run_delete };

	return (verb_main(&verb, command, argc, argv));
}
