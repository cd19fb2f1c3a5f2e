/* SPDX-License-Identifier: BSD-2-Clause */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/strmap.h"
#include "signers/key_checks.h"

/* Never freed before the end. Atomic is what key_checks_count reads. */
struct key_check {
	struct key_check	*next;		/* of all; constant */
	uint64_t		 key_id;
	_Atomic int64_t		 ask_s;		/* not before */
	_Atomic enum key_state	 state;
	char			 owner[];
};

struct key_checks {
	pthread_mutex_t		 lock;		/* for changes of the rest */
	struct strmap		 by_owner;
	_Atomic(struct key_check *) all;
};

struct key_checks *
key_checks_new(void)
{
	struct key_checks *checks = calloc(1, sizeof(*checks));

	if (checks != NULL && pthread_mutex_init(&checks->lock, NULL) != 0) {
		free(checks);
		return (NULL);
	}
	return (checks);
}

void
key_checks_free(struct key_checks *checks)
{
	struct key_check *check, *next;

	if (checks == NULL) {
		return;
	}
	for (check = checks->all; check != NULL; check = next) {
		next = check->next;
		free(check);
	}
	strmap_fini(&checks->by_owner);
	pthread_mutex_destroy(&checks->lock);
	free(checks);
}

static struct key_check *
add_check(struct key_checks *checks, struct str owner)
{
	struct key_check *check;
	void **at;

	if (checks->by_owner.n >= KEY_CHECKS_MAX) {
		return (NULL);
	}
	check = calloc(1, sizeof(*check) + owner.n);
	if (check == NULL) {
		return (NULL);
	}
	memcpy(check->owner, owner.p, owner.n);
	at = strmap_at(&checks->by_owner, str_mem(check->owner, owner.n));
	if (at == NULL) {
		free(check);
		return (NULL);
	}
	*at = check;
	check->next = checks->all;
	checks->all = check;
	return (check);
}

/* Reset if it was about another key. NULL: it cannot be kept. */
static struct key_check *
find_check(struct key_checks *checks, struct str owner, uint64_t key_id)
{
	struct key_check *check = strmap_get(&checks->by_owner, owner);

	if (check == NULL) {
		check = add_check(checks, owner);
	}
	if (check != NULL && check->key_id != key_id) {
		check->key_id = key_id;
		check->state = KEY_UNKNOWN;
		check->ask_s = INT64_MIN;
	}
	return (check);
}

enum key_state
key_checks_get(struct key_checks *checks, struct str owner, uint64_t key_id,
    int64_t mono_s, bool *ask_r)
{
	enum key_state state = KEY_UNKNOWN;
	struct key_check *check;

	*ask_r = false;
	pthread_mutex_lock(&checks->lock);
	check = find_check(checks, owner, key_id);
	if (check != NULL) {
		state = check->state;
		*ask_r = mono_s >= check->ask_s;
	}
	if (*ask_r && state != KEY_UNKNOWN) {
		check->ask_s = mono_s + KEY_CHECKS_RETRY_S;
	}
	pthread_mutex_unlock(&checks->lock);
	return (state);
}

enum key_state
key_checks_set(struct key_checks *checks, struct str owner, uint64_t key_id,
    int64_t mono_s, enum key_state state)
{
	enum key_state before = KEY_UNKNOWN;
	struct key_check *check;

	pthread_mutex_lock(&checks->lock);
	check = find_check(checks, owner, key_id);
	if (check != NULL) {
		before = check->state;
		check->ask_s = mono_s + (state != KEY_UNKNOWN ?
		    KEY_CHECKS_AGAIN_S : KEY_CHECKS_RETRY_S);
		check->state = state != KEY_UNKNOWN ? state : before;
	}
	pthread_mutex_unlock(&checks->lock);
	return (before);
}

void
key_checks_count(const struct key_checks *checks, int64_t mono_s,
    uint64_t n_r[KEY_STATES])
{
	const struct key_check *check;
	int64_t ask_s;
	size_t i;

	for (i = 0; i < KEY_STATES; i++) {
		n_r[i] = 0;
	}
	for (check = atomic_load(&checks->all); check != NULL;
	    check = check->next) {
		ask_s = check->ask_s;
		/* INT64_MIN: it has not been asked about. */
		if (ask_s > mono_s - KEY_CHECKS_RECENT_S) {
			n_r[check->state]++;
		}
	}
}
