/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "remote/client.h"
#include "remote/message.h"

#define USEC_PER_S	1000000ULL

struct channel {
	int	 fd;		/* -1: it has ended */
	bool	 busy;
};

struct remote_client {
	const struct env	*env;
	struct remote_said	*said;
	void			(*ask)(void *ctx);
	void			*ctx;
	_Atomic uint64_t	 seq;
	_Atomic uint64_t	 replies;	/* received, on all */
	_Atomic uint64_t	 silent_at;	/* replies + 1 when a request
						   failed for silence; or 0 */
	pthread_mutex_t		 lock;		/* guards what follows */
	pthread_cond_t		 changed[2];	/* for signatures; loaders */
	struct channel		 v[REMOTE_CHANNELS_MAX];
	size_t			 n;
	uint64_t		 generation;	/* of v */
	uint64_t		 away_us[2];	/* since then none is open:
						   for signatures; loaders */
};

struct taken {			/* a channel, by one thread */
	size_t		 at;
	int		 fd;
	uint64_t	 generation;
};

struct remote_set {		/* how to load keys of it */
	struct remote_client	*client;
	uint64_t		 number;
};

struct remote_key {		/* how to use one */
	struct remote_client	*client;
	uint64_t		 set;
	struct signers_want	 want;		/* its texts follow */
};

/* How long a request still waits; see client.h. */
struct patience {
	uint64_t	 begun_us;
	uint64_t	 step_us;	/* the end of this step */
	uint64_t	 replies;	/* of all, when somebody got one */
	unsigned	 silent;	/* steps since then */
};

struct exchange {		/* one request, and its reply */
	unsigned char	 packet[REMOTE_MAX_BYTES];
	size_t		 n;
	bool		 is_load;
	unsigned	 slot;		/* of the tally; not of a load */
	bool		 may_wait;	/* for another server */
	struct patience	 patience;
};

struct remote_client *
remote_client_new(const struct env *env, struct remote_said *said,
    void (*ask)(void *ctx), void *ctx)
{
	struct remote_client *client = calloc(1, sizeof(*client));
	pthread_condattr_t attr;

	if (client == NULL || pthread_condattr_init(&attr) != 0) {
		free(client);
		return (NULL);
	}
	client->env = env;
	client->said = said;
	client->ask = ask;
	client->ctx = ctx;
	client->away_us[0] = client->away_us[1] = env_mono_us(env);
	if (pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) != 0 ||
	    pthread_mutex_init(&client->lock, NULL) != 0 ||
	    pthread_cond_init(&client->changed[0], &attr) != 0 ||
	    pthread_cond_init(&client->changed[1], &attr) != 0) {
		free(client);
		client = NULL;
	}
	pthread_condattr_destroy(&attr);
	return (client);
}

static void
close_free_channels(struct remote_client *client)
{
	size_t i;

	for (i = 0; i < client->n; i++) {
		/* Who is busy with it closes it. */
		if (!client->v[i].busy && client->v[i].fd != -1) {
			(void)close(client->v[i].fd);
		}
	}
	client->n = 0;
	client->generation++;
}

/* Whoever waits looks at what there is now. */
static void
wake_all(struct remote_client *client)
{
	pthread_cond_broadcast(&client->changed[0]);
	pthread_cond_broadcast(&client->changed[1]);
}

static void
limit_wait(int fd)
{
	const struct timeval wait = { .tv_usec = REMOTE_STEP_US };

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
}

static size_t
first_loader(size_t n)
{
	return (n > REMOTE_LOADERS ? n - REMOTE_LOADERS : 0);
}

void
remote_client_give(struct remote_client *client, const int *fds, size_t n)
{
	size_t i;

	for (i = REMOTE_CHANNELS_MAX; i < n; i++) {
		(void)close(fds[i]);
	}
	n = n > REMOTE_CHANNELS_MAX ? REMOTE_CHANNELS_MAX : n;
	pthread_mutex_lock(&client->lock);
	close_free_channels(client);
	/* That the former server was silent says nothing of this one. */
	atomic_store(&client->silent_at, 0);
	for (i = 0; i < n; i++) {
		limit_wait(fds[i]);
		client->v[i] = (struct channel){ .fd = fds[i] };
	}
	client->n = n;
	wake_all(client);
	pthread_mutex_unlock(&client->lock);
}

