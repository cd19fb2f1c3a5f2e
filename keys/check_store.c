/* SPDX-License-Identifier: BSD-2-Clause */
/* dkimkeygen check --authoritative: what each name server says. */
#include <sys/types.h>

#include <stdio.h>

#include "keys/check.h"
#include "keys/look.h"

struct checking {		/* one run */
	struct store			*store;
	const struct verb_opts		*opts;
	struct looker			 looker;
	json_t				*keys;	/* --json */
	bool				 of_file;	/* it has no stage */
	bool				 bad;
};

/* What is wrong with what it says; NULL: nothing. */
static const char *
problem(enum key_stage stage, const struct look_server *server)
{
	switch (stage) {
	case KEY_PENDING:		/* it need not be there yet */
		return (server->foreign ? server->what : NULL);
	case KEY_PUBLISHED:
	case KEY_ACTIVE:
	case KEY_RETIRED:
		return (server->good ? NULL : server->what);
	case KEY_REVOKED:
		return (server->revoked ? NULL : server->what);
	case KEY_REMOVED:
		break;
	}
	return (server->gone ? NULL : server->what);
}

/* What is not wrong, and not well either; NULL: nothing. */
static const char *
warning(const struct keystore_key *key, const struct look *look, size_t i)
{
	const struct look_server *server = &look->v[i];

	if (!server->good) {
		return (NULL);
	}
	if (server->testing) {
		return ("t=y: receivers treat the mail as unsigned");
	}
	if (key->type == CRYPTO_RSA && key->bits < KEYS_RSA_GOOD_BITS) {
		return ("the RSA key has less than 2048 bits");
	}
	return (look->v[0].good && server->ttl_s != look->v[0].ttl_s ?
	    "its TTL is not that of the first server" : NULL);
}

static bool
is_well(const struct keystore_key *key, const struct look *look)
{
	size_t i;

	for (i = 0; i < look->n && problem(key->stage, &look->v[i]) == NULL;
	    i++) {
		continue;
	}
	return (look->n > 0 && i == look->n);
}

static const char *
summary(const struct keystore_key *key, const struct look *look)
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
	return (look->found.good ? "all name servers have its record: "
	    "dkimkeygen rotate takes it on" : "not published yet: its record "
	    "is not at every name server");
}

static void
print_text(const struct checking *c, const struct keystore_key *key,
    const struct look *look)
{
	const char *what;
	size_t i;

	(void)printf("%.*s (%s): %s\n", STR_FMT(look->owner), c->of_file ?
	    "of a file" : key_stage_name(key->stage), summary(key, look));
	for (i = 0; i < look->n; i++) {
		what = problem(key->stage, &look->v[i]);
		if (what != NULL) {
			(void)printf("  wrong: %.*s: %s\n",
			    STR_FMT(look->v[i].name), what);
		}
		what = warning(key, look, i);
		if (what != NULL) {
			(void)printf("  warning: %.*s: %s\n",
			    STR_FMT(look->v[i].name), what);
		}
	}
}

static json_t *
json_servers(const struct keystore_key *key, const struct look *look)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < look->n; i++) {
		const struct look_server *server = &look->v[i];

		(void)json_array_append_new(list, json_pack(
		    "{s:o, s:b, s:s, s:o, s:o}",
		    "name", cli_json_text(server->name),
		    "ok", problem(key->stage, server) == NULL,
		    "says", server->what,
		    "ttl", server->ttl_s >= 0 ?
			json_integer(server->ttl_s) : json_null(),
		    "warning", cli_json_cstr(warning(key, look, i))));
	}
	return (list);
}

static json_t *
json_key(const struct checking *c, const struct keystore_key *key,
    const struct look *look)
{
	return (json_pack("{s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:o, s:o,"
	    " s:o}",
	    "domain", cli_json_text(key->domain),
	    "selector", cli_json_text(key->selector),
	    "name", cli_json_text(look->owner),
	    "target", cli_json_text(look->target),
	    "stage", cli_json_cstr(c->of_file ? NULL :
		key_stage_name(key->stage)),
	    "ok", is_well(key, look), "published", look->found.good,
	    "negative_ttl", look->n > 0 ?
		json_integer(look->found.negative_ttl_s) : json_null(),
	    "reason", look->n == 0 ? cli_json_cstr(look->found.why) :
		json_null(),
	    "servers", json_servers(key, look)));
}

static void
report(struct checking *c, const struct keystore_key *key,
    const struct look *look)
{
	c->bad = c->bad || !is_well(key, look);
	if (c->opts->json) {
		(void)json_array_append_new(c->keys, json_key(c, key, look));
	} else {
		print_text(c, key, look);
	}
}

/* The keys of the store that the options name; those removed are no more. */
static bool
check_stored(struct checking *c)
{
	const struct verb_opts *o = c->opts;
	struct str domain = STR_NONE;
	struct keystore_key *v;
	struct look found;
	size_t i, n = 1;

	if (!store_open(c->store, false)) {
		return (false);
	}
	if (o->selector != NULL) {
		v = store_find(c->store, o->domain, o->selector);
		if (v == NULL) {
			return (false);
		}
	} else if (!store_domain(c->store, o->domain, &domain) ||
	    !store_list(c->store, domain, &v, &n)) {
		return (false);
	}
	for (i = 0; i < n; i++) {
		if (v[i].stage != KEY_REMOVED) {
			look(&c->looker, &v[i], &found);
			report(c, &v[i], &found);
		}
	}
	return (true);
}

/* A key of the operator's, that has no stage: as one that signs. */
static bool
check_file(struct checking *c)
{
	const struct verb_opts *o = c->opts;
	struct keystore_key key = { .stage = KEY_ACTIVE };
	struct privkey *private = NULL;
	const char *path = o->key_file;
	struct key_files files;
	struct key_name name;
	struct look found;

	if (!key_name_make(&c->store->arena, o->domain, o->selector, &name) ||
	    !key_files_name(&files, o->directory != NULL ? o->directory :
	    ".", name.selector)) {
		return (false);
	}
	if (!cli_key_load(path != NULL ? path : files.private_path,
	    &private)) {
		return (false);
	}
	key.domain = name.domain;
	key.selector = name.selector;
	key.type = privkey_type(private);
	key.bits = privkey_bits(private);
	look_with(&c->looker, &key, private, &found);
	c->of_file = true;
	report(c, &key, &found);
	privkey_free(private);
	return (true);
}

int
check_authoritative(const struct verb_opts *o)
{
	struct store store;
	struct checking c = { .store = &store, .opts = o,
		.keys = json_array() };
	bool ok = false;

	if (store_init(&store, &o->store) &&
	    looker_init(&c.looker, &store, &o->dns)) {
		ok = o->selector != NULL && (o->key_file != NULL ||
		    o->directory != NULL) ? check_file(&c) :
		    check_stored(&c);
		looker_fini(&c.looker);
	}
	if (ok && o->json) {
		ok = cli_json_print(json_pack("{s:b, s:O}", "ok", !c.bad,
		    "keys", c.keys));
	}
	json_decref(c.keys);
	ok = cli_flush() && ok && store.broken == NULL;
	store_close(&store);
	return (!ok ? CLI_USAGE : c.bad ? CLI_NO : CLI_YES);
}
