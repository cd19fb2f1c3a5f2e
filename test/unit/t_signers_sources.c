/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys of key stores, and changes of the stores: lib/signers/stored.c. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keystore/keystore.h"
#include "signers/private.h"

#include "tap.h"

static struct env env;
static char top[64];
static struct buf pem;
static struct buf lines;		/* of the log */

static void
take_line(void *ctx, enum log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	buf_add_cstr(&lines, line);
	buf_add_char(&lines, '\n');
}

static void
must(bool ok, const char *what)
{
	if (!ok) {
		printf("Bail out! %s\n", what);
		exit(1);
	}
}

static void
put_into(const char *where, const char *domain, const char *selector,
    enum key_stage stage, int64_t created_s, struct str text)
{
	struct keystore_key key = { .domain = str_from(domain),
		.selector = str_from(selector), .type = CRYPTO_ED25519,
		.bits = 256, .stage = stage, .created_s = created_s,
		.since_s = created_s, .seen_s = -1, .asked_s = -1,
		.record = STR("v=DKIM1; k=ed25519; p=AAAA") };
	struct keystore *store;
	struct diag diag;

	diag_init(&diag);
	must(keystore_open(where, true, &store, &diag) == STATUS_OK,
	    diag.text);
	if (keystore_add(store, &key, text, &diag) == STATUS_LIMIT) {
		must(keystore_save(store, &key, &diag) == STATUS_OK,
		    diag.text);
	}
	keystore_close(store);
}

static void
put(const char *domain, const char *selector, enum key_stage stage,
    int64_t created_s)
{
	put_into(top, domain, selector, stage, created_s, buf_str(&pem));
}

static struct signers *
make_after(const struct signers *before, bool subdomains, size_t cache_max)
{
	const char *const stores[] = { top };
	struct signers_opts opts = { .env = &env,
		.key_stores = stores, .key_stores_n = 1,
		.subdomains = subdomains, .cache_max = cache_max };
	struct signers *s;
	struct diag diag;

	diag_init(&diag);
	must(signers_new(&opts, before, &s, &diag) == STATUS_OK, diag.text);
	return (s);
}

static struct signers *
make(bool subdomains, size_t cache_max)
{
	return (make_after(NULL, subdomains, cache_max));
}

/* "selector@domain " of each that has a key, "!selector " of each other. */
static void
check(struct signers *s, const char *domain, const char *want,
    const char *name)
{
	struct signers_picks picks;
	struct arena arena;
	struct buf text;
	size_t i;

	arena_init(&arena, 1 << 20);
	buf_init(&text, 4096);
	must(signers_pick(s, &arena, STR("joe"), str_from(domain), &picks) ==
	    STATUS_OK, "pick");
	must(signers_load(s, &arena, &picks) == STATUS_OK, "load");
	for (i = 0; i < picks.n; i++) {
		if (picks.v[i].key == NULL) {
			buf_printf(&text, "!%.*s ",
			    STR_FMT(picks.v[i].selector));
			continue;
		}
		buf_printf(&text, "%.*s@%.*s ", STR_FMT(picks.v[i].selector),
		    STR_FMT(picks.v[i].domain));
	}
	tap_str(str_mem(text.p, text.n), str_from(want), name);
	signers_picks_fini(&picks);
	buf_fini(&text);
	arena_fini(&arena);
}

static void
check_picks(void)
{
	struct signers_counts counts;
	struct signers *s = make(false, 10);

	check(s, "a.example", "s1@a.example s3@a.example ",
	    "all active keys, the oldest on top");
	check(s, "b.example", "", "a pending key");
	check(s, "c.example", "", "an unknown domain");
	check(s, "sub.a.example", "", "below a domain");
	signers_count(s, &counts);
	tap_num((long long)counts.rules, 1, "domains that sign");
	tap_num((long long)counts.keys, 2, "their keys");
	signers_free(s);
	s = make(true, 0);
	check(s, "x.sub.a.example", "s1@a.example s3@a.example ",
	    "below a domain, with SubDomains");
	signers_free(s);
}