static void
begin_patience(struct remote_client *client, struct patience *p)
{
	*p = (struct patience){ .begun_us = env_mono_us(client->env),
		.replies = atomic_load(&client->replies) };
	p->step_us = p->begun_us + REMOTE_STEP_US;
}

static bool	server_answers(struct remote_client *);

/* After a step without a reply to this request, or, with the lock held, without
   a connection. False: it fails. */
static bool
is_worth_waiting(struct remote_client *client, struct exchange *x, bool sent)
{
	struct patience *p = &x->patience;
	uint64_t replies = atomic_load(&client->replies);
	uint64_t now_us = env_mono_us(client->env);

	p->step_us = now_us + REMOTE_STEP_US;
	if (now_us - p->begun_us >= (x->is_load ? REMOTE_LOAD_S :
	    REMOTE_REPLY_S) * USEC_PER_S) {
		return (false);
	}
	if (replies != p->replies) {
		p->replies = replies;
		p->silent = 0;
		return (true);
	}
	if (x->is_load && !sent) {
		/* Those that are busy find that out. */
		return (atomic_load(&client->silent_at) != replies + 1);
	}
	if (++p->silent < REMOTE_SILENT_STEPS) {
		return (true);
	}
	p->silent = 0;
	if (x->is_load && server_answers(client)) {
		return (true);
	}
	atomic_store(&client->silent_at, replies + 1);
	return (false);
}

static struct timespec
time_of(uint64_t us)
{
	return ((struct timespec){ .tv_sec = (time_t)(us / USEC_PER_S),
		.tv_nsec = (long)(us % USEC_PER_S) * 1000 });
}

/* The channels of a kind, which are the same if there are few. */
static void
get_range(const struct remote_client *client, bool is_load, size_t *first_r,
    size_t *end_r)
{
	*first_r = is_load ? first_loader(client->n) : 0;
	*end_r = is_load || client->n <= REMOTE_LOADERS ? client->n :
	    first_loader(client->n);
}

/* With the lock held. True: *taken_r. *any_r: there is a channel of that kind,
   if busy. */
static bool
take_free(struct remote_client *client, bool is_load, struct taken *taken_r,
    bool *any_r)
{
	size_t i, end;

	get_range(client, is_load, &i, &end);
	*any_r = false;
	for (; i < end; i++) {
		if (client->v[i].fd == -1) {
			continue;
		}
		*any_r = true;
		if (!client->v[i].busy) {
			client->v[i].busy = true;
			*taken_r = (struct taken){ i, client->v[i].fd,
				client->generation };
			return (true);
		}
	}
	return (false);
}

/* Until when to wait, in microseconds of the clock of env; 0: not at all. */
static uint64_t
wait_until(const struct remote_client *client, const struct exchange *x,
    bool any, uint64_t now_us)
{
	uint64_t begun_us = x->patience.begun_us;
	uint64_t away_us = client->away_us[x->is_load];
	uint64_t since_us = begun_us, until_us;

	/* A server that answered nothing for long, and then ended. */
	if (!any && away_us > begun_us &&
	    away_us - begun_us < REMOTE_REPLY_S * USEC_PER_S) {
		since_us = away_us;
	}
	until_us = since_us + (any ? REMOTE_BUSY_US : REMOTE_WAIT_US);
	if (!any && (!x->may_wait ||
	    now_us >= away_us + REMOTE_AWAY_US)) {
		return (0);
	}
	return (until_us > now_us ? until_us : 0);
}

/* With the lock held. False: not any longer. */
static bool
wait_for_change(struct remote_client *client, struct exchange *x, bool any)
{
	struct patience *p = &x->patience;
	uint64_t until_us = wait_until(client, x, any,
	    env_mono_us(client->env));
	struct timespec until;

	if (until_us == 0) {
		return (false);
	}
	if (!any) {
		p->silent = 0;
	} else if (p->step_us < until_us) {
		until_us = p->step_us;
	}
	until = time_of(until_us);
	(void)pthread_cond_timedwait(&client->changed[x->is_load],
	    &client->lock, &until);
	/* It may be woken often, and find none free. */
	return (!any || env_mono_us(client->env) < p->step_us ||
	    is_worth_waiting(client, x, false));
}

