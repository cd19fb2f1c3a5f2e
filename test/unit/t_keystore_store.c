/* SPDX-License-Identifier: BSD-2-Clause */
/* The behaviour that all kinds of stores share: lib/keystore/keystore.h. */
#include "config.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "keystore/files.h"
#include "keystore/keystore.h"

#include "tap.h"

#define MANY	800		/* domains */
#define NOBODY	65534
#define PEM	"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"

static char top[64];
static unsigned bad_count;
static char bad_text[DIAG_MAX_BYTES];

static void
on_bad(void *ctx, struct str domain, struct str selector,
    const struct diag *diag)
{
	(void)ctx;
	(void)domain;
	(void)selector;
	(void)snprintf(bad_text, sizeof(bad_text), "%s", diag->text);
	bad_count++;
}

static struct keystore *
open_store(const char *where, bool create)
{
	struct keystore *store = NULL;
	struct diag diag;

	diag_init(&diag);
	if (keystore_open(where, create, &store, &diag) != STATUS_OK) {
		printf("Bail out! %s\n", diag.text);
		exit(1);
	}
	return (store);
}

static struct keystore_key
make(const char *domain, const char *selector, int64_t created_s)
{
	return ((struct keystore_key){ .domain = str_from(domain),
		.selector = str_from(selector), .type = CRYPTO_RSA,
		.bits = 2048, .stage = KEY_PENDING, .created_s = created_s,
		.since_s = created_s, .seen_s = -1, .asked_s = -1,
		.record = STR("v=DKIM1; k=rsa; p=AAAA") });
}

static void
add(struct keystore *store, const struct keystore_key *key, enum status want,
    const char *name)
{
	struct diag diag;

	diag_init(&diag);
	tap_num(keystore_add(store, key, STR(PEM), &diag), want, name);
	tap_ok((want == STATUS_OK) == (diag.text[0] == '\0'),
	    "a reason where it was not");
}

/* "domain/selector:stage " of each key, "stage! " of one without a private
   half. */
static void
check_list(struct keystore *store, struct str domain, const char *want,
    const char *name)
{
	struct keystore_key *v;
	struct arena arena;
	struct diag diag;
	struct buf text;
	size_t i, n;

	diag_init(&diag);
	arena_init(&arena, 1 << 20);
	buf_init(&text, 1 << 20);
	bad_count = 0;
	tap_num(keystore_list(store, &arena, domain, &v, &n, on_bad, NULL,
	    &diag), STATUS_OK, name);
	for (i = 0; i < n; i++) {
		buf_printf(&text, "%.*s/%.*s:%s%s ", STR_FMT(v[i].domain),
		    STR_FMT(v[i].selector), key_stage_name(v[i].stage),
		    v[i].lost ? "!" : "");
	}
	tap_str(str_mem(text.p, text.n), str_from(want), name);
	buf_fini(&text);
	arena_fini(&arena);
}

static uint64_t
revision(struct keystore *store)
{
	struct diag diag;
	uint64_t r = 0;

	diag_init(&diag);
	tap_num(keystore_revision(store, &r, &diag), STATUS_OK, "revision");
	return (r);
}

static void
check_private(struct keystore *store, const struct keystore_key *key,
    bool there, const char *name)
{
	struct diag diag;
	struct buf pem;

	diag_init(&diag);
	buf_init(&pem, KEYSTORE_PEM_MAX_BYTES);
	tap_ok((keystore_private(store, key, &pem, &diag) == STATUS_OK) ==
	    there, "%s", name);
	tap_str(str_mem(pem.p, pem.n), there ? STR(PEM) : STR(""),
	    "its text");
	buf_fini(&pem);
}

static void
save(struct keystore *store, const struct keystore_key *key, enum status want,
    const char *name)
{
	struct diag diag;

	diag_init(&diag);
	tap_num(keystore_save(store, key, &diag), want, name);
}