static void
check_changes(void)
{
	struct signers *s = make(false, 10), *next;
	uint64_t revision = signers_revision(s), before, now;

	tap_ok(signers_look(s) == revision, "nothing has changed");
	tap_ok(!signers_look_local(s, &before), "nor in the store alone");
	put("a.example", "s1", KEY_RETIRED, 10);
	tap_ok(signers_look(s) != revision, "a stage has changed");
	tap_ok(signers_look_local(s, &now) && now != before,
	    "as the store alone shows");
	tap_ok(signers_look_local(s, &before) && now == before,
	    "it is the same change at the next look");
	check(s, "a.example", "s1@a.example s3@a.example ",
	    "signers in service do not change");
	next = make(false, 10);
	check(next, "a.example", "s3@a.example ",
	    "new signers have the change");
	tap_ok(signers_look(next) == signers_revision(next) &&
	    !signers_look_local(next, &now), "new signers: no change since");
	signers_free(next);
	signers_free(s);
}

/* A store with more keys, each change of which has all of them loaded, is
   looked at less often; one of a database server is not. */
static void
check_local(void)
{
	static const struct {
		const char	*where;
		bool		 local;
	} rows[] = {
		{ "/var/lib/keys", true }, { "./postgres:", true },
		{ "sqlite:/var/lib/keys.db", true }, { "postgres:", false },
		{ "postgres:host=db.example", false },
	};
	struct signers *s = make(false, 10);
	char *where = s->stores[0]->where;
	char server[] = "postgres:";
	uint64_t now;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tap_ok(keystore_is_local(rows[i].where) == rows[i].local,
		    "%s: on this host, or not", rows[i].where);
	}
	tap_num(signers_local_s(s), 1, "a small store: each second");
	s->stores[0]->keys_n += 29 * SIGNERS_LOCAL_KEYS;
	tap_num(signers_local_s(s), 30, "many keys: half a minute");
	s->stores[0]->where = server;
	tap_num(signers_local_s(s), 0, "a database server: not at all");
	tap_ok(!signers_look_local(s, &now), "and it is not asked");
	s->stores[0]->where = where;
	signers_free(s);
}

static void
write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	must(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0, path);
}

static void
break_state(const char *domain, const char *selector)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s/%s.state", top, domain, selector);
	write_text(path, "mailseal-key 1\n");
}

static void
check_count(const struct signers *s, long long want)
{
	struct signers_counts counts;

	signers_count(s, &counts);
	tap_num((long long)counts.keys, want, "keys that are known");
}

static void
check_broken(void)
{
	struct signers *s, *next;
	char path[128];

	snprintf(path, sizeof(path), "%s/a.example/s3.private", top);
	must(chmod(path, 0644) == 0, path);
	buf_reset(&lines);
	s = make(false, 10);
	check(s, "a.example", "!s3 ", "a key that others may read");
	tap_ok(lines.n > 0 && strstr(lines.p,
	    "a.example/s3.private: mode 0644") != NULL,
	    "a key that others may read: logged");
	buf_reset(&lines);
	check(s, "a.example", "!s3 ", "the next message");
	tap_num((long long)lines.n, 0, "the next message: not logged again");
	signers_free(s);
	put("a.example", "s1", KEY_ACTIVE, 10);
	s = make(false, 10);
	break_state("a.example", "s1");
	put("b.example", "s1", KEY_ACTIVE, 10);
	buf_reset(&lines);
	next = make_after(s, false, 10);
	check(next, "a.example", "s1@a.example !s3 ",
	    "with a broken state, mail is signed as before");
	check(next, "b.example", "s1@b.example ", "other domains are followed");
	check_count(next, 3);
	signers_free(s);
	put("a.example", "s3", KEY_RETIRED, 20);
	s = make_after(next, false, 10);
	check(s, "a.example", "s1@a.example ", "its other keys are followed");
	put("a.example", "s3", KEY_ACTIVE, 20);
	signers_free(s);
	tap_ok(lines.n > 0 && strstr(lines.p, "state is broken: ") != NULL &&
	    strstr(lines.p, "s1.state") != NULL, "a broken state is named");
	s = make_after(next, false, 10);
	signers_free(next);
	check(s, "a.example", "s1@a.example !s3 ",
	    "a broken state, the next reload");
	signers_free(s);
}