/* TEMP: there is none for too long. */
static enum status
take_channel(struct remote_client *client, struct exchange *x,
    struct taken *taken_r)
{
	enum status status = STATUS_OK;
	bool any;

	pthread_mutex_lock(&client->lock);
	while (!take_free(client, x->is_load, taken_r, &any)) {
		if (!any) {
			/* What was asked before may be lost. */
			client->ask(client->ctx);
		}
		if (!wait_for_change(client, x, any)) {
			/* It may have been woken for one, too. */
			pthread_cond_signal(&client->changed[x->is_load]);
			status = STATUS_TEMP;
			break;
		}
	}
	pthread_mutex_unlock(&client->lock);
	return (status);
}

/* With the lock held: a channel is free. One thread that it is of use to is
   woken: more would find it taken. */
static void
wake_one(struct remote_client *client, size_t at)
{
	size_t i, end;
	int is_load;

	for (is_load = 0; is_load < 2; is_load++) {
		get_range(client, is_load, &i, &end);
		if (i <= at && at < end) {
			pthread_cond_signal(&client->changed[is_load]);
		}
	}
}

/* With the lock held. Those of the other kind may have ended, too: nobody has
   looked. */
static void
note_end(struct remote_client *client, size_t at, bool is_load)
{
	size_t i, end;

	client->v[at].fd = -1;
	get_range(client, is_load, &i, &end);
	for (; i < end; i++) {
		if (client->v[i].fd != -1) {
			return;
		}
	}
	client->away_us[is_load] = env_mono_us(client->env);
}

static void
return_channel(struct remote_client *client, const struct taken *taken,
    bool is_load, bool ended)
{
	bool former;

	pthread_mutex_lock(&client->lock);
	former = taken->generation != client->generation;
	if (!former) {
		client->v[taken->at].busy = false;
		if (ended) {
			note_end(client, taken->at, is_load);
			wake_all(client);
		} else {
			wake_one(client, taken->at);
		}
	}
	pthread_mutex_unlock(&client->lock);
	if (former || ended) {
		(void)close(taken->fd);
	}
	if (ended && !former) {
		client->ask(client->ctx);
	}
}

/* Skips replies that come too late, to earlier requests. TEMP: none in this
   step; IO: the connection has ended; SYNTAX: what came is no reply. */
static enum status
receive_reply(struct remote_client *client, struct exchange *x, int fd,
    uint64_t seq, struct remote_reply *r)
{
	enum status status;
	ssize_t n;

	do {
		do {
			n = recv(fd, x->packet, sizeof(x->packet), MSG_TRUNC);
		} while (n == -1 && errno == EINTR);
		if (n <= 0) {
			return (n == -1 && errno == EAGAIN ? STATUS_TEMP :
			    STATUS_IO);
		}
		atomic_fetch_add_explicit(&client->replies, 1,
		    memory_order_relaxed);
		status = remote_reply_parse(str_mem(x->packet, (size_t)n), r);
	} while (status == STATUS_OK && r->seq < seq);
	return (status == STATUS_OK && r->seq != seq ? STATUS_SYNTAX :
	    status);
}

static enum status
ask_channel(struct remote_client *client, struct exchange *x, int fd,
    uint64_t seq, struct remote_reply *r)
{
	enum status status;

	x->patience.silent = 0;
	if (send(fd, x->packet, x->n, MSG_NOSIGNAL) != (ssize_t)x->n) {
		return (errno == EAGAIN ? STATUS_TEMP : STATUS_IO);
	}
	do {
		status = receive_reply(client, x, fd, seq, r);
	} while (status == STATUS_TEMP && is_worth_waiting(client, x, true));
	return (status);
}

/* A connection may have ended since it was used last: then the next one is
   tried, and in the end those of another server. The reply has views into
   x. TEMP: no answer. */
