/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/ration.h"
#include "base/strmap.h"
#include "mail/domain.h"
#include "remote/message.h"
#include "remote/server.h"

#define USEC_PER_S	1000000ULL
#define SPARE_HANDLES	1000	/* of keys with "%" in their path */
#define SCRATCH_BYTES	((size_t)1024 * 1024)
#define NAMES_BYTES	200	/* of keys that share a slot, in the log */

struct known {			/* a key that has been loaded */
	struct privkey		*key;
	unsigned char		 handle[CRYPTO_HANDLE_BYTES];
	char			 name[];	/* for the log */
};

struct set {
	TAILQ_ENTRY(set)	 link;
	uint64_t		 number;
	struct signers		*signers;
	struct conf		*owner;
	struct strmap		 known;		/* by handle */
	size_t			 known_max;
	unsigned		 references;	/* under the server's lock */
	bool			 gone;		/* not in the list */
	bool			 released;	/* goes with the next commit */
	uint64_t		 former_us;	/* since then another one is in
						   service; 0: none is */
};

TAILQ_HEAD(sets, set);

struct remote_server {
	const struct crypto	*crypto;
	const struct env	*env;
	struct remote_made	*made;
	bool			 told[REMOTE_TALLY_SLOTS];	/* by the
						   thread that compares */
	struct ration		 differences;
	pthread_mutex_t		 lock;		/* guards what follows */
	struct sets		 sets;		/* newest first */
	size_t			 sets_n;
	uint64_t		 committed;	/* in service; 0: none yet */
};

struct request {		/* one that is being served */
	struct remote_server	*server;
	struct arena		 arena;
	struct buf		 public;
	struct buf		 signature;
	unsigned char		 derived[CRYPTO_SHA256_BYTES];
};

struct remote_server *
remote_server_new(const struct crypto *crypto, const struct env *env,
    struct remote_made *made)
{
	struct remote_server *server = calloc(1, sizeof(*server));

	if (server == NULL) {
		return (NULL);
	}
	if (!ration_init(&server->differences, REMOTE_DIFFERENCE_LINES) ||
	    pthread_mutex_init(&server->lock, NULL) != 0) {
		free(server);
		return (NULL);
	}
	server->crypto = crypto;
	server->env = env;
	server->made = made;
	TAILQ_INIT(&server->sets);
	return (server);
}

static void
forget_keys(struct set *set)
{
	struct known *known;
	size_t i;

	for (i = 0; i < strmap_count(&set->known); i++) {
		known = strmap_value(&set->known, i);
		if (known != NULL) {
			privkey_free(known->key);
			free(known);
		}
	}
	strmap_fini(&set->known);
	strmap_init(&set->known);
}

static void
set_free(struct set *set)
{
	if (set != NULL) {
		forget_keys(set);
		strmap_fini(&set->known);
		signers_free(set->signers);
		conf_release(set->owner);
		free(set);
	}
}

/* With the lock held. Returns the set if the caller is to free it. */
static struct set *
take_out(struct remote_server *server, struct set *set)
{
	TAILQ_REMOVE(&server->sets, set, link);
	server->sets_n--;
	set->gone = true;
	return (set->references == 0 ? set : NULL);
}

static struct known *
known_new(struct str name)
{
	struct known *known = calloc(1, sizeof(*known) + name.n + 1);

	if (known != NULL && name.n > 0) {
		memcpy(known->name, name.p, name.n);
	}
	return (known);
}

/* With the lock held, or before others know the set. NOMEM. */
static enum status
remember_key(struct set *set, struct privkey *key, struct str name)
{
	struct known *known = known_new(name);
	void **at;

	if (known == NULL) {
		return (STATUS_NOMEM);
	}
	privkey_handle(key, known->handle);
	if (set->known.n >= set->known_max) {
		forget_keys(set);
	}
	at = strmap_at(&set->known, str_mem(known->handle,
	    sizeof(known->handle)));
	if (at == NULL || *at != NULL) {
		free(known);
		return (at == NULL ? STATUS_NOMEM : STATUS_OK);
	}
	known->key = privkey_hold(key);
	*at = known;
	return (STATUS_OK);
}

static enum status
remember_given(struct set *set)
{
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; set->owner != NULL && i < set->owner->keys_n &&
	    status == STATUS_OK; i++) {
		status = remember_key(set, set->owner->keys[i].key,
		    str_from(set->owner->keys[i].path));
	}
	return (status);
}

