/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/types.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "keys/reported.h"

#define ARENA_BYTES	((size_t)2048 * 1024 * 1024)	/* a million keys */
#define LOCK_TIMEOUT_S	30
#define PID_MAX_BYTES	32

bool
store_option(struct store_opts *o, int id, const char *value, bool *bad_r)
{
	*bad_r = false;
	switch (id) {
	case STORE_WHERE:
		o->where = value;
		return (true);
	case STORE_POLICY:
		o->policy = value;
		return (true);
	case STORE_PID_FILE:
		o->pid_file = value;
		return (true);
	case STORE_NOW:
		*bad_r = !cli_number("now", value, 1, INT64_MAX / 2,
		    &o->now_s);
		return (true);
	default:
		return (false);
	}
}

static bool
fail_store(const struct diag *diag, enum status status)
{
	(void)cli_fail("%s", diag->text[0] != '\0' ? diag->text :
	    status_text(status));
	return (false);
}

bool
store_init(struct store *store, const struct store_opts *o)
{
	struct diag diag;
	enum status status;

	*store = (struct store){ .keys = NULL };
	strmap_init(&store->broken_names);
	diag_init(&diag);
	env_init_system(&store->env);
	arena_init(&store->arena, ARENA_BYTES);
	arena_init(&store->memory, ARENA_BYTES);
	store->now_s = o->now_s != 0 ? o->now_s : env_now_s(&store->env);
	status = policy_load(&store->policy, o->policy, &diag);
	if (status != STATUS_OK) {
		return (fail_store(&diag, status));
	}
	store->times = policy_times(&store->policy);
	store->chosen = o->where;
	store->pid_file = o->pid_file != NULL ? o->pid_file :
	    store->policy.pid_file;
	return (true);
}

bool
store_choose(struct store *store, bool *wanted_r)
{
	struct diag diag;
	enum status status;

	diag_init(&diag);
	status = policy_key_store(&store->policy, store->chosen, NULL,
	    &store->where, &diag);
	if (status != STATUS_OK) {
		return (fail_store(&diag, status));
	}
	*wanted_r = store->chosen != NULL || (store->where != NULL &&
	    (strchr(store->where, ':') != NULL ||
	    access(store->where, F_OK) == 0 || errno != ENOENT));
	return (true);
}

static enum status
open_keystore(struct store *store, bool create, struct diag *diag)
{
	const char *file = store->policy.key_passphrase_file;
	enum status status = STATUS_OK;

	if (file != NULL) {
		status = passphrase_read(file, &store->passphrase, diag);
	}
	if (status != STATUS_OK) {
		return (status);
	}
	status = keystore_open(store->where, create, &store->keys, diag);
	if (status == STATUS_OK) {
		keystore_use_passphrase(store->keys, store->passphrase);
	}
	return (status);
}

bool
store_open(struct store *store, bool create)
{
	struct diag diag;
	enum status status;
	bool wanted;

	if (store->where == NULL && !store_choose(store, &wanted)) {
		return (false);
	}
	if (store->where == NULL) {
		(void)cli_fail("KeyStore is none: name a key store with "
		    "--key-store");
		return (false);
	}
	store->name = keystore_shown(store->where);
	diag_init(&diag);
	status = open_keystore(store, create, &diag);
	return (status == STATUS_OK || fail_store(&diag, status));
}

void
store_warn_unused(const struct store *store)
{
	const char *path;

	if (!policy_daemon_uses(store->where, NULL, &path)) {
		cli_warn("warning: mailseald does not use this store: add "
		    "KeyStore %s to %s, and a line for each store that is to "
		    "stay in use, also the default one", store->name, path);
	}
}

bool
store_lock(struct store *store, struct str domain)
{
	struct diag diag;
	enum status status;

	diag_init(&diag);
	status = keystore_lock(store->keys, domain, LOCK_TIMEOUT_S, &diag);
	return (status == STATUS_OK || fail_store(&diag, status));
}

void
store_unlock(struct store *store, struct str domain)
{
	keystore_unlock(store->keys, domain);
}

/* The daemon polls the store as well: a failure here costs time, not mail. */
static void
hang_up_daemon(const char *path)
{
	char text[PID_MAX_BYTES] = "";
	FILE *file = fopen(path, "re");
	long pid = 0;

	if (file == NULL) {
		if (errno != ENOENT) {
			cli_warn("warning: %s: %s", path, strerror(errno));
		}
		return;
	}
	if (fgets(text, sizeof(text), file) != NULL) {
		pid = strtol(text, NULL, 10);
	}
	(void)fclose(file);
	if (pid <= 1 || kill((pid_t)pid, SIGHUP) == -1) {
		cli_warn("warning: %s: cannot send SIGHUP to the daemon: %s",
		    path, pid <= 1 ? "not a process id" : strerror(errno));
	}
}