static void
check_broken_at_start(void)
{
	struct signers *s = make(false, 10), *next;
	uint64_t now;

	check(s, "a.example", "!s3 ", "at the start, a broken key is left out");
	signers_free(s);
	break_state("b.example", "s1");
	s = make(false, 0);
	check(s, "b.example", "!? ", "at the start, the only key is broken");
	check_count(s, 1);
	buf_reset(&lines);
	tap_num((long long)signers_check_keys(s), 2,
	    "a check counts it, and the one that cannot be loaded");
	tap_ok(strstr(lines.p, "s3.private: mode 0644") != NULL,
	    "which is named");
	tap_ok(signers_look(s) != signers_revision(s),
	    "it is to be looked at again");
	tap_ok(!signers_look_local(s, &now), "but that is no change");
	next = make_after(s, false, 10);
	check(next, "b.example", "!? ", "the only key is broken, after a "
	    "reload");
	signers_free(s);
	put("b.example", "s2", KEY_ACTIVE, 10);
	tap_ok(signers_look_local(next, &now), "beside a broken key, another "
	    "one has changed");
	s = make_after(next, false, 10);
	check(s, "b.example", "s2@b.example ",
	    "a usable key replaces the error");
	signers_free(next);
	signers_free(s);
}

/* Its state is broken. */
static void
remove_key(const char *domain)
{
	char path[128];
	unsigned i;
	static const char *const ends[] = { "state", "private", "txt" };

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s/s1.%s", top, domain,
		    ends[i]);
		must(unlink(path) == 0, path);
	}
}

/* want: what is warned of; NULL: nothing. */
static void
check_table(const struct signers_opts *opts, const char *table,
    const char *want)
{
	struct signers *s;
	struct diag diag;

	diag_init(&diag);
	write_text(opts->signing_table, table);
	buf_reset(&lines);
	must(signers_new(opts, NULL, &s, &diag) == STATUS_OK, diag.text);
	tap_ok((want == NULL && lines.n == 0) || (want != NULL && lines.n > 0
	    && strstr(lines.p, want) != NULL), "tables and a store: %s",
	    want != NULL ? want : "apart");
	signers_free(s);
}

/* Domain or a SigningTable beside the store. */
static void
check_twice(void)
{
	const struct str domains[] = { STR("c.example"), STR("a.example"),
		STR("b.example") };
	struct conf_key given = { .selector = STR("s0") };
	const char *const stores[] = { top };
	struct signers_opts opts = { .env = &env, .key_stores = stores,
		.key_stores_n = 1,
		.domains = domains, .domains_n = 1, .keys = &given,
		.keys_n = 1, .cache_max = 10 };
	char key_table[96], signing_table[96];
	struct signers *s;
	struct diag diag;

	put("a.example", "s1", KEY_ACTIVE, 10);
	put("b.example", "s1", KEY_ACTIVE, 10);
	buf_reset(&lines);
	diag_init(&diag);
	must(signers_new(&opts, NULL, &s, &diag) == STATUS_OK, diag.text);
	tap_num((long long)lines.n, 0, "a domain that the store has not");
	signers_free(s);
	opts.domains_n = 3;
	must(signers_new(&opts, NULL, &s, &diag) == STATUS_OK, diag.text);
	tap_ok(lines.n > 0 && strstr(lines.p,
	    "Domain signs as a.example and 1 other, which also has keys in") !=
	    NULL, "Domain and the store have a domain");
	signers_free(s);
	opts.domains_n = 0;
	snprintf(key_table, sizeof(key_table), "%s/.key-table", top);
	snprintf(signing_table, sizeof(signing_table), "%s/.signing-table",
	    top);
	write_text(key_table, "k b.example:old:/nowhere\nl %:old:/nowhere\n");
	opts.key_table = key_table;
	opts.signing_table = signing_table;
	check_table(&opts, "c.example l\n", NULL);
	check_table(&opts, "*@c.example l\nb.example k\njoe@b.example k\n",
	    "SigningTable signs as b.example, which also has keys");
	check_table(&opts, "c.example %\n",
	    "SigningTable signs as b.example, which also has keys");
}