static enum status
exchange_packets(struct remote_client *client, struct remote_request *request,
    struct exchange *x, struct remote_reply *r)
{
	struct taken taken;
	enum status status;
	bool ended;

	begin_patience(client, &x->patience);
	do {
		status = take_channel(client, x, &taken);
		if (status != STATUS_OK) {
			return (status);
		}
		/* Now, so that the numbers of a connection only rise. */
		request->seq = atomic_fetch_add(&client->seq, 1);
		x->n = remote_request_write(request, x->packet);
		if (request->kind == REMOTE_SIGN) {
			remote_tally_asked(client->said, x->slot);
		}
		status = x->n > 0 ? ask_channel(client, x, taken.fd,
		    request->seq, r) : STATUS_LIMIT;
		ended = status == STATUS_IO || status == STATUS_SYNTAX;
		return_channel(client, &taken, x->is_load, ended);
	} while (ended);
	return (status);
}

/* Whether it replies at all: to the release of a set that there never is. */
static bool
server_answers(struct remote_client *client)
{
	struct remote_request request = { .kind = REMOTE_RELEASE };
	struct exchange x = { .is_load = false };
	struct remote_reply ignored;

	return (exchange_packets(client, &request, &x, &ignored) == STATUS_OK);
}

static enum status
ask_load(struct remote_client *client, uint64_t set,
    const struct signers_want *want, struct exchange *x,
    struct remote_reply *r)
{
	struct remote_request request = { .kind = REMOTE_LOAD, .set = set,
		.want = *want };
	enum status status;

	x->is_load = x->may_wait = true;
	status = exchange_packets(client, &request, x, r);
	return (status == STATUS_OK && r->kind != REMOTE_LOADED ?
	    STATUS_TEMP : status);
}

static enum status
ask_sign(struct remote_client *client, const unsigned char *handle,
    const unsigned char *hash, struct exchange *x, struct remote_reply *r)
{
	struct remote_request request = { .kind = REMOTE_SIGN,
		.handle = str_mem(handle, CRYPTO_HANDLE_BYTES),
		.hash = str_mem(hash, CRYPTO_SHA256_BYTES) };
	enum status status;

	x->is_load = false;
	x->may_wait = true;
	x->slot = remote_tally_slot(handle);
	status = exchange_packets(client, &request, x, r);
	if (status == STATUS_OK && r->kind != REMOTE_SIGNED) {
		return (STATUS_TEMP);
	}
	if (status == STATUS_OK && r->status == REMOTE_OK) {
		remote_tally_received(client->said, x->slot);
	}
	return (status);
}

static bool
is_length_right(const struct privkey *key, size_t n)
{
	return (privkey_type(key) == CRYPTO_ED25519 ? n == 64 :
	    n == ((size_t)privkey_bits(key) + 7) / 8);
}

/* A server that has begun after us, or that has many keys, may not know the
   handle: it loads the key, and if that is the same one, it signs. */
static enum status
remote_sign(void *ctx, const struct privkey *key,
    const unsigned char hash[CRYPTO_SHA256_BYTES], struct buf *sig_r)
{
	const struct remote_key *remote = ctx;
	unsigned char handle[CRYPTO_HANDLE_BYTES];
	struct remote_reply r;
	struct exchange x;
	enum status status;

	privkey_handle(key, handle);
	status = ask_sign(remote->client, handle, hash, &x, &r);
	if (status == STATUS_OK && r.status == REMOTE_UNKNOWN) {
		status = ask_load(remote->client, remote->set, &remote->want,
		    &x, &r);
		if (status == STATUS_OK && r.status == REMOTE_OK) {
			status = ask_sign(remote->client, handle, hash, &x,
			    &r);
		}
	}
	if (status != STATUS_OK) {
		return (status);
	}
	if (r.status != REMOTE_OK || r.kind != REMOTE_SIGNED ||
	    !is_length_right(key, r.signature.n)) {
		return (r.status == REMOTE_NOMEM ? STATUS_NOMEM : STATUS_IO);
	}
	buf_add_str(sig_r, r.signature);
	return (sig_r->status);
}

