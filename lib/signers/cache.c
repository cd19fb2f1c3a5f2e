/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/strmap.h"
#include "signers/cache.h"
#include "signers/signers.h"

struct entry {
	TAILQ_ENTRY(entry)	 order;
	struct str		 name;		/* follows the entry */
	struct privkey		*key;		/* held; NULL: failed */
	struct diag		*why;		/* the failure; else NULL. With
						   a key: a former one, that
						   serves until a retry */
	uint64_t		 retry_us;	/* of a failure or a remote key:
						   not before; 0: none */
};

TAILQ_HEAD(order, entry);

struct key_cache {
	const struct env	*env;
	size_t			 max;
	bool			 remote;	/* see key_cache_new */
	pthread_mutex_t		 lock;
	/* under the lock */
	struct strmap		 entries;	/* by name */
	struct order		 order;		/* least recently used first */
	struct strmap		 former;	/* entries of the cache before,
						   not yet loaded again */
	struct order		 former_order;
};

struct key_cache *
key_cache_new(size_t max, bool remote, const struct env *env)
{
	struct key_cache *cache = calloc(1, sizeof(*cache));

	if (cache == NULL) {
		return (NULL);
	}
	if (pthread_mutex_init(&cache->lock, NULL) != 0) {
		free(cache);
		return (NULL);
	}
	cache->env = env;
	cache->max = max;
	cache->remote = remote;
	strmap_init(&cache->entries);
	TAILQ_INIT(&cache->order);
	strmap_init(&cache->former);
	TAILQ_INIT(&cache->former_order);
	return (cache);
}

static void
entry_free(struct entry *e)
{
	privkey_free(e->key);
	free(e->why);
	free(e);
}

static void
free_entries(struct order *order)
{
	struct entry *e;

	while ((e = TAILQ_FIRST(order)) != NULL) {
		TAILQ_REMOVE(order, e, order);
		entry_free(e);
	}
}

void
key_cache_free(struct key_cache *cache)
{
	if (cache == NULL) {
		return;
	}
	free_entries(&cache->order);
	free_entries(&cache->former_order);
	strmap_fini(&cache->entries);
	strmap_fini(&cache->former);
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}

static struct entry *
entry_new(struct str name)
{
	struct entry *e = calloc(1, sizeof(*e) + name.n);

	if (e != NULL) {
		memcpy(e + 1, name.p, name.n);
		e->name = str_mem(e + 1, name.n);
	}
	return (e);
}

/* Adds the key of an entry to the former ones; NOMEM. */
static enum status
add_former(struct key_cache *cache, const struct entry *from)
{
	struct entry *e;
	void **at;

	if (from->key == NULL || cache->former.n >= cache->max ||
	    strmap_get(&cache->former, from->name) != NULL) {
		return (STATUS_OK);
	}
	e = entry_new(from->name);
	at = e != NULL ? strmap_at(&cache->former, e->name) : NULL;
	if (at == NULL) {
		free(e);
		return (STATUS_NOMEM);
	}
	*at = e;
	e->key = privkey_hold(from->key);
	TAILQ_INSERT_TAIL(&cache->former_order, e, order);
	return (STATUS_OK);
}

enum status
key_cache_inherit(struct key_cache *cache, struct key_cache *before)
{
	enum status status = STATUS_OK;
	const struct entry *e;

	pthread_mutex_lock(&before->lock);
	TAILQ_FOREACH_REVERSE(e, &before->order, order, order) {
		if (status == STATUS_OK) {
			status = add_former(cache, e);
		}
	}
	TAILQ_FOREACH(e, &before->former_order, order) {
		if (status == STATUS_OK) {
			status = add_former(cache, e);
		}
	}
	pthread_mutex_unlock(&before->lock);
	return (status);
}

bool
key_cache_inherited(struct key_cache *cache, struct str name)
{
	bool known;

	pthread_mutex_lock(&cache->lock);
	known = strmap_get(&cache->former, name) != NULL;
	pthread_mutex_unlock(&cache->lock);
	return (known);
}

/* Moves an entry from the cache to `gone`, for the caller to free. */
static void
remove_entry(struct key_cache *cache, struct entry *e, struct order *gone)
{
	strmap_remove(&cache->entries, e->name);
	TAILQ_REMOVE(&cache->order, e, order);
	TAILQ_INSERT_TAIL(gone, e, order);
}

/* Returns the key or the failure of an entry; NOMEM. With the lock held. */
static enum status
copy_entry(const struct entry *e, struct arena *arena, struct privkey **key_r,
    struct str *error_r)
{
	if (e->key != NULL) {
		*key_r = privkey_hold(e->key);
		return (STATUS_OK);
	}
	*error_r = arena_dup(arena, str_from(e->why->text));
	return (error_r->p != NULL ? STATUS_OK : STATUS_NOMEM);
}