enum status
remote_server_add(struct remote_server *server, uint64_t number,
    struct signers *signers, struct conf *owner)
{
	struct set *set = calloc(1, sizeof(*set)), *old = NULL;
	struct signers_counts counts;

	if (set == NULL) {
		signers_free(signers);
		conf_release(owner);
		return (STATUS_NOMEM);
	}
	set->number = number;
	set->signers = signers;
	set->owner = owner;
	strmap_init(&set->known);
	signers_count(signers, &counts);
	set->known_max = counts.keys + SPARE_HANDLES;
	if (remember_given(set) != STATUS_OK) {
		set_free(set);
		return (STATUS_NOMEM);
	}
	pthread_mutex_lock(&server->lock);
	TAILQ_INSERT_HEAD(&server->sets, set, link);
	if (++server->sets_n > REMOTE_SETS_MAX) {
		old = take_out(server, TAILQ_LAST(&server->sets, sets));
	}
	pthread_mutex_unlock(&server->lock);
	set_free(old);
	return (STATUS_OK);
}

/* With the lock held; NULL: there is none. */
static struct set *
find_set(struct remote_server *server, uint64_t number)
{
	struct set *set;

	TAILQ_FOREACH(set, &server->sets, link) {
		if (set->number == number) {
			return (set);
		}
	}
	return (NULL);
}

void
remote_server_drop(struct remote_server *server, uint64_t number)
{
	struct set *set;

	pthread_mutex_lock(&server->lock);
	set = find_set(server, number);
	set = set != NULL ? take_out(server, set) : NULL;
	pthread_mutex_unlock(&server->lock);
	set_free(set);
}

void
remote_server_free(struct remote_server *server)
{
	struct set *set;

	if (server == NULL) {
		return;
	}
	while ((set = TAILQ_FIRST(&server->sets)) != NULL) {
		TAILQ_REMOVE(&server->sets, set, link);
		set_free(set);
	}
	pthread_mutex_destroy(&server->lock);
	ration_fini(&server->differences);
	free(server);
}

/* Of those that are older than the one in service. */
enum which { ALL, RELEASED, EXPIRED };

static bool
is_one_of(const struct set *set, enum which which, uint64_t now_us)
{
	switch (which) {
	case RELEASED:
		return (set->released);
	case EXPIRED:
		return (set->former_us != 0 && now_us - set->former_us >=
		    REMOTE_FORMER_S * USEC_PER_S);
	case ALL:
		break;
	}
	return (true);
}

static void
drop_older(struct remote_server *server, enum which which)
{
	uint64_t now_us = env_mono_us(server->env);
	struct sets gone = TAILQ_HEAD_INITIALIZER(gone);
	struct set *set, *next;

	pthread_mutex_lock(&server->lock);
	for (set = TAILQ_FIRST(&server->sets); set != NULL; set = next) {
		next = TAILQ_NEXT(set, link);
		if (set->number < server->committed &&
		    is_one_of(set, which, now_us) &&
		    take_out(server, set) != NULL) {
			TAILQ_INSERT_TAIL(&gone, set, link);
		}
	}
	pthread_mutex_unlock(&server->lock);
	while ((set = TAILQ_FIRST(&gone)) != NULL) {
		TAILQ_REMOVE(&gone, set, link);
		set_free(set);
	}
}

void
remote_server_drop_former(struct remote_server *server)
{
	drop_older(server, ALL);
}

void
remote_server_drop_expired(struct remote_server *server)
{
	drop_older(server, EXPIRED);
}

void
remote_server_commit(struct remote_server *server, uint64_t number)
{
	uint64_t now_us = env_mono_us(server->env);
	struct set *set;

	pthread_mutex_lock(&server->lock);
	server->committed = number;
	TAILQ_FOREACH(set, &server->sets, link) {
		if (set->number < number && set->former_us == 0) {
			set->former_us = now_us;
		}
	}
	pthread_mutex_unlock(&server->lock);
	drop_older(server, RELEASED);
}

/* A set that is gone was that of another process: the newest replaces it. */
static struct set *
hold_set(struct remote_server *server, uint64_t number)
{
	struct set *set;

	pthread_mutex_lock(&server->lock);
	set = find_set(server, number);
	if (set == NULL) {
		set = TAILQ_FIRST(&server->sets);
	}
	if (set != NULL) {
		set->references++;
	}
	pthread_mutex_unlock(&server->lock);
	return (set);
}