void
store_close(struct store *store)
{
	reported_close(store);
	keystore_close(store->keys);
	passphrase_free(store->passphrase);
	if (store->changed && store->pid_file != NULL) {
		hang_up_daemon(store->pid_file);
	}
	policy_fini(&store->policy);
	strmap_fini(&store->broken_names);
	arena_fini(&store->arena);
	arena_fini(&store->memory);
}

/* Where the map has it; NULL: out of memory. */
static void **
find_broken(struct store *store, struct str domain, struct str selector)
{
	struct str name = arena_printf(&store->memory, "%.*s/%.*s",
	    STR_FMT(domain), STR_FMT(selector));

	return (name.p != NULL ? strmap_at(&store->broken_names, name) : NULL);
}

static void
report_broken(void *ctx, struct str domain, struct str selector,
    const struct diag *diag)
{
	static struct store_broken no_memory = { .why = "out of memory" };
	struct store *store = ctx;
	void **at = find_broken(store, domain, selector);
	struct store_broken *b;

	if (at != NULL && *at != NULL) {
		return;
	}
	(void)cli_fail("%s", diag->text);
	b = arena_calloc(&store->memory, 1, sizeof(*b));
	if (at == NULL || b == NULL) {
		store->broken = &no_memory;
		return;
	}
	*at = b;
	*b = (struct store_broken){ store->broken,
		arena_dup(&store->memory, domain),
		arena_dup(&store->memory, selector),
		arena_dup(&store->memory, str_from(diag->text)).p };
	store->broken = b;
}

bool
store_list(struct store *store, struct arena *arena, struct str domain,
    struct keystore_key **v_r, size_t *n_r)
{
	struct diag diag;
	enum status status;

	diag_init(&diag);
	status = keystore_list(store->keys, arena, domain, v_r, n_r,
	    report_broken, store, &diag);
	return (status == STATUS_OK || fail_store(&diag, status));
}

size_t
store_domain_count(const struct keystore_key *v, size_t n, size_t i)
{
	size_t first = i;

	while (i < n && str_eq(v[i].domain, v[first].domain)) {
		i++;
	}
	return (i - first);
}

static bool
is_broken(struct store *store, struct str domain, struct str selector)
{
	void **at = find_broken(store, domain, selector);

	return (at == NULL || *at != NULL);
}

bool
store_find(struct store *store, const struct key_name *name,
    struct keystore_key **v_r, size_t *n_r, size_t *i_r)
{
	size_t i;

	if (!store_list(store, &store->arena, name->domain, v_r, n_r)) {
		return (false);
	}
	for (i = 0; i < *n_r; i++) {
		if (str_eq((*v_r)[i].selector, name->selector)) {
			*i_r = i;
			return (true);
		}
	}
	/* Otherwise the list has reported what is wrong. */
	if (!is_broken(store, name->domain, name->selector) &&
	    !is_broken(store, name->domain, STR(""))) {
		(void)cli_fail("%s: there is no key %.*s of %.*s", store->name,
		    STR_FMT(name->selector), STR_FMT(name->domain));
	}
	return (false);
}

bool
store_save(struct store *store, const struct keystore_key *key)
{
	struct diag diag;
	enum status status;

	diag_init(&diag);
	status = keystore_save(store->keys, key, &diag);
	return (status == STATUS_OK || fail_store(&diag, status));
}

struct privkey *
store_private(struct store *store, const struct keystore_key *key,
    struct diag *diag)
{
	struct privkey *private = NULL;
	enum status status;
	struct str name;
	struct buf pem;

	name = arena_printf(&store->arena, "%.*s of %.*s",
	    STR_FMT(key->selector), STR_FMT(key->domain));
	buf_init(&pem, KEYSTORE_PEM_MAX_BYTES);
	status = keystore_private(store->keys, key, &pem, diag);
	if (status == STATUS_OK) {
		status = privkey_parse_pem(buf_str(&pem), name.p, &private,
		    diag);
	}
	if (status != STATUS_OK) {
		diag_set(diag, name.p, 0, "%s", status_text(status));
		private = NULL;
	}
	buf_fini_secret(&pem);
	return (private);
}

struct life
store_life(const struct store *store, const struct keystore_key *v, size_t n)
{
	return ((struct life){ .times = store->times, .v = v, .n = n,
		.now_s = store->now_s });
}

struct str
store_until(struct store *store, int64_t s)
{
	struct str text = store_time(store, s + 59);

	return (arena_printf(&store->arena, "%.*s UTC", STR_FMT(text)));
}

struct str
store_time(struct store *store, int64_t s)
{
	time_t t = (time_t)s;
	char text[32];
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm) == 0) {
		return (STR("?"));
	}
	return (arena_dup(&store->arena, str_from(text)));
}
