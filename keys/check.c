/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dkimkeygen check: whether the DNS has what it should have, for keys of the
 * store or for one key in a file, which has no stage and counts as active. For
 * keys of the store every name server is asked; for a file the resolver, or
 * with --authoritative the name servers as well.
 */
#include <sys/types.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/escape.h"
#include "keys/look.h"
#include "keys/opts.h"

#define RECORD_SHOWN_BYTES	512
#define MAX_FINDINGS		8	/* of one server */

struct checking {		/* one run */
	struct store		*store;
	const struct verb_opts	*opts;
	struct looker		 looker;
	json_t			*keys;		/* --json */
	bool			 of_file;
	const char		*key_path;	/* of the file; NULL: no private
						   key is compared */
	bool			 bad;
};

struct finding {
	bool		 bad;	/* else a warning */
	const char	*what;
	const char	*todo;	/* NULL: nothing to add */
};

struct findings {		/* about one server */
	struct finding	 v[MAX_FINDINGS];
	size_t		 n;
	bool		 bad;	/* one of them is */
};

static void
add_finding(struct findings *f, bool bad, const char *what, const char *todo)
{
	if (f->n < MAX_FINDINGS) {
		f->v[f->n++] = (struct finding){ bad, what, todo };
		f->bad |= bad;
	}
}

/* Whether the stage allows what the server has. */
static bool
is_allowed(enum key_stage stage, enum look_state state)
{
	switch (life_record(stage)) {
	case LIFE_RECORD_ANY:
		return (state != LOOK_OTHER);
	case LIFE_RECORD_KEY:
		return (state == LOOK_GOOD);
	case LIFE_RECORD_REVOKED:
		return (state == LOOK_REVOKED || state == LOOK_GONE);
	case LIFE_RECORD_NONE:
		break;
	}
	return (state == LOOK_GONE);
}

/* A key whose record should be revoked or gone is published still. */
static void
add_published(struct findings *f, enum key_stage stage)
{
	add_finding(f, true, "it still has the key", life_record(stage) ==
	    LIFE_RECORD_REVOKED ? "publish the record with an empty p=" :
	    "remove the record");
}

static struct findings
judge_server(const struct keystore_key *key, const struct look *look,
    const struct look_server *server)
{
	struct findings f = { .n = 0 };

	if (!is_allowed(key->stage, server->state) &&
	    server->state == LOOK_GOOD) {
		add_published(&f, key->stage);
	} else if (!is_allowed(key->stage, server->state)) {
		add_finding(&f, true, server->says, server->todo);
	}
	/* Of a key that is allowed to be unpublished, too: what hinders it. */
	if (!f.bad && (server->doubled ||
	    (life_record(key->stage) == LIFE_RECORD_ANY &&
	    (server->state == LOOK_SILENT ||
	    server->state == LOOK_REVOKED)))) {
		add_finding(&f, false, server->says, server->todo);
	}
	if (server->bogus) {
		add_finding(&f, true, "the answer's DNSSEC signature is wrong",
		    "sign the zone again");
	}
	if (server->state != LOOK_GOOD) {
		return (f);
	}
	if (server->type == CRYPTO_RSA && server->bits < KEYS_RSA_GOOD_BITS) {
		add_finding(&f, false, "the RSA key has less than 2048 bits",
		    "make a new key, with a new selector");
	}
	if (server->testing) {
		add_finding(&f, false, "t=y: receivers ignore a signature "
		    "that fails", "publish the record without t=y when the "
		    "test is over");
	}
	if (server->strict) {
		add_finding(&f, false, "t=s: i= must not name a subdomain",
		    "omit t=s if mail of subdomains is signed");
	}
	if (look->v[0].state == LOOK_GOOD &&
	    server->ttl_s != look->v[0].ttl_s) {
		add_finding(&f, false,
		    "its TTL is not that of the first server", NULL);
	}
	return (f);
}

static bool
is_well(const struct keystore_key *key, const struct look *look)
{
	size_t i;

	for (i = 0; i < look->n; i++) {
		if (judge_server(key, look, &look->v[i]).bad) {
			return (false);
		}
	}
	return (look->n > 0);
}

/* Whether a server that answers has no record of the key; one that does not
   answer says nothing. */
static bool
lacks_record(const struct look *look)
{
	size_t i;

	for (i = 0; i < look->n; i++) {
		if (look->v[i].state != LOOK_GOOD &&
		    look->v[i].state != LOOK_SILENT) {
			return (true);
		}
	}
	return (false);
}

static const char *
summary_of(const struct keystore_key *key, const struct look *look)
{
	if (look->n == 0) {
		return (look->found.why);
	}
	if (!is_well(key, look)) {
		return ("not as it should be");
	}
	if (key->stage != KEY_PENDING) {
		return ("all is well");
	}
	if (look->found.good) {
		return ("every name server has its record; dkimkeygen rotate "
		    "takes it to the next stage");
	}
	return (lacks_record(look) ?
	    "not published yet: its record is not at every name server" :
	    "whether it is published is not known: a name server did not "
	    "answer");
}