static void
release_set(struct remote_server *server, struct set *set)
{
	bool last;

	pthread_mutex_lock(&server->lock);
	last = --set->references == 0 && set->gone;
	pthread_mutex_unlock(&server->lock);
	if (last) {
		set_free(set);
	}
}

bool
remote_server_use(struct remote_server *server, struct remote_use *r)
{
	struct set *set = hold_set(server, 0);

	if (set == NULL) {
		return (false);
	}
	*r = (struct remote_use){ set->signers, set->owner, set };
	return (true);
}

void
remote_server_unuse(struct remote_server *server, const struct remote_use *use)
{
	release_set(server, use->set);
}

static struct privkey *
find_key(struct remote_server *server, struct str handle)
{
	const struct known *known = NULL;
	struct privkey *key = NULL;
	struct set *set;

	pthread_mutex_lock(&server->lock);
	TAILQ_FOREACH(set, &server->sets, link) {
		known = strmap_get(&set->known, handle);
		if (known != NULL) {
			key = privkey_hold(known->key);
			break;
		}
	}
	pthread_mutex_unlock(&server->lock);
	return (key);
}

static void
serve_sign(struct request *q, const struct remote_request *request,
    struct remote_reply *reply)
{
	struct privkey *key = find_key(q->server, request->handle);

	reply->kind = REMOTE_SIGNED;
	reply->status = REMOTE_UNKNOWN;
	if (key == NULL) {
		return;
	}
	if (privkey_sign(q->server->crypto, key,
	    (const unsigned char *)request->hash.p, &q->signature) ==
	    STATUS_OK) {
		remote_tally_made(q->server->made,
		    remote_tally_slot(request->handle.p));
		reply->status = REMOTE_OK;
		reply->signature = buf_str(&q->signature);
	} else {
		reply->status = REMOTE_NOMEM;
	}
	privkey_free(key);
}

/* Absent without memory. */
static struct str
name_key(struct arena *arena, const struct signers_want *want)
{
	return (want->kind == SIGNERS_STORE ? domain_key_name(arena,
	    want->name, want->domain) : arena_printf(arena,
	    "%.*s of KeyTable", STR_FMT(want->name)));
}

/* NOMEM, or OK with a reply. */
static enum status
load_key(struct request *q, struct set *set, const struct signers_want *want,
    struct remote_reply *reply)
{
	struct privkey *key = NULL;
	struct str name;
	enum status status = signers_load_wanted(set->signers, &q->arena, want,
	    &key, &reply->why, &reply->error);

	if (status == STATUS_OK && key == NULL) {
		reply->status = REMOTE_FAILED;
		reply->error = str_first(reply->error, REMOTE_ERROR_MAX_BYTES);
		return (STATUS_OK);
	}
	reply->error = STR_NONE;
	if (status == STATUS_OK) {
		status = privkey_public(key, &q->public);
	}
	if (status == STATUS_OK) {
		status = privkey_derive(q->server->crypto, key, q->derived);
	}
	if (status == STATUS_OK) {
		name = name_key(&q->arena, want);
		pthread_mutex_lock(&q->server->lock);
		status = remember_key(set, key, name);
		pthread_mutex_unlock(&q->server->lock);
	}
	if (status == STATUS_OK) {
		reply->status = REMOTE_OK;
		reply->type = privkey_type(key);
		reply->public = buf_str(&q->public);
		reply->derived = str_mem(q->derived, sizeof(q->derived));
	}
	privkey_free(key);
	return (status);
}

static void
serve_load(struct request *q, const struct remote_request *request,
    struct remote_reply *reply)
{
	struct set *set = hold_set(q->server, request->set);

	reply->kind = REMOTE_LOADED;
	reply->status = REMOTE_UNKNOWN;
	if (set == NULL) {
		return;
	}
	if (load_key(q, set, &request->want, reply) != STATUS_OK) {
		*reply = (struct remote_reply){ .kind = REMOTE_LOADED,
			.seq = reply->seq, .status = REMOTE_NOMEM };
	}
	release_set(q->server, set);
}

static void
serve_release(struct request *q, const struct remote_request *request,
    struct remote_reply *reply)
{
	struct remote_server *server = q->server;
	struct set *set, *gone = NULL;

	reply->kind = REMOTE_DONE;
	pthread_mutex_lock(&server->lock);
	set = find_set(server, request->set);
	/* The client may release a set before the parent commits the next. */
	if (set != NULL) {
		set->released = true;
		gone = set->number < server->committed ?
		    take_out(server, set) : NULL;
	}
	pthread_mutex_unlock(&server->lock);
	set_free(gone);
}

