/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dkimkeygen adopt: keys that sign already, in files of the operator's, become
 * active keys of the store, if every name server has their records. The files
 * stay.
 */
#include <sys/types.h>

#include <stdio.h>

#include "conf/table.h"
#include "keys/look.h"
#include "keys/opts.h"

#define TABLE_MAX_BYTES	(64 * 1024 * 1024)

struct adoption {		/* one run */
	struct store		*store;
	struct looker		 looker;
	bool			 refused;
	bool			 adopted;	/* at least one was */
};

/* A later run takes it for what it is. */
static bool
is_adopted(const struct keystore_key *known, const struct keystore_key *key,
    const struct privkey *private)
{
	struct buf record;
	bool is;

	buf_init(&record, KEYSTORE_STATE_MAX_BYTES);
	is = str_eq(known->selector, key->selector) &&
	    known->stage == KEY_ACTIVE && !known->lost &&
	    record_value(private, "", &record) == STATUS_OK &&
	    str_eq(buf_str(&record), known->record);
	buf_fini(&record);
	return (is);
}

/* Why it must not be taken; NULL: it may. */
static const char *
objection(struct adoption *a, const struct keystore_key *key,
    const struct privkey *private)
{
	struct keystore_key *v;
	struct look found;
	size_t i, n;

	if (!store_list(a->store, key->domain, &v, &n)) {
		return ("the store cannot be read");
	}
	for (i = 0; i < n; i++) {
		if (is_adopted(&v[i], key, private)) {
			return ("the store has it already");
		}
		if (v[i].stage == KEY_ACTIVE && v[i].type == key->type) {
			return ("the domain has an active key of that kind, "
			    "which would retire");
		}
	}
	look_with(&a->looker, key, private, &found);
	return (found.found.good ? NULL : found.found.why);
}

static bool
add(struct store *store, struct keystore_key *key,
    const struct privkey *private)
{
	struct buf pem, record;
	struct diag diag;
	enum status status;

	diag_init(&diag);
	buf_init(&pem, KEYSTORE_PEM_MAX_BYTES);
	buf_init(&record, KEYSTORE_STATE_MAX_BYTES);
	status = privkey_write_pem(private, &pem);
	if (status == STATUS_OK) {
		status = record_value(private, "", &record);
	}
	if (status == STATUS_OK) {
		key->record = buf_str(&record);
		status = keystore_add(store->keys, key, buf_str(&pem), &diag);
	}
	if (status != STATUS_OK) {
		(void)cli_fail("%s", diag.text[0] != '\0' ? diag.text :
		    status_text(status));
	}
	buf_fini_secret(&pem);
	buf_fini(&record);
	return (status == STATUS_OK);
}

/* False: it cannot go on. A key that is refused is said so. */
static bool
adopt(struct adoption *a, const char *domain, const char *selector,
    const char *path)
{
	struct store *store = a->store;
	struct keystore_key key = { .stage = KEY_ACTIVE,
		.created_s = store->now_s, .since_s = store->now_s,
		.seen_s = store->now_s, .asked_s = -1 };
	struct privkey *private = NULL;
	struct key_name name;
	const char *why;
	bool ok = true;

	if (!key_name_make(&store->arena, domain, selector, &name) ||
	    !cli_key_load(path, &private)) {
		return (false);
	}
	key.domain = name.domain;
	key.selector = name.selector;
	key.type = privkey_type(private);
	key.bits = privkey_bits(private);
	why = objection(a, &key, private);
	if (why != NULL) {
		(void)cli_fail("%s: not adopted: %s", path, why);
		a->refused = true;
	} else {
		ok = store_lock(store, key.domain) &&
		    add(store, &key, private);
		store_unlock(store, key.domain);
		store->changed = store->changed || ok;
		a->adopted = a->adopted || ok;
	}
	if (ok && why == NULL) {
		(void)printf("%.*s: %.*s is active, from %s\n",
		    STR_FMT(key.domain), STR_FMT(key.selector), path);
	}
	privkey_free(private);
	return (ok);
}

/* "name domain:selector:path"; the rest of the line does not matter. */
static bool
adopt_line(struct adoption *a, const char *table, unsigned number,
    struct str line)
{
	struct arena *arena = &a->store->arena;
	struct str rest = line, domain, selector, path;
	size_t n;

	for (n = 0; n < rest.n && !char_is_wsp(rest.p[n]); n++) {
		continue;
	}
	rest = str_trim_wsp(str_from_offset(rest, n));
	if (!str_next(&rest, ':', &domain) || !str_next(&rest, ':', &selector)
	    || !str_next(&rest, ':', &path) || path.n == 0) {
		(void)cli_fail("%s:%u: not \"name domain:selector:file\"",
		    table, number);
		return (false);
	}
	if (memchr(line.p, '%', line.n) != NULL || path.p[0] != '/') {
		cli_warn("%s:%u: passed over: %s", table, number,
		    path.p[0] != '/' ? "the key is no file with its path" :
		    "% stands for many domains");
		a->refused = true;
		return (true);
	}
	return (adopt(a, arena_dup(arena, domain).p,
	    arena_dup(arena, selector).p, arena_dup(arena, path).p));
}

/* One that cannot be read does not hold up the others. */
static bool
adopt_table(struct adoption *a, const char *path)
{
	struct conf_lines lines = { STR_NONE, 0 };
	struct diag diag;
	struct arena arena;
	struct str line;
	bool ok = true;

	diag_init(&diag);
	arena_init(&arena, 2 * (size_t)TABLE_MAX_BYTES);
	if (conf_file_read(path, TABLE_MAX_BYTES, &arena, NULL, &lines.rest,
	    &diag) != STATUS_OK) {
		(void)cli_fail("%s", diag.text);
		ok = false;
	}
	while (conf_lines_next(&lines, &line)) {
		ok = adopt_line(a, path, lines.line, line) && ok;
	}
	arena_fini(&arena);
	return (ok);
}

static bool
adopt_one(struct adoption *a, const struct verb_opts *o)
{
	struct str path = str_from(o->key_file);

	if (path.p == NULL) {
		path = arena_printf(&a->store->arena, "%s.private",
		    o->selector);
	}
	return (path.p != NULL && adopt(a, o->domain, o->selector, path.p));
}

int
adopt_main(const struct cli_command *command, int argc, char **argv)
{
	struct store store;
	struct adoption a = { .store = &store };
	struct verb_opts o;
	bool ok = false;
	int early;

	early = verb_options(command, argc, argv, &o);
	if (early != CLI_END) {
		return (early);
	}
	if ((o.key_table != NULL) == (o.domain != NULL || o.selector != NULL ||
	    o.key_file != NULL) || (o.domain == NULL) != (o.selector ==
	    NULL)) {
		return (cli_fail("either -d DOMAIN and -s SELECTOR or "
		    "--key-table FILE is needed"));
	}
	if (store_begin(&store, &o.store, true) &&
	    looker_init(&a.looker, &store, &o.dns)) {
		ok = o.key_table != NULL ? adopt_table(&a, o.key_table) :
		    adopt_one(&a, &o);
		looker_fini(&a.looker);
	}
	if (a.adopted) {
		cli_warn("take what was adopted out of Domain and SigningTable "
		    "of mailseald.conf: they are asked before the store");
	}
	store_close(&store);
	return (!cli_flush() || !ok ? CLI_USAGE : a.refused ? CLI_NO :
	    CLI_YES);
}