/* Of a single source the record is shown; name servers would repeat it. */
static void
print_record(const struct look_server *server)
{
	struct buf text;
	size_t i;

	for (i = 0; i < server->records_n; i++) {
		buf_init(&text, 4 * RECORD_SHOWN_BYTES + 16);
		escape_text(&text, server->records[i], RECORD_SHOWN_BYTES);
		(void)printf("  record: %s\n", text.p != NULL ? text.p : "");
		buf_fini(&text);
	}
	if (server->usable) {
		(void)printf("  key: %s, %u bits\n",
		    crypto_key_name(server->type), server->bits);
	}
}

static void
print_server(const struct keystore_key *key, const struct look *look,
    const struct look_server *server)
{
	struct findings f = judge_server(key, look, server);
	size_t i;

	for (i = 0; i < f.n; i++) {
		(void)printf("  %s: %.*s: %s\n", f.v[i].bad ? "wrong" :
		    "warning", STR_FMT(server->name), f.v[i].what);
		if (f.v[i].todo != NULL) {
			(void)printf("    %s\n", f.v[i].todo);
		}
	}
}

static void
print_text(const struct checking *c, const struct keystore_key *key,
    const struct look *look)
{
	size_t i;

	(void)printf("%.*s (%s): %s\n", STR_FMT(look->owner), c->of_file ?
	    "in a file" : key_stage_name(key->stage), summary_of(key, look));
	if (c->of_file && look->n == 1) {
		print_record(&look->v[0]);
	}
	if (c->of_file && c->key_path == NULL) {
		(void)printf("  no private key was compared\n");
	} else if (c->of_file && look->found.good) {
		(void)printf("  it is the key of %s\n", c->key_path);
	}
	for (i = 0; i < look->n; i++) {
		print_server(key, look, &look->v[i]);
	}
}

static json_t *
json_findings(const struct findings *f, bool bad)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < f->n; i++) {
		if (f->v[i].bad == bad) {
			(void)json_array_append_new(list,
			    cli_json_cstr(f->v[i].what));
		}
	}
	return (list);
}

static json_t *
json_server(const struct keystore_key *key, const struct look *look,
    const struct look_server *server)
{
	struct findings f = judge_server(key, look, server);
	json_t *records = json_array();
	size_t i;

	for (i = 0; i < server->records_n; i++) {
		(void)json_array_append_new(records,
		    cli_json_text(server->records[i]));
	}
	return (json_pack("{s:o, s:b, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o,"
	    " s:o}",
	    "name", cli_json_text(server->name), "ok", !f.bad,
	    "says", server->says,
	    "ttl", server->ttl_s >= 0 ? json_integer(server->ttl_s) :
		json_null(),
	    "records", records,
	    "algorithm", cli_json_cstr(server->usable ?
		crypto_key_name(server->type) : NULL),
	    "key_bits", server->usable ? json_integer(server->bits) :
		json_null(),
	    "testing", server->usable ? json_boolean(server->testing) :
		json_null(),
	    "strict", server->usable ? json_boolean(server->strict) :
		json_null(),
	    "problems", json_findings(&f, true),
	    "warnings", json_findings(&f, false)));
}

static json_t *
json_key(const struct checking *c, const struct keystore_key *key,
    const struct look *look)
{
	bool compared = !c->of_file || c->key_path != NULL;
	json_t *servers = json_array();
	size_t i;

	for (i = 0; i < look->n; i++) {
		(void)json_array_append_new(servers, json_server(key, look,
		    &look->v[i]));
	}
	return (json_pack("{s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:b, s:o, s:o,"
	    " s:o}",
	    "domain", cli_json_text(key->domain),
	    "selector", cli_json_text(key->selector),
	    "name", cli_json_text(look->owner),
	    "target", cli_json_text(look->target),
	    "stage", cli_json_cstr(c->of_file ? NULL :
		key_stage_name(key->stage)),
	    "ok", is_well(key, look), "published", look->found.good,
	    "compared", compared,
	    "negative_ttl", look->n > 0 ?
		json_integer(look->found.negative_ttl_s) : json_null(),
	    "reason", look->n == 0 ? cli_json_cstr(look->found.why) :
		json_null(),
	    "servers", servers));
}

static void
report_key(struct checking *c, const struct keystore_key *key,
    const struct look *look)
{
	c->bad |= !is_well(key, look);
	if (c->opts->json) {
		(void)json_array_append_new(c->keys, json_key(c, key, look));
	} else {
		print_text(c, key, look);
	}
}