/* Takes the store; again: another name of it. */
static void
check_lock(struct keystore *store, const char *again)
{
	struct keystore *other = open_store(again, false);
	struct str a = STR("a.example"), b = STR("b.example");
	struct diag diag;

	diag_init(&diag);
	tap_num(keystore_lock(store, a, 0, &diag), STATUS_OK, "lock: a domain");
	tap_num(keystore_lock(other, a, 0, &diag), STATUS_TEMP,
	    "lock: the same domain by another");
	tap_ok(strstr(diag.text, "another process is changing the keys of "
	    "a.example") != NULL, "lock: it is named");
	tap_num(keystore_lock(other, b, 0, &diag), STATUS_OK,
	    "lock: another domain by another");
	keystore_unlock(store, a);
	tap_num(keystore_lock(other, a, 0, &diag), STATUS_OK,
	    "lock: after it was released");
	tap_num(keystore_lock(store, b, 0, &diag), STATUS_TEMP,
	    "lock: the other domain is still locked");
	keystore_close(other);
	tap_num(keystore_lock(store, a, 1, &diag), STATUS_OK,
	    "lock: after the store was closed");
	keystore_close(store);
}

static void
check_store(const char *where)
{
	struct keystore *store = open_store(where, true);
	struct keystore_key a = make("a.example", "s1", 20);
	struct keystore_key b = make("b.example", "s1", 10);
	struct keystore_key older = make("a.example", "s2", 10);
	uint64_t before;

	check_list(store, STR_NONE, "", "empty");
	before = revision(store);
	add(store, &a, STATUS_OK, "a key");
	tap_ok(revision(store) != before, "adding changes the revision");
	add(store, &a, STATUS_LIMIT, "its selector again");
	add(store, &b, STATUS_OK, "another domain's");
	add(store, &older, STATUS_OK, "an older one");
	check_list(store, STR_NONE, "a.example/s2:pending "
	    "a.example/s1:pending b.example/s1:pending ",
	    "by domain and age");
	check_list(store, STR("b.example"), "b.example/s1:pending ",
	    "of one domain");
	check_list(store, STR("c.example"), "", "of one without keys");
	check_private(store, &a, true, "the private half");
	before = revision(store);
	tap_ok(before == revision(store), "looking changes no revision");
	a.stage = KEY_ACTIVE;
	a.note = STR("well");
	save(store, &a, STATUS_OK, "a new stage");
	tap_ok(revision(store) != before, "which changes the revision");
	before = revision(store);
	a.note = STR("well, well");
	a.seen_s = 30;
	save(store, &a, STATUS_OK, "what does not matter to a signer");
	tap_ok(revision(store) == before, "does not");
	check_list(store, STR("a.example"), "a.example/s2:pending "
	    "a.example/s1:active ", "is read again");
	a.stage = KEY_REMOVED;
	save(store, &a, STATUS_OK, "removed");
	check_private(store, &a, false, "has no private half");
	add(store, &a, STATUS_LIMIT, "nor may its selector come again");
	b.selector = STR("s9");
	save(store, &b, STATUS_IO, "a key that is not there");
	check_lock(store, where);
}

static void
run(const char *command)
{
	if (!tap_ok(system(command) == 0, "%s", command)) {
		exit(1);
	}
}

/* By hand, as no statement of ours leaves them. */
static void
check_broken_rows(const char *where)
{
	struct keystore *store;
	char command[512];

	snprintf(command, sizeof(command), "sqlite3 %s \"UPDATE mailseal_key "
	    "SET private = NULL WHERE domain = 'b.example'; UPDATE "
	    "mailseal_key SET type = 'dsa' WHERE selector = 's2'\"",
	    where + strlen("sqlite:"));
	run(command);
	store = open_store(where, false);
	check_list(store, STR_NONE, "a.example/s1:removed "
	    "b.example/s1:pending! ", "rows changed by hand");
	tap_num(bad_count, 1, "one is broken");
	tap_ok(strstr(bad_text, "the row of s2 of a.example in mailseal_key")
	    != NULL && strstr(bad_text, "type: invalid value") != NULL,
	    "and named with what is wrong");
	keystore_close(store);
}

/* Through a symbolic link the lock is the same. */
static void
check_link(const char *where)
{
	char link[128];

	snprintf(link, sizeof(link), "sqlite:%s/link.db", top);
	tap_num(symlink(where + strlen("sqlite:"), link + strlen("sqlite:")),
	    0, link);
	check_lock(open_store(where, false), link);
}

