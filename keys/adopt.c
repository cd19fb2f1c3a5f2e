/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dkimkeygen adopt: private keys in files, which sign already, become active
 * keys of the store, if every name server has their records. The files stay.
 */
#include <sys/types.h>

#include <stdio.h>

#include "keys/look.h"
#include "keys/make.h"
#include "keys/opts.h"
#include "signers/table.h"

struct adoption {		/* one run */
	struct store		*store;
	struct looker		 looker;
	bool			 quiet;
	struct cli_progress	 progress;	/* of a table */
	bool			 failed;	/* a file, or the store */
	bool			 refused;	/* a key */
	bool			 adopted;	/* at least one */
};

struct candidate {		/* a key that is to be adopted */
	struct key_name		 name;
	const char		*path;
	struct privkey		*private;
	struct made		 made;
};

/* An earlier run has adopted it. */
static bool
is_adopted(const struct keystore_key *known, const struct candidate *c)
{
	return (str_eq(known->selector, c->name.selector) &&
	    life_signs(known->stage) && !known->lost &&
	    str_eq(known->record, buf_str(&c->made.record)));
}

/* Why the store must not take it; NULL: it may. */
static const char *
store_objection(struct store *store, const struct candidate *c)
{
	struct keystore_key *v;
	size_t i, n;

	if (!store_list(store, &store->arena, c->name.domain, &v, &n)) {
		return ("the store cannot be read");
	}
	for (i = 0; i < n; i++) {
		if (is_adopted(&v[i], c)) {
			return ("it is in the store already");
		}
		if (life_signs(v[i].stage) && v[i].type == c->made.type) {
			return ("the domain has an active key of that type, "
			    "which would retire");
		}
	}
	return (NULL);
}

/* The store is asked again once its lock is held. */
static const char *
store_candidate(struct adoption *a, const struct candidate *c)
{
	struct keystore_key key;
	const char *why;
	struct diag diag;

	diag_init(&diag);
	why = store_objection(a->store, c);
	if (why == NULL && made_store(a->store, &c->made, &c->name,
	    KEY_ACTIVE, &key, &diag) != STATUS_OK) {
		cli_progress_hide(&a->progress);
		(void)cli_fail("%s", diag.text);
		a->failed = true;
		return ("the store did not take it");
	}
	return (why);
}

/* Why it was not adopted; NULL: it was. */
static const char *
adopt_candidate(struct adoption *a, const struct candidate *c)
{
	const struct keystore_key key = { .domain = c->name.domain,
		.selector = c->name.selector, .type = c->made.type,
		.stage = KEY_ACTIVE };
	const char *why = store_objection(a->store, c);
	struct look look;

	if (why != NULL) {
		return (why);
	}
	look_for(&a->looker, &(struct looked_for){ &key, c->private, false },
	    &look);
	if (!look.found.good) {
		return (look.found.why);
	}
	if (!store_lock(a->store, key.domain)) {
		a->failed = true;
		return ("its domain could not be locked");
	}
	why = store_candidate(a, c);
	store_unlock(a->store, key.domain);
	return (why);
}

/* domain, selector: as given. */
static void
adopt_file(struct adoption *a, const char *domain, const char *selector,
    const char *path)
{
	struct candidate c = { .path = path };
	const char *why;

	if (path == NULL || !key_name_make(&a->store->arena, domain, selector,
	    &c.name) || !cli_key_load(path, &c.private)) {
		a->failed = true;
		return;
	}
	if (made_from(&c.made, c.private, "") != STATUS_OK) {
		(void)cli_fail("out of memory");
		a->failed = true;
	} else if ((why = adopt_candidate(a, &c)) != NULL) {
		cli_progress_hide(&a->progress);
		(void)cli_fail("%s: not adopted: %s", path, why);
		a->refused = true;
	} else {
		cli_progress_hide(&a->progress);
		(void)printf("%.*s: %.*s is active, from %s\n",
		    STR_FMT(c.name.domain), STR_FMT(c.name.selector), path);
		a->store->changed = a->adopted = true;
	}
	made_fini(&c.made);
	privkey_free(c.private);
}

static void
adopt_line(struct adoption *a, const char *table, const struct table_key *k)
{
	struct arena *arena = &a->store->arena;
	const char *why = NULL;

	if (!k->is_path) {
		why = "the key is not in a file";
	} else if (k->domain.p == NULL || str_find(k->key, '%') < k->key.n) {
		why = "% stands for any domain";
	}
	if (why != NULL) {
		cli_progress_hide(&a->progress);
		cli_warn("%s:%u: skipped: %s", table, k->line, why);
		a->refused = true;
		return;
	}
	adopt_file(a, arena_dup(arena, k->domain).p,
	    arena_dup(arena, k->selector).p, arena_dup(arena, k->key).p);
}

static void
log_warning(void *ctx, enum log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	cli_warn("%s", line);
}

/* A key that cannot be read does not keep the others from being adopted. */
static void
adopt_table(struct adoption *a, const char *path)
{
	struct env env = a->store->env;
	const struct table_key *k;
	struct buf text;
	struct key_table table;
	struct diag diag;
	size_t done = 0;

	diag_init(&diag);
	env.log = log_warning;
	if (table_text_read(path, &text, &diag) != STATUS_OK ||
	    key_table_init(&table, &text, path, &env, &diag) != STATUS_OK) {
		(void)cli_fail("%s", diag.text);
		a->failed = true;
		return;
	}
	cli_progress_begin(&a->progress, &a->store->env, "keys",
	    table.names.n, a->quiet);
	for (k = table.first; k != NULL; k = k->next) {
		adopt_line(a, path, k);
		cli_progress_step(&a->progress, ++done);
	}
	cli_progress_hide(&a->progress);
	key_table_fini(&table);
}

static void
adopt_one(struct adoption *a, const struct verb_opts *o)
{
	const char *path = o->key_file;

	if (path == NULL) {
		path = arena_printf(&a->store->memory, "%s.private",
		    o->selector).p;
	}
	adopt_file(a, o->domain, o->selector, path);
}

static int
run_adopt(struct store *store, const struct verb_opts *o)
{
	struct adoption a = { .store = store, .quiet = o->quiet };

	if (!looker_init(&a.looker, store, &o->dns, false)) {
		return (CLI_USAGE);
	}
	if (o->key_table != NULL) {
		adopt_table(&a, o->key_table);
	} else {
		adopt_one(&a, o);
	}
	looker_fini(&a.looker);
	if (a.adopted) {
		cli_warn("once KeyStore of mailseald.conf names %s, remove "
		    "the adopted keys from Domain and SigningTable, which "
		    "come before the store; mailseal explain --from "
		    "user@domain shows which key signs", store->name);
		store_warn_unused(store);
	}
	return (a.failed ? CLI_USAGE : a.refused ? CLI_NO : CLI_YES);
}

static bool
check_adopt(const struct verb_opts *o)
{
	bool one = o->domain != NULL && o->selector != NULL;

	if ((o->key_table != NULL) == one || (o->key_table != NULL &&
	    (o->domain != NULL || o->selector != NULL ||
	    o->key_file != NULL))) {
		(void)cli_fail("either -d DOMAIN and -s SELECTOR or "
		    "--key-table FILE is needed");
		return (false);
	}
	return (true);
}

int
adopt_main(const struct cli_command *command, int argc, char **argv)
{
	static const struct verb verb = { NEEDS_NO_NAME, CREATES_STORE,
		check_adopt, run_adopt };

	return (verb_main(&verb, command, argc, argv));
}