/* Keys that do not sign yet, or never will. */
static void
check_waiting(void)
{
	const struct str domains[] = { STR("hidden.example") };
	struct conf_key given = { .selector = STR("s0") };
	struct signers_opts opts = { .env = &env, .cache_max = 10,
		.domains = domains, .domains_n = 1, .keys = &given,
		.keys_n = 1 };
	struct signers *s;
	struct diag diag;
	char where[96];
	const char *const stores[] = { where };

	diag_init(&diag);
	snprintf(where, sizeof(where), "sqlite:%s/.waiting.db", top);
	opts.key_stores = stores;
	opts.key_stores_n = 1;
	put_into(where, "a.example", "s1", KEY_ACTIVE, 10, buf_str(&pem));
	put_into(where, "a.example", "s2", KEY_PENDING, 20, buf_str(&pem));
	put_into(where, "gone.example", "s1", KEY_RETIRED, 20, buf_str(&pem));
	must(signers_new(&opts, NULL, &s, &diag) == STATUS_OK, diag.text);
	buf_reset(&lines);
	(void)signers_check_keys(s);
	tap_num((long long)lines.n, 0, "all that has keys signs");
	put_into(where, "hidden.example", "s1", KEY_PENDING, 20,
	    buf_str(&pem));
	put_into(where, "b.example", "s1", KEY_PUBLISHED, 20, buf_str(&pem));
	put_into(where, "c.example", "s1", KEY_PENDING, 20, buf_str(&pem));
	put_into(where, "c.example", "s2", KEY_PENDING, 20, buf_str(&pem));
	put_into(where, "d.example", "s1", KEY_PENDING, 20, buf_str(&pem));
	(void)signers_check_keys(s);
	tap_ok(lines.n > 0 && strstr(lines.p, "KeyStore: mail of b.example "
	    "and 2 others is not signed yet") != NULL && strstr(lines.p,
	    where) != NULL, "no key is active");
	tap_ok(lines.n > 0 && strstr(lines.p, "the keys of "
	    "hidden.example will not sign: Domain takes precedence") !=
	    NULL, "none ever will be");
	signers_free(s);
}

/* A private half that is mended is read, and others are what they were. */
static void
check_database(void)
{
	struct signers_opts opts = { .env = &env, .cache_max = 10 };
	char where[96], command[256];
	const char *const stores[] = { where };
	struct signers *s, *next;
	struct diag diag;

	diag_init(&diag);
	snprintf(where, sizeof(where), "sqlite:%s/.keys.db", top);
	put_into(where, "a.example", "s1", KEY_ACTIVE, 10, buf_str(&pem));
	put_into(where, "a.example", "s2", KEY_ACTIVE, 20, STR("no key"));
	put_into(where, "b.example", "s1", KEY_ACTIVE, 30, buf_str(&pem));
	opts.key_stores = stores;
	opts.key_stores_n = 1;
	must(signers_new(&opts, NULL, &s, &diag) == STATUS_OK, diag.text);
	check(s, "a.example", "s1@a.example !s2 ", "one of two is no key");
	snprintf(command, sizeof(command), "sqlite3 %s/.keys.db \"UPDATE "
	    "mailseal_key SET private = (SELECT private FROM mailseal_key "
	    "WHERE domain = 'b.example')\"", top);
	must(system(command) == 0, command);
	tap_ok(signers_look(s) != signers_revision(s),
	    "a key is repaired: a change");
	must(signers_new(&opts, s, &next, &diag) == STATUS_OK, diag.text);
	signers_free(s);
	check(next, "a.example", "s1@a.example s2@a.example ",
	    "a repaired key signs");
	check(next, "b.example", "s1@b.example ", "another key still signs");
	signers_free(next);
}