/* Returns the length of the reply; 0: the connection is to be closed. */
static size_t
serve_packet(struct request *q, struct str packet, unsigned char *reply_r)
{
	struct remote_request request;
	struct remote_reply reply = { .status = REMOTE_OK };

	if (remote_request_parse(packet, &request) != STATUS_OK) {
		env_log(q->server->env, LOG_LEVEL_ERROR, "the mail process "
		    "sent a malformed request for a signature: its connection "
		    "is closed");
		return (0);
	}
	buf_reset(&q->public);
	buf_reset(&q->signature);
	arena_reset(&q->arena);
	reply.seq = request.seq;
	switch (request.kind) {
	case REMOTE_SIGN:
		serve_sign(q, &request, &reply);
		break;
	case REMOTE_LOAD:
		serve_load(q, &request, &reply);
		break;
	case REMOTE_RELEASE:
		serve_release(q, &request, &reply);
		break;
	case REMOTE_SIGNED:
	case REMOTE_LOADED:
	case REMOTE_DONE:
		return (0);
	}
	return (remote_reply_write(&reply, reply_r));
}

/* With the lock held. Appends the names of the keys of a slot. */
static void
write_names(const struct set *set, unsigned slot, struct buf *out)
{
	const struct known *known;
	size_t i;

	for (i = 0; i < strmap_count(&set->known); i++) {
		known = strmap_value(&set->known, i);
		if (known != NULL && out->n < NAMES_BYTES &&
		    remote_tally_slot(known->handle) == slot) {
			buf_printf(out, "%s%s", out->n > 0 ? ", " : "",
			    known->name);
		}
	}
}

/* Of the newest set that has any. */
static void
find_names(struct remote_server *server, unsigned slot, struct buf *out)
{
	const struct set *set;

	pthread_mutex_lock(&server->lock);
	TAILQ_FOREACH(set, &server->sets, link) {
		if (out->n == 0) {
			write_names(set, slot, out);
		}
	}
	pthread_mutex_unlock(&server->lock);
}

static void
log_difference(struct remote_server *server, unsigned slot,
    const struct remote_difference *d)
{
	struct buf names;

	buf_init(&names, NAMES_BYTES + REMOTE_MAX_BYTES);
	find_names(server, slot, &names);
	env_log(server->env, LOG_LEVEL_ERROR, "%s: the keys process made %"
	    PRIu64 " signatures, but the mail process says that it asked for %"
	    PRIu64 " and got %" PRIu64, names.n > 0 && names.status ==
	    STATUS_OK ? names.p : "a key that is not loaded now", d->made,
	    d->asked, d->received);
	buf_fini(&names);
}

void
remote_server_compare(struct remote_server *server,
    const struct remote_said *said)
{
	struct remote_difference difference;
	unsigned slot, n = 0;

	for (slot = 0; slot < REMOTE_TALLY_SLOTS; slot++) {
		if (!remote_tally_differs(said, server->made, slot,
		    &difference)) {
			continue;
		}
		n++;
		if (!server->told[slot] && ration_take(&server->differences,
		    env_mono_us(server->env))) {
			log_difference(server, slot, &difference);
			server->told[slot] = true;
		}
	}
	atomic_store(&server->made->differing, n);
}

static ssize_t
receive_packet(int fd, unsigned char *packet)
{
	ssize_t n;

	do {
		/* With MSG_TRUNC a packet that is too long is noticed. */
		n = recv(fd, packet, REMOTE_MAX_BYTES, MSG_TRUNC);
	} while (n == -1 && errno == EINTR);
	return (n > REMOTE_MAX_BYTES ? 0 : n);
}

void
remote_server_serve(struct remote_server *server, int fd)
{
	unsigned char in[REMOTE_MAX_BYTES], out[REMOTE_MAX_BYTES];
	struct request q = { .server = server };
	ssize_t n;
	size_t reply;

	arena_init(&q.arena, SCRATCH_BYTES);
	buf_init(&q.public, CRYPTO_KEY_MAX_BYTES);
	buf_init(&q.signature, CRYPTO_SIG_MAX_BYTES);
	while ((n = receive_packet(fd, in)) > 0) {
		reply = serve_packet(&q, str_mem(in, (size_t)n), out);
		if (reply == 0 ||
		    send(fd, out, reply, MSG_NOSIGNAL) != (ssize_t)reply) {
			break;
		}
	}
	buf_fini(&q.signature);
	buf_fini(&q.public);
	arena_fini(&q.arena);
}
