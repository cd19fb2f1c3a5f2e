/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/tree.h>

#include "signers/cache.h"
#include "signers/signers.h"

struct entry {
	RB_ENTRY(entry)		 link;
	TAILQ_ENTRY(entry)	 order;
	struct str		 name;		/* behind the entry */
	struct privkey		*key;		/* held; NULL: failed */
	struct diag		*why;		/* it failed; else NULL */
	uint64_t		 retry_us;	/* when it failed: not before */
};

static int
entry_cmp(const struct entry *a, const struct entry *b)
{
	return (str_cmp(a->name, b->name));
}

RB_HEAD(entries, entry);
RB_GENERATE_INTERNAL(entries, entry, link, entry_cmp, static ATTR_UNUSED)
TAILQ_HEAD(order, entry);

struct key_cache {
	const struct env	*env;
	size_t			 max;
	pthread_mutex_t		 lock;
	/* under the lock */
	struct entries		 entries;
	struct order		 order;		/* least lately used first */
	size_t			 n;
};

struct key_cache *
key_cache_new(size_t max, const struct env *env)
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
	RB_INIT(&cache->entries);
	TAILQ_INIT(&cache->order);
	return (cache);
}

static void
entry_free(struct entry *e)
{
	if (e != NULL) {
		privkey_free(e->key);
		free(e->why);
		free(e);
	}
}

void
key_cache_free(struct key_cache *cache)
{
	struct entry *e;

	if (cache == NULL) {
		return;
	}
	while ((e = TAILQ_FIRST(&cache->order)) != NULL) {
		TAILQ_REMOVE(&cache->order, e, order);
		entry_free(e);
	}
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

static void
take_out(struct key_cache *cache, struct entry *e)
{
	RB_REMOVE(entries, &cache->entries, e);
	TAILQ_REMOVE(&cache->order, e, order);
	cache->n--;
}

/* What the entry says; NOMEM. With the lock held. */
static enum status
tell(const struct entry *e, struct arena *arena, struct privkey **key_r,
    struct str *trouble_r)
{
	if (e->key != NULL) {
		*key_r = privkey_hold(e->key);
		return (STATUS_OK);
	}
	*trouble_r = arena_dup(arena, str_from(e->why->text));
	return (trouble_r->p != NULL ? STATUS_OK : STATUS_NOMEM);
}

/* Whether there is something to say; status_r is set then. */
static bool
look_up(struct key_cache *cache, struct arena *arena, struct str name,
    struct privkey **key_r, struct str *trouble_r, enum status *status_r)
{
	struct entry key = { .name = name }, *e;
	bool known;

	pthread_mutex_lock(&cache->lock);
	e = RB_FIND(entries, &cache->entries, &key);
	known = e != NULL && (e->key != NULL ||
	    env_mono_us(cache->env) < e->retry_us);
	if (known) {
		TAILQ_REMOVE(&cache->order, e, order);
		TAILQ_INSERT_TAIL(&cache->order, e, order);
		*status_r = tell(e, arena, key_r, trouble_r);
	}
	pthread_mutex_unlock(&cache->lock);
	return (known);
}

/*
 * Puts it in place of one of the same name. What has to go is in `gone`, for
 * the caller to free. Whether it is a failure, and news.
 */
static bool
put(struct key_cache *cache, struct entry *e, struct order *gone)
{
	struct entry *old;
	bool news = e->why != NULL;

	pthread_mutex_lock(&cache->lock);
	old = RB_FIND(entries, &cache->entries, e);
	if (old != NULL) {
		news = news && (old->why == NULL ||
		    strcmp(old->why->text, e->why->text) != 0);
		take_out(cache, old);
		TAILQ_INSERT_TAIL(gone, old, order);
	}
	RB_INSERT(entries, &cache->entries, e);
	TAILQ_INSERT_TAIL(&cache->order, e, order);
	cache->n++;
	while (cache->n > cache->max) {
		old = TAILQ_FIRST(&cache->order);
		take_out(cache, old);
		TAILQ_INSERT_TAIL(gone, old, order);
	}
	pthread_mutex_unlock(&cache->lock);
	return (news);
}

/* A new entry with the key or with why there is none; NULL: no memory. */
static struct entry *
load(struct key_cache *cache, struct str name, key_loader *loader, void *ctx)
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
	} else {
		e->retry_us = env_mono_us(cache->env) + SIGNERS_RETRY_US;
	}
	return (e);
}

enum status
key_cache_get(struct key_cache *cache, struct arena *arena, struct str name,
    key_loader *loader, void *ctx, struct privkey **key_r,
    struct str *trouble_r)
{
	struct order gone = TAILQ_HEAD_INITIALIZER(gone);
	enum status status = STATUS_OK;
	struct entry *e;

	*key_r = NULL;
	*trouble_r = STR_NONE;
	if (look_up(cache, arena, name, key_r, trouble_r, &status)) {
		return (status);
	}
	e = load(cache, name, loader, ctx);
	if (e == NULL) {
		return (STATUS_NOMEM);
	}
	/* Before others see it, and may push it out. */
	status = tell(e, arena, key_r, trouble_r);
	if (put(cache, e, &gone) && status == STATUS_OK) {
		env_log(cache->env, LOG_LEVEL_ERROR, "a key cannot be loaded:"
		    " %.*s", STR_FMT(*trouble_r));
	}
	while ((e = TAILQ_FIRST(&gone)) != NULL) {
		TAILQ_REMOVE(&gone, e, order);
		entry_free(e);
	}
	return (status);
}