/* A private key that is encrypted in the database. */
static void
check_passphrase(void)
{
	struct signers_opts opts = { .env = &env, .cache_max = 10 };
	char where[96], file[96], command[512];
	const char *const stores[] = { where };
	struct signers *s = NULL;
	struct diag diag;

	diag_init(&diag);
	snprintf(where, sizeof(where), "sqlite:%s/.secret.db", top);
	snprintf(file, sizeof(file), "%s/.passphrase", top);
	put_into(where, "a.example", "s1", KEY_ACTIVE, 10, buf_str(&pem));
	snprintf(command, sizeof(command), "cd %s && umask 077 && echo "
	    "0123456789abcdef >.passphrase && sqlite3 .secret.db 'SELECT "
	    "private FROM mailseal_key' | openssl pkcs8 -topk8 -passout "
	    "file:.passphrase -out .pem && sqlite3 .secret.db \"UPDATE "
	    "mailseal_key SET private = readfile('.pem')\"", top);
	must(system(command) == 0, command);
	opts.key_stores = stores;
	opts.key_stores_n = 1;
	must(signers_new(&opts, NULL, &s, &diag) == STATUS_OK, diag.text);
	buf_reset(&lines);
	check(s, "a.example", "!s1 ", "an encrypted key, no passphrase");
	tap_ok(lines.n > 0 && strstr(lines.p, "/.secret.db: the private key "
	    "s1 of a.example is encrypted, but KeyPassphraseFile is not set")
	    != NULL, "an encrypted key, no passphrase: logged");
	signers_free(s);
	opts.passphrase_file = file;
	must(signers_new(&opts, NULL, &s, &diag) == STATUS_OK, diag.text);
	check(s, "a.example", "s1@a.example ", "an encrypted key of openssl");
	signers_free(s);
	write_text(file, "fedcba9876543210\n");
	must(signers_new(&opts, NULL, &s, &diag) == STATUS_OK, diag.text);
	buf_reset(&lines);
	tap_num((long long)signers_check_keys(s), 1, "another passphrase");
	tap_ok(lines.n > 0 && strstr(lines.p, "cannot be decrypted with the "
	    "passphrase in ") != NULL && strstr(lines.p, file) != NULL,
	    "another passphrase: logged with the file");
	signers_free(s);
	opts.passphrase_file = "/nowhere";
	tap_num(signers_new(&opts, NULL, &s, &diag), STATUS_IO,
	    "a missing passphrase file");
	tap_str(str_from(diag.text), STR("KeyPassphraseFile: /nowhere: No "
	    "such file or directory"), "a missing passphrase file");
}

static void
check_gone(void)
{
	static const char *const stores[] = { "/nowhere" };
	struct signers_opts opts = { .env = &env, .key_stores = stores,
		.key_stores_n = 1, .cache_max = 10 };
	struct signers *s = NULL;
	struct diag diag;

	diag_init(&diag);
	tap_num(signers_new(&opts, NULL, &s, &diag), STATUS_IO,
	    "a missing directory");
	tap_ok(s == NULL && strstr(diag.text, "/nowhere") != NULL,
	    "a missing directory is named");
}

static void
check_oldest(int64_t want_s, const char *name)
{
	struct signers *s = make(false, 10);

	tap_num(signers_oldest_key(s), want_s, name);
	signers_free(s);
}

int
main(void)
{
	struct privkey *key;
	char command[128];

	env_init_system(&env);
	env.log = take_line;
	buf_init(&pem, 4096);
	buf_init(&lines, 1 << 20);
	must(privkey_generate(CRYPTO_ED25519, 0, &key) == STATUS_OK &&
	    privkey_write_pem(key, &pem) == STATUS_OK, "key");
	privkey_free(key);
	snprintf(top, sizeof(top), "/tmp/t_sources.XXXXXX");
	must(mkdtemp(top) != NULL, "directory");
	check_oldest(-1, "no key, no age");
	put("a.example", "s1", KEY_ACTIVE, 10);
	put("a.example", "s2", KEY_RETIRED, 5);
	put("a.example", "s3", KEY_ACTIVE, 20);
	put("b.example", "s1", KEY_PENDING, 10);
	check_oldest(10, "the oldest key that signs");
	check_picks();
	check_changes();
	check_local();
	check_broken();
	check_broken_at_start();
	remove_key("a.example");
	remove_key("b.example");
	check_twice();
	check_waiting();
	check_database();
	check_passphrase();
	check_gone();
	buf_fini(&pem);
	buf_fini(&lines);
	snprintf(command, sizeof(command), "rm -rf %s", top);
	tap_num(system(command), 0, "cleaned up");
	return (tap_done());
}