static const struct privkey_remote remote_ops = { remote_sign, free };

static struct remote_key *
remote_key_new(struct remote_client *client, uint64_t set,
    const struct signers_want *want)
{
	struct remote_key *key = calloc(1, sizeof(*key) + want->name.n +
	    want->domain.n);
	char *texts;

	if (key == NULL) {
		return (NULL);
	}
	texts = (char *)(key + 1);
	key->client = client;
	key->set = set;
	key->want = *want;
	if (want->name.n > 0) {
		memcpy(texts, want->name.p, want->name.n);
	}
	if (want->domain.n > 0) {
		memcpy(texts + want->name.n, want->domain.p, want->domain.n);
	}
	key->want.name = str_mem(texts, want->name.n);
	key->want.domain = str_mem(texts + want->name.n, want->domain.n);
	return (key);
}

/* An internal error of ours, or a public key that is none. */
static enum status
make_key(struct remote_client *client, uint64_t set,
    const struct signers_want *want, const struct picture_given *half,
    struct privkey **key_r)
{
	struct remote_key *remote = remote_key_new(client, set, want);

	if (remote == NULL) {
		return (STATUS_NOMEM);
	}
	return (privkey_remote_new(half->type, half->public,
	    (const unsigned char *)half->derived.p, &remote_ops, remote,
	    key_r));
}

enum status
remote_client_given(struct remote_client *client, uint64_t set, uint32_t index,
    const struct picture_given *half, struct privkey **key_r)
{
	const struct signers_want want = { .kind = SIGNERS_GIVEN,
		.index = index };

	return (make_key(client, set, &want, half, key_r));
}

static enum status
explain_status(enum status status, struct diag *diag)
{
	if (status != STATUS_NOMEM) {
		diag_set(diag, NULL, 0, status == STATUS_LIMIT ?
		    "a name of the key is too long" :
		    "the process that has the keys does not answer");
	}
	return (status);
}

static enum status
load_remote(void *ctx, const struct signers_want *want, struct privkey **key_r,
    enum signers_why *why_r, struct diag *diag)
{
	const struct remote_set *set = ctx;
	struct picture_given half;
	struct remote_reply r;
	struct exchange x;
	enum status status = ask_load(set->client, set->number, want, &x, &r);

	*key_r = NULL;
	*why_r = SIGNERS_KEY_UNREADABLE;
	if (status != STATUS_OK) {
		return (explain_status(status, diag));
	}
	switch (r.status) {
	case REMOTE_OK:
		half = (struct picture_given){ r.type, r.public, r.derived };
		status = make_key(set->client, set->number, want, &half,
		    key_r);
		break;
	case REMOTE_NOMEM:
		return (STATUS_NOMEM);
	case REMOTE_UNKNOWN:
		status = STATUS_TEMP;
		break;
	case REMOTE_FAILED:
		*why_r = r.why;
		diag_set(diag, NULL, 0, "%.*s", STR_FMT(r.error));
		if (diag->text[0] == '\0') {
			diag_set(diag, NULL, 0, "the process that has the "
			    "keys gives no reason");
		}
		return (STATUS_IO);
	}
	return (status == STATUS_OK ? status : explain_status(status, diag));
}

static void
release_set(void *ctx)
{
	struct remote_set *set = ctx;
	struct remote_request request = { .kind = REMOTE_RELEASE,
		.set = set->number };
	struct exchange x = { .is_load = true };
	struct remote_reply ignored;

	/* Without a server there is nothing to release. */
	if (exchange_packets(set->client, &request, &x, &ignored) !=
	    STATUS_OK) {
		ignored.status = REMOTE_OK;
	}
	free(set);
}

enum status
remote_client_signers(struct remote_client *client, uint64_t number,
    struct signers_remote *r)
{
	struct remote_set *set = calloc(1, sizeof(*set));

	if (set == NULL) {
		return (STATUS_NOMEM);
	}
	*set = (struct remote_set){ client, number };
	r->load = load_remote;
	r->free = release_set;
	r->ctx = set;
	return (STATUS_OK);
}