/* False: not in the cache, or a failure that is to be retried. */
static bool
find_entry(struct key_cache *cache, struct arena *arena, struct str name,
    struct privkey **key_r, struct str *error_r, enum status *status_r)
{
	struct entry *e;
	bool known;

	pthread_mutex_lock(&cache->lock);
	e = strmap_get(&cache->entries, name);
	known = e != NULL && ((e->key != NULL && e->retry_us == 0) ||
	    env_mono_us(cache->env) < e->retry_us);
	if (known) {
		TAILQ_REMOVE(&cache->order, e, order);
		TAILQ_INSERT_TAIL(&cache->order, e, order);
		*status_r = copy_entry(e, arena, key_r, error_r);
	}
	pthread_mutex_unlock(&cache->lock);
	return (known);
}

/*
 * Takes the entry, in place of one of the same name; NOMEM. What leaves the
 * cache, or does not enter it, is in `gone`. *news_r: the entry is a failure
 * that was not known.
 */
static enum status
add_entry(struct key_cache *cache, struct entry *e, struct order *gone,
    bool *news_r)
{
	struct entry *old;
	void **at;

	*news_r = e->why != NULL;

	pthread_mutex_lock(&cache->lock);
	old = strmap_get(&cache->entries, e->name);
	if (old != NULL) {
		*news_r = *news_r && (old->why == NULL ||
		    strcmp(old->why->text, e->why->text) != 0);
		remove_entry(cache, old, gone);
	}
	at = strmap_at(&cache->entries, e->name);
	if (at != NULL) {
		*at = e;
		TAILQ_INSERT_TAIL(&cache->order, e, order);
	} else {
		TAILQ_INSERT_TAIL(gone, e, order);
	}
	while (cache->entries.n > cache->max) {
		remove_entry(cache, TAILQ_FIRST(&cache->order), gone);
	}
	pthread_mutex_unlock(&cache->lock);
	return (at != NULL ? STATUS_OK : STATUS_NOMEM);
}

/* A new entry with the key or the failure; NULL: out of memory. */
static struct entry *
load_entry(struct key_cache *cache, struct str name, key_loader *loader,
    void *ctx)
{
	struct entry *e = entry_new(name);
	enum status status;

	if (e == NULL) {
		return (NULL);
	}
	e->why = calloc(1, sizeof(*e->why));
	if (e->why == NULL) {
		entry_free(e);
		return (NULL);
	}
	status = loader(ctx, &e->key, e->why);
	if (status == STATUS_NOMEM) {
		entry_free(e);
		return (NULL);
	}
	if (status == STATUS_OK) {
		free(e->why);
		e->why = NULL;
	} else if (cache->remote) {
		return (e);
	}
	if (e->why != NULL || cache->remote) {
		e->retry_us = env_mono_us(cache->env) + SIGNERS_RETRY_US;
	}
	return (e);
}

/* After a failure the key known before stays in service. */
static void
take_former(struct key_cache *cache, struct entry *e)
{
	const struct entry *former;

	pthread_mutex_lock(&cache->lock);
	former = strmap_get(&cache->former, e->name);
	if (former != NULL) {
		e->key = privkey_hold(former->key);
	}
	pthread_mutex_unlock(&cache->lock);
}

enum status
key_cache_get(struct key_cache *cache, struct arena *arena, struct str name,
    key_loader *loader, void *ctx, struct privkey **key_r,
    struct str *error_r)
{
	struct order gone = TAILQ_HEAD_INITIALIZER(gone);
	enum status status = STATUS_OK;
	struct entry *e;
	struct diag why;
	bool news;

	diag_init(&why);
	*key_r = NULL;
	*error_r = STR_NONE;
	if (find_entry(cache, arena, name, key_r, error_r, &status)) {
		return (status);
	}
	e = load_entry(cache, name, loader, ctx);
	if (e == NULL) {
		return (STATUS_NOMEM);
	}
	if (e->why != NULL) {
		take_former(cache, e);
		why = *e->why;
	}
	/* Other threads may drop it as soon as it is in the cache. */
	status = copy_entry(e, arena, key_r, error_r);
	if (add_entry(cache, e, &gone, &news) != STATUS_OK) {
		privkey_free(*key_r);
		*key_r = NULL;
		status = STATUS_NOMEM;
	}
	if (news && status == STATUS_OK && !cache->remote) {
		env_log(cache->env, LOG_LEVEL_ERROR, "a key cannot be loaded:"
		    " %s%s", why.text, *key_r != NULL ? "; the one known "
		    "before stays in service" : "");
	}
	free_entries(&gone);
	return (status);
}