/* The tables that dkimkeygen makes, and those that we ship. */
static void
check_sqlite(void)
{
	char where[128], command[512];
	struct keystore *store = NULL;
	struct diag diag;
	struct stat st;

	snprintf(where, sizeof(where), "sqlite:%s/keys.db", top);
	check_store(where);
	check_link(where);
	check_broken_rows(where);
	tap_ok(stat(where + strlen("sqlite:"), &st) == 0 &&
	    (st.st_mode & 07777) == 0600, "the file is ours only");
	snprintf(where, sizeof(where), "sqlite:%s/shipped.db", top);
	snprintf(command, sizeof(command), "umask 077; sqlite3 %s "
	    "<\"${top_srcdir:-.}/etc/keys-sqlite.sql\"",
	    where + strlen("sqlite:"));
	run(command);
	check_store(where);
	snprintf(command, sizeof(command), "chmod 644 %s",
	    where + strlen("sqlite:"));
	run(command);
	diag_init(&diag);
	tap_num(keystore_open(where, false, &store, &diag),
	    STATUS_SYNTAX, "one that others may read");
	tap_ok(strstr(diag.text, "shipped.db: mode 0644") != NULL,
	    "names path and mode");
	snprintf(where, sizeof(where), "sqlite:%s/none.db", top);
	tap_num(keystore_open(where, false, &store, &diag), STATUS_TEMP,
	    "one that is not there may come again");
	snprintf(command, sizeof(command), "umask 077; echo nonsense, which is "
	    "no database at all, whatever its name may say, and long >%s",
	    where + strlen("sqlite:"));
	run(command);
	diag_init(&diag);
	if (keystore_open(where, false, &store, &diag) == STATUS_OK) {
		uint64_t n;

		tap_num(keystore_revision(store, &n, &diag), STATUS_IO,
		    "no database");
		keystore_close(store);
	}
	tap_ok(strstr(diag.text, "none.db") != NULL, "is named: %s",
	    diag.text);
	diag_init(&diag);
	tap_num(keystore_open(where, true, &store, &diag), STATUS_IO,
	    "tables in no database");
	tap_ok(strstr(diag.text, "none.db: file is not a database") != NULL,
	    "tables in no database: %s", diag.text);
}

static void
write_file(const char *name, const char *text, mode_t mode)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	f = fopen(path, "w");
	if (f == NULL || fputs(text, f) == EOF || fclose(f) != 0 ||
	    chmod(path, mode) != 0) {
		printf("Bail out! %s\n", path);
		exit(1);
	}
}

static bool
is_there(const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	return (lstat(path, &st) == 0);
}

/* What a run that was cut short has left goes with the next writer. */
static void
check_temporary(struct keystore *store)
{
	static const char left[] = "b.example/.0123abcd.tmp";
	struct str domain = STR("b.example");
	struct keystore_key *v;
	struct arena arena;
	struct diag diag;
	size_t n;

	diag_init(&diag);
	arena_init(&arena, 1 << 20);
	write_file(left, PEM, 0600);
	write_file("b.example/.0123abc.tmp", PEM, 0600);
	tap_ok(keystore_list(store, &arena, domain, &v, &n, NULL, NULL,
	    &diag) == STATUS_OK && is_there(left), "a reader leaves it alone");
	tap_num(keystore_lock(store, domain, 0, &diag), STATUS_OK, "locked");
	tap_ok(keystore_list(store, &arena, STR_NONE, &v, &n, NULL, NULL,
	    &diag) == STATUS_OK && is_there(left),
	    "so does a list of all domains");
	tap_ok(keystore_list(store, &arena, domain, &v, &n, NULL, NULL,
	    &diag) == STATUS_OK && !is_there(left), "a writer removes it");
	keystore_unlock(store, domain);
	tap_ok(is_there("b.example/.0123abc.tmp"), "but nothing else");
	arena_fini(&arena);
}

/* Its private half cannot be removed: the state has changed nevertheless. */
static void
check_half(struct keystore *store)
{
	struct keystore_key c = make("c.example", "s1", 10);
	char path[128];
	uint64_t before;

	add(store, &c, STATUS_OK, "another key");
	snprintf(path, sizeof(path), "%s/c.example/s1.private", top);
	tap_num(unlink(path), 0, path);
	tap_num(mkdir(path, 0700), 0, "a directory in its place");
	before = revision(store);
	c.stage = KEY_REMOVED;
	save(store, &c, STATUS_IO, "it cannot be removed");
	tap_ok(revision(store) != before, "half a change is seen, too");
	tap_num(rmdir(path), 0, "it is gone");
}

