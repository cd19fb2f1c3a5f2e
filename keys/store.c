/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/types.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "keys/keys.h"
#include "keys/store.h"
#include "mail/domain.h"

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
fail(const struct diag *diag, enum status status)
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
	store->now_s = o->now_s != 0 ? o->now_s : env_now_s(&store->env);
	status = policy_load(&store->policy, o->policy, &diag);
	if (status != STATUS_OK) {
		return (fail(&diag, status));
	}
	store->where = o->where;
	if (o->where == NULL) {
		status = policy_key_store(&store->policy, NULL, &store->where,
		    &diag);
	}
	if (status != STATUS_OK) {
		return (fail(&diag, status));
	}
	store->name = store->where != NULL ? keystore_shown(store->where) :
	    "none";
	store->pid_file = o->pid_file != NULL ? o->pid_file :
	    store->policy.pid_file;
	return (true);
}

bool
store_is_wanted(const struct store *store, const struct store_opts *o)
{
	return (o->where != NULL || (store->where != NULL &&
	    (strchr(store->where, ':') != NULL ||
	    access(store->where, F_OK) == 0 || errno != ENOENT)));
}

bool
store_open(struct store *store, bool create)
{
	struct diag diag;
	enum status status;

	if (store->where == NULL) {
		(void)cli_fail("KeyStore is none: name a key store with "
		    "--key-store");
		return (false);
	}
	diag_init(&diag);
	status = keystore_open(store->where, create, &store->env, &store->keys,
	    &diag);
	return (status == STATUS_OK || fail(&diag, status));
}

bool
store_begin(struct store *store, const struct store_opts *o, bool create)
{
	return (store_init(store, o) && store_open(store, create));
}

bool
store_lock(struct store *store, struct str domain)
{
	struct diag diag;
	enum status status;

	diag_init(&diag);
	status = keystore_lock(store->keys, domain, LOCK_TIMEOUT_S, &diag);
	return (status == STATUS_OK || fail(&diag, status));
}

void
store_unlock(struct store *store, struct str domain)
{
	keystore_unlock(store->keys, domain);
}

/* It looks by itself, too: what fails here costs time, not mail. */
static void
tell_daemon(const char *path)
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
		cli_warn("warning: %s: the daemon could not be told: %s", path,
		    pid <= 1 ? "not a process id" : strerror(errno));
	}
}

void
store_close(struct store *store)
{
	keystore_close(store->keys);
	if (store->changed && store->pid_file != NULL) {
		tell_daemon(store->pid_file);
	}
	policy_fini(&store->policy);
	strmap_fini(&store->broken_names);
	arena_fini(&store->arena);
}

/* Where the map has it; NULL: no memory. */
static void **
find_broken(struct store *store, struct str domain, struct str selector)
{
	struct str name = arena_printf(&store->arena, "%.*s/%.*s",
	    STR_FMT(domain), STR_FMT(selector));

	return (name.p != NULL ? strmap_at(&store->broken_names, name) : NULL);
}

static void
tell_broken(void *ctx, struct str domain, struct str selector,
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
	b = arena_calloc(&store->arena, 1, sizeof(*b));
	if (at == NULL || b == NULL) {
		store->broken = &no_memory;
		return;
	}
	*at = b;
	*b = (struct store_broken){ store->broken,
		arena_dup(&store->arena, domain),
		arena_dup(&store->arena, selector),
		arena_dup(&store->arena, str_from(diag->text)).p };
	store->broken = b;
}

bool
store_domain(struct store *store, const char *text, struct str *r)
{
	*r = STR_NONE;
	if (text != NULL && domain_normalize(&store->arena, str_from(text),
	    r) != STATUS_OK) {
		(void)cli_fail("%s: not the name of a domain", text);
		return (false);
	}
	return (true);
}

bool
store_list(struct store *store, struct str domain,
    struct keystore_key **v_r, size_t *n_r)
{
	struct diag diag;
	enum status status;

	diag_init(&diag);
	status = keystore_list(store->keys, &store->arena, domain, v_r, n_r,
	    tell_broken, store, &diag);
	return (status == STATUS_OK || fail(&diag, status));
}

static bool
is_broken(struct store *store, struct str domain, struct str selector)
{
	void **at = find_broken(store, domain, selector);

	return (at == NULL || *at != NULL);
}

struct keystore_key *
store_find(struct store *store, const char *domain, const char *selector)
{
	struct keystore_key *v;
	struct key_name name;
	size_t i, n;

	if (!key_name_make(&store->arena, domain, selector, &name) ||
	    !store_list(store, name.domain, &v, &n)) {
		return (NULL);
	}
	for (i = 0; i < n; i++) {
		if (str_eq(v[i].selector, name.selector)) {
			return (&v[i]);
		}
	}
	/* Else it has been said already what is wrong. */
	if (!is_broken(store, name.domain, name.selector) &&
	    !is_broken(store, name.domain, STR(""))) {
		(void)cli_fail("%s: there is no key %s of %s", store->name,
		    selector, domain);
	}
	return (NULL);
}

bool
store_save(struct store *store, const struct keystore_key *key)
{
	struct diag diag;
	enum status status;

	diag_init(&diag);
	status = keystore_save(store->keys, key, &diag);
	return (status == STATUS_OK || fail(&diag, status));
}

bool
store_has_private(struct store *store, const struct keystore_key *key)
{
	struct diag diag;
	struct buf pem;
	bool has;

	diag_init(&diag);
	buf_init(&pem, KEYSTORE_PEM_MAX_BYTES);
	has = keystore_private(store->keys, key, &pem, &diag) == STATUS_OK;
	buf_fini_secret(&pem);
	return (has);
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