/* One key, a domain's, or all. */
static bool
check_stored(struct checking *c)
{
	const struct key_name *name = &c->opts->name;
	struct cli_progress progress;
	struct keystore_key *v;
	struct look found;
	size_t i = 0, n;

	if (name->selector.p != NULL) {
		if (!store_find(c->store, name, &v, &n, &i)) {
			return (false);
		}
		n = i + 1;
	} else if (!store_list(c->store, &c->store->memory, name->domain, &v,
	    &n)) {
		return (false);
	}
	if (n == 0 && name->domain.p != NULL) {
		(void)cli_fail("%s: there is no key of %.*s", c->store->name,
		    STR_FMT(name->domain));
		c->bad = true;
	}
	cli_progress_begin(&progress, &c->store->env, "keys", n,
	    c->opts->quiet);
	for (; i < n; i++) {
		if (v[i].stage != KEY_REMOVED) {
			look_up(&c->looker, &v[i], &found);
			cli_progress_hide(&progress);
			report_key(c, &v[i], &found);
		}
		cli_progress_step(&progress, i + 1);
		if (name->selector.p == NULL) {
			arena_reset(&c->store->arena);
		}
	}
	cli_progress_hide(&progress);
	return (true);
}

/* The file's private key. None is read if none was named and none is in the
   current directory. False: printed why. */
static bool
load_key(struct checking *c, struct key_files *files, struct privkey **r)
{
	const struct verb_opts *o = c->opts;

	c->key_path = o->key_file;
	if (o->key_file == NULL) {
		if (!key_files_name(files, o->directory != NULL ?
		    o->directory : ".", o->name.selector)) {
			return (false);
		}
		if (o->directory == NULL && access(files->private_path,
		    F_OK) == -1 && errno == ENOENT) {
			return (true);
		}
		c->key_path = files->private_path;
	}
	return (cli_key_load(c->key_path, r));
}

static bool
check_file(struct checking *c)
{
	const struct key_name *name = &c->opts->name;
	struct keystore_key key = { .domain = name->domain,
		.selector = name->selector, .stage = KEY_ACTIVE };
	struct privkey *private = NULL;
	struct key_files files;
	struct look found;

	if (!load_key(c, &files, &private)) {
		return (false);
	}
	look_for(&c->looker, &(struct looked_for){ &key, private,
	    private == NULL }, &found);
	report_key(c, &key, &found);
	privkey_free(private);
	return (true);
}

/* Whether the store lacks the key. A broken one is there. False: printed
   why. */
static bool
find_missing(struct store *store, const struct verb_opts *o, bool *missing_r)
{
	struct keystore_key *v;
	size_t i, n;
	bool wanted;

	*missing_r = true;
	if (!store_choose(store, &wanted)) {
		return (false);
	}
	if (!wanted) {
		return (true);
	}
	if (!store_open(store, false) ||
	    !store_list(store, &store->arena, o->name.domain, &v, &n)) {
		return (false);
	}
	for (i = 0; i < n && !str_eq(v[i].selector, o->name.selector); i++) {
		continue;
	}
	*missing_r = i == n && store->broken == NULL;
	return (true);
}

/* A key is taken from a file if one was named, or if the usual store does not
   have it. False: printed why. */
static bool
choose_file(struct store *store, const struct verb_opts *o, bool *file_r)
{
	*file_r = o->selector != NULL && (o->key_file != NULL ||
	    o->directory != NULL);
	if (*file_r || o->selector == NULL || o->store.where != NULL) {
		return (true);
	}
	return (find_missing(store, o, file_r));
}

static int
run_check(struct store *store, const struct verb_opts *o)
{
	struct checking c = { .store = store, .opts = o };
	bool ok;

	ok = choose_file(store, o, &c.of_file) &&
	    (c.of_file || store->keys != NULL || store_open(store, false)) &&
	    looker_init(&c.looker, store, &o->dns, c.of_file &&
	    !o->authoritative);
	if (!ok) {
		return (CLI_USAGE);
	}
	c.keys = json_array();
	ok = c.of_file ? check_file(&c) : check_stored(&c);
	looker_fini(&c.looker);
	if (ok && o->json) {
		ok = cli_json_print(json_pack("{s:b, s:O}", "ok", !c.bad,
		    "keys", c.keys));
	}
	json_decref(c.keys);
	return (!ok || store->broken != NULL ? CLI_USAGE : c.bad ? CLI_NO :
	    CLI_YES);
}

static bool
check_check(const struct verb_opts *o)
{
	if (o->selector != NULL && o->domain == NULL) {
		(void)cli_fail("-s SELECTOR needs -d DOMAIN");
		return (false);
	}
	return (true);
}

int
check_main(const struct cli_command *command, int argc, char **argv)
{
	static const struct verb verb = { NEEDS_NO_NAME, DECIDES_ABOUT_STORE,
		check_check, run_check };

	return (verb_main(&verb, command, argc, argv));
}