/* What only a directory can be like. */
static void
check_dir(void)
{
	struct keystore *store = open_store(top, false);
	struct keystore_key b = make("b.example", "s1", 10);
	struct diag diag;
	struct buf pem;
	char path[128];

	write_file("b.example/s7.private", PEM, 0600);
	check_list(store, STR("b.example"), "b.example/s1:pending ",
	    "a key without a state is not there");
	b.selector = STR("s7");
	add(store, &b, STATUS_LIMIT, "and is not replaced");
	tap_num(bad_count, 0, "a private key alone is not reported");
	write_file("b.example/s7.txt", "s7 TXT p=\n", 0644);
	check_list(store, STR("b.example"), "b.example/s1:pending ",
	    "one with its record");
	tap_num(bad_count, 1, "a key without a state is reported");
	tap_ok(strstr(bad_text, "b.example/s7.state: missing") != NULL,
	    "a key without a state: the missing file is named");
	write_file("b.example/s5.txt", "s5 TXT p=\n", 0644);
	snprintf(path, sizeof(path), "%s/b.example/s7.txt", top);
	tap_num(unlink(path), 0, path);
	check_list(store, STR("b.example"), "b.example/s1:pending ",
	    "a record alone");
	tap_num(bad_count, 0, "a record alone is ignored");
	write_file("b.example/s8.state", "mailseal-key 1\n", 0644);
	check_list(store, STR_NONE, "a.example/s2:pending "
	    "a.example/s1:removed b.example/s1:pending ",
	    "a broken state hides no other");
	tap_num(bad_count, 1, "it is reported");
	write_file("b.example/s8.state", "mailseal-key 1\ndomain c.example\n"
	    "selector s8\ntype rsa\nbits 1\nstage active\ncreated 1\n"
	    "since 1\nrecord p=\n", 0644);
	check_list(store, STR("b.example"), "b.example/s1:pending ",
	    "another key's state");
	tap_num(bad_count, 1, "the state of another key is reported");
	snprintf(path, sizeof(path), "%s/b.example/s6.state", top);
	tap_num(mkdir(path, 0755), 0, path);
	check_list(store, STR_NONE, "a.example/s2:pending "
	    "a.example/s1:removed b.example/s1:pending ",
	    "what is no file hides no other");
	tap_num(bad_count, 2, "it is reported");
	check_temporary(store);
	write_file("README", "not a domain\n", 0644);
	snprintf(path, sizeof(path), "%s/lost+found", top);
	tap_num(mkdir(path, 0), 0, path);
	check_list(store, STR("b.example"), "b.example/s1:pending ",
	    "a file among the folders");
	check_list(store, STR_NONE, "a.example/s2:pending "
	    "a.example/s1:removed b.example/s1:pending ",
	    "and a folder that is no domain's");
	tap_num(bad_count, 2, "neither is reported");
	snprintf(path, sizeof(path), "%s/b.example/s6.state", top);
	tap_num(rmdir(path), 0, "taken away");
	snprintf(path, sizeof(path), "%s/b.example/s1.private", top);
	tap_num(unlink(path), 0, path);
	check_list(store, STR_NONE, "a.example/s2:pending "
	    "a.example/s1:removed b.example/s1:pending! ",
	    "a private half that is missing");
	write_file("b.example/s1.private", PEM, 0644);
	b.selector = STR("s1");
	diag_init(&diag);
	buf_init(&pem, KEYSTORE_PEM_MAX_BYTES);
	tap_num(keystore_private(store, &b, &pem, &diag), STATUS_SYNTAX,
	    "a key that others may read");
	tap_ok(strstr(diag.text, "b.example/s1.private: mode 0644") != NULL,
	    "names path and mode");
	buf_fini(&pem);
	check_half(store);
	keystore_close(store);
}

static enum status
count_key(void *ctx, const struct keystore_key *key)
{
	unsigned *left = ctx;

	(void)key;
	return ((*left)-- > 1 ? STATUS_OK : STATUS_LIMIT);
}

/* So many domains that several threads read them. */
static void
check_many(void)
{
	struct keystore *store;
	char folder[128], name[160];
	struct keystore_key *v;
	struct arena arena;
	struct diag diag;
	unsigned i, left;
	size_t n;

	snprintf(folder, sizeof(folder), "%s/many.d", top);
	tap_num(mkdir(folder, 0700), 0, folder);
	for (i = 0; i < MANY; i++) {
		snprintf(folder, sizeof(folder), "%s/many.d/d%03u.example",
		    top, i);
		(void)mkdir(folder, 0700);
		snprintf(folder, sizeof(folder), "mailseal-key 1\ndomain "
		    "d%03u.example\nselector s\ntype rsa\nbits 2048\nstage "
		    "active\ncreated 1\nsince 1\nrecord p=\n",
		    i % 100 == 7 ? 999 : i);
		snprintf(name, sizeof(name), "many.d/d%03u.example/s.state",
		    i);
		write_file(name, folder, 0644);
	}
	snprintf(folder, sizeof(folder), "%s/many.d", top);
	store = open_store(folder, false);
	arena_init(&arena, 1 << 24);
	diag_init(&diag);
	bad_count = 0;
	tap_num(keystore_list(store, &arena, STR_NONE, &v, &n, on_bad, NULL,
	    &diag), STATUS_OK, "many domains");
	tap_num((long long)n, MANY - MANY / 100, "many domains: keys");
	tap_num(bad_count, MANY / 100, "many domains: broken keys");
	tap_ok(n > 700 && str_eq(v[0].domain, STR("d000.example")) &&
	    str_eq(v[n - 1].domain, STR("d799.example")) && v[n - 1].lost,
	    "many domains: in order");
	left = 300;
	tap_num(keystore_active(store, 0, count_key, NULL, &left, &diag),
	    STATUS_LIMIT, "many domains: take ends the list");
	tap_num(left, 0, "many domains: take is not called again");
	arena_fini(&arena);
	keystore_close(store);
}

struct copies {
	unsigned	n;		/* with the right text */
	unsigned	none;		/* without one */
	unsigned	other;
};

static enum status
count_copy(void *ctx, const struct keystore_key *key)
{
	struct copies *copies = ctx;

	if (key->pem.n == 0 && !key->is_copy) {
		copies->none++;
	} else if (key->is_copy && key->stage == KEY_ACTIVE &&
	    str_eq(key->pem, STR(PEM))) {
		copies->n++;
	} else {
		copies->other++;
	}
	return (STATUS_OK);
}

static void
check_active(struct keystore *store, size_t copies, unsigned want,
    unsigned none, const char *name)
{
	struct copies got = { 0, 0, 0 };
	struct diag diag;

	diag_init(&diag);
	tap_num(keystore_active(store, copies, count_copy, NULL, &got,
	    &diag), STATUS_OK, name);
	tap_num(got.n, want, name);
	tap_num(got.none, none, name);
	tap_num(got.other, 0, name);
}

/* Private keys that come with the states of a directory. */
static void
check_copies(void)
{
	struct keystore_key key = make("a.example", "s1", 10);
	struct keystore *store;
	char path[128];

	snprintf(path, sizeof(path), "%s/copies.d", top);
	store = open_store(path, true);
	key.stage = KEY_ACTIVE;
	add(store, &key, STATUS_OK, "an active key");
	key.selector = STR("s2");
	add(store, &key, STATUS_OK, "a second one");
	key.domain = STR("b.example");
	add(store, &key, STATUS_OK, "another domain's");
	key.stage = KEY_RETIRED;
	key.selector = STR("s3");
	add(store, &key, STATUS_OK, "a retired one");
	check_active(store, 9, 3, 1, "copies: all active ones");
	check_active(store, 2, 2, 2, "copies: as many as are asked for");
	check_active(store, 0, 0, 4, "copies: none");
	write_file("copies.d/a.example/s1.private", PEM, 0644);
	check_active(store, 9, 2, 2, "copies: not one that others may read");
	write_file("copies.d/a.example/s1.private", "-----BEGIN ENCRYPTED "
	    "PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
	    0600);
	check_active(store, 9, 2, 2, "copies: not an encrypted one");
	snprintf(path, sizeof(path), "%s/copies.d/a.example/s1.private", top);
	tap_num(unlink(path), 0, path);
	check_active(store, 9, 2, 2, "copies: not one that is missing");
	keystore_close(store);
}

static time_t
access_time(const char *path)
{
	struct stat st;

	return (stat(path, &st) == 0 ? st.st_atime : -1);
}

/* Reading changes no access time, which would be a write for each inode. */
static void
check_quiet(void)
{
	const struct timespec old[2] = { { 1000, 0 }, { 2000, 0 } };
	struct keystore_key key = make("a.example", "s1", 10);
	struct keystore *store;
	char folder[128], state[160];

	snprintf(folder, sizeof(folder), "%s/quiet.d", top);
	store = open_store(folder, true);
	key.stage = KEY_ACTIVE;
	add(store, &key, STATUS_OK, "a key to be read");
	snprintf(folder, sizeof(folder), "%s/quiet.d/a.example", top);
	snprintf(state, sizeof(state), "%s/s1.state", folder);
	tap_num(utimensat(AT_FDCWD, state, old, 0), 0, state);
	tap_num(utimensat(AT_FDCWD, folder, old, 0), 0, folder);
	check_active(store, 1, 1, 0, "quiet: one key");
	tap_num(access_time(state), 1000, "quiet: of the state");
	tap_num(access_time(folder), 1000, "quiet: of the folder");
	keystore_close(store);
}

/* Of another user; exits with 0 if it can be read. */
static void
read_foreign(void)
{
	const struct files_owner owner = { 0, 0 };
	struct diag diag;
	int fd;

	if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)) {
		_exit(1);
	}
	diag_init(&diag);
	_exit(files_open_to_read(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, "/",
	    &owner, &fd, &diag) != STATUS_OK);
}

static void
check_foreign(void)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		read_foreign();
	}
	tap_ok(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0,
	    "what belongs to another user is read as well");
}

static void
check_open(void)
{
	struct keystore *store = NULL;
	struct diag diag;
	char path[128];

	diag_init(&diag);
	snprintf(path, sizeof(path), "%s/none", top);
	tap_num(keystore_open(path, false, &store, &diag), STATUS_IO,
	    "a directory that is not there");
	tap_ok(store == NULL && strstr(diag.text, path) != NULL,
	    "is named");
	snprintf(path, sizeof(path), "%s/README", top);
	tap_num(keystore_open(path, true, &store, &diag), STATUS_IO,
	    "a file in its place");
	keystore_close(NULL);
}

/* A user's store that root writes: a file of root's that the user has linked
   there stays root's, with its text. */
static void
check_trap(const char *where, const char *trap)
{
	struct keystore_key key = make("trap.example", "s1", 10);
	struct keystore *store = open_store(where, true);
	enum status status;
	char file[128], victim[128];
	struct diag diag;
	struct stat st;

	if (geteuid() != 0) {
		tap_skip(trap, "not root");
		keystore_close(store);
		return;
	}
	write_file("victim", "root's\n", 0600);
	snprintf(victim, sizeof(victim), "%s/victim", top);
	snprintf(file, sizeof(file), "%s/%s", top, trap);
	tap_num(link(victim, file), 0, file);
	diag_init(&diag);
	status = keystore_lock(store, key.domain, 0, &diag);
	if (status == STATUS_OK) {
		status = keystore_add(store, &key, STR(PEM), &diag);
	}
	tap_num(status, STATUS_IO, trap);
	tap_ok(strstr(diag.text, "has other hard links") != NULL, "%s: %s",
	    trap, diag.text);
	tap_ok(stat(victim, &st) == 0 && st.st_uid == 0 && st.st_size == 7,
	    "%s: the file is unchanged", trap);
	keystore_close(store);
	tap_num(unlink(file), 0, file);
	store = open_store(where, false);
	diag_init(&diag);
	tap_num(keystore_lock(store, key.domain, 0, &diag), STATUS_OK,
	    "without it");
	keystore_close(store);
}

static void
check_traps(void)
{
	char dir[128], database[160];

	snprintf(dir, sizeof(dir), "%s/user.d", top);
	tap_num(mkdir(dir, 0700), 0, dir);
	if (geteuid() == 0) {
		tap_num(chown(dir, 65534, 65534), 0, "a user's directory");
	}
	check_trap(dir, "user.d/.lock");
	check_trap(dir, "user.d/.revision");
	snprintf(database, sizeof(database), "sqlite:%s/keys.db", dir);
	check_trap(database, "user.d/keys.db-lock");
}

/* Of PostgreSQL, where a test has one: its conninfo. */
static int
check_given(const char *where)
{
	check_store(where);
	return (tap_done());
}

int
main(int argc, char **argv)
{
	char command[128];

	if (argc == 2) {
		return (check_given(argv[1]));
	}
	snprintf(top, sizeof(top), "/tmp/t_keystore.XXXXXX");
	if (mkdtemp(top) == NULL) {
		printf("Bail out! no directory\n");
		return (1);
	}
	check_store(top);
	check_dir();
	check_many();
	check_copies();
	check_quiet();
	check_foreign();
	check_open();
	check_sqlite();
	check_traps();
	snprintf(command, sizeof(command), "rm -rf %s", top);
	tap_num(system(command), 0, "cleaned up");
	return (tap_done());
}
