/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "milter/channels.h"
#include "milter/control.h"
#include "remote/client.h"

#define STACK_BYTES	(256 * 1024)	/* of a thread that signs */

_Static_assert(CHANNELS_MAX + REMOTE_LOADERS <= CONTROL_CHANNELS_MAX, "fds");
_Static_assert(CHANNELS_MAX + REMOTE_LOADERS <= REMOTE_CHANNELS_MAX, "client");
_Static_assert(CHANNELS_SERVED_MAX >= 4 * CONTROL_CHANNELS_MAX, "served");

struct serving {		/* a connection, by a thread of its own */
	TAILQ_ENTRY(serving)	 link;
	struct channels		*channels;
	pthread_t		 thread;
	int			 fd;		/* -1: it has ended */
	bool			 shut;		/* so that it ends */
};

static void *
run_channel(void *arg)
{
	struct serving *serving = arg;
	struct channels *channels = serving->channels;

	channels->serve(channels->ctx, serving->fd);
	pthread_mutex_lock(&channels->lock);
	(void)close(serving->fd);
	serving->fd = -1;
	channels->running--;
	pthread_cond_signal(&channels->ended);
	pthread_mutex_unlock(&channels->lock);
	return (NULL);
}

static bool
start_thread(void *(*run)(void *), void *arg, pthread_t *thread_r)
{
	pthread_attr_t attr;
	bool ok;

	if (pthread_attr_init(&attr) != 0) {
		return (false);
	}
	ok = pthread_attr_setstacksize(&attr, STACK_BYTES) == 0 &&
	    pthread_create(thread_r, &attr, run, arg) == 0;
	pthread_attr_destroy(&attr);
	return (ok);
}

/*
 * Before a delivery: the oldest connections are shut if there would be no room
 * for the one after it, since they need a moment to end. SHUT_RDWR, as their
 * threads may wait for a client that reads no replies.
 */
static void
make_room(struct channels *channels, size_t n)
{
	struct serving *serving;
	size_t wanted;

	pthread_mutex_lock(&channels->lock);
	wanted = channels->running + 2 * n;
	TAILQ_FOREACH(serving, &channels->servings, link) {
		if (wanted <= CHANNELS_SERVED_MAX) {
			break;
		}
		if (serving->fd != -1 && !serving->shut) {
			(void)shutdown(serving->fd, SHUT_RDWR);
			serving->shut = true;
			wanted--;
		}
	}
	pthread_mutex_unlock(&channels->lock);
}

/* Without a thread the client finds the connection at its end. */
static void
serve_channel(struct channels *channels, int fd)
{
	struct serving *serving = malloc(sizeof(*serving));
	bool ok = false;

	if (serving != NULL) {
		*serving = (struct serving){ .channels = channels, .fd = fd };
		/* With the lock, so that it does not end before it is in the
		   list. */
		pthread_mutex_lock(&channels->lock);
		ok = channels->running < CHANNELS_SERVED_MAX &&
		    start_thread(run_channel, serving, &serving->thread);
		if (ok) {
			TAILQ_INSERT_TAIL(&channels->servings, serving, link);
			channels->running++;
		}
		pthread_mutex_unlock(&channels->lock);
	}
	if (!ok) {
		free(serving);
		(void)close(fd);
	}
}

/* The threads whose connections have ended. */
static void
join_ended(struct channels *channels)
{
	struct servings gone = TAILQ_HEAD_INITIALIZER(gone);
	struct serving *serving, *next;

	pthread_mutex_lock(&channels->lock);
	for (serving = TAILQ_FIRST(&channels->servings); serving != NULL;
	    serving = next) {
		next = TAILQ_NEXT(serving, link);
		if (serving->fd == -1) {
			TAILQ_REMOVE(&channels->servings, serving, link);
			TAILQ_INSERT_TAIL(&gone, serving, link);
		}
	}
	pthread_mutex_unlock(&channels->lock);
	while ((serving = TAILQ_FIRST(&gone)) != NULL) {
		TAILQ_REMOVE(&gone, serving, link);
		pthread_join(serving->thread, NULL);
		free(serving);
	}
}

static void *
run_deliveries(void *arg)
{
	struct channels *channels = arg;
	int fds[CONTROL_CHANNELS_MAX];
	enum status status;
	size_t i, n;
	bool again;

	for (;;) {
		status = control_receive_channels(channels->delivery, &again,
		    fds, &n);
		if (status == STATUS_IO) {
			return (NULL);
		}
		if (status != STATUS_OK) {
			continue;
		}
		if (channels->take != NULL) {
			channels->take(channels->ctx, fds, n);
			continue;
		}
		join_ended(channels);
		if (channels->begin != NULL && !again) {
			channels->begin(channels->ctx);
		}
		make_room(channels, n);
		for (i = 0; i < n; i++) {
			serve_channel(channels, fds[i]);
		}
	}
}

static bool
init_lock(struct channels *channels)
{
	pthread_condattr_t attr;
	bool ok;

	if (pthread_condattr_init(&attr) != 0) {
		return (false);
	}
	ok = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
	    pthread_mutex_init(&channels->lock, NULL) == 0 &&
	    pthread_cond_init(&channels->ended, &attr) == 0;
	pthread_condattr_destroy(&attr);
	return (ok);
}

enum status
channels_start(struct channels *channels)
{
	TAILQ_INIT(&channels->servings);
	channels->started = init_lock(channels) &&
	    start_thread(run_deliveries, channels, &channels->thread);
	return (channels->started ? STATUS_OK : STATUS_NOMEM);
}

/* Each thread finds the end of its connection when it has replied. */
static void
end_connections(struct channels *channels)
{
	struct serving *serving;

	TAILQ_FOREACH(serving, &channels->servings, link) {
		if (serving->fd != -1) {
			(void)shutdown(serving->fd, SHUT_RD);
		}
	}
}

bool
channels_stop(struct channels *channels, unsigned seconds)
{
	struct timespec until;
	int error = 0;
	bool ended;

	if (!channels->started) {
		return (true);
	}
	(void)shutdown(channels->delivery, SHUT_RD);
	pthread_join(channels->thread, NULL);
	channels->started = false;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)seconds;
	pthread_mutex_lock(&channels->lock);
	end_connections(channels);
	while (channels->running > 0 && error != ETIMEDOUT) {
		error = pthread_cond_timedwait(&channels->ended,
		    &channels->lock, &until);
	}
	ended = channels->running == 0;
	pthread_mutex_unlock(&channels->lock);
	join_ended(channels);
	return (ended);
}

static size_t
count_channels(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	n = n < CHANNELS_MIN / 2 ? CHANNELS_MIN : 2 * n;
	n = n > CHANNELS_MAX ? CHANNELS_MAX : n;
	return ((size_t)n + REMOTE_LOADERS);
}

bool
channels_connect(int keys_delivery, int mail_delivery, bool again)
{
	int ends[2], keys[CONTROL_CHANNELS_MAX], mail[CONTROL_CHANNELS_MAX];
	size_t i, n = count_channels();
	bool ok = true;

	for (i = 0; i < n; i++) {
		if (!control_pair(ends)) {
			n = i;
			ok = false;
			break;
		}
		keys[i] = ends[0];
		mail[i] = ends[1];
	}
	ok = ok && control_send_channels(keys_delivery, again, keys, n) &&
	    control_send_channels(mail_delivery, again, mail, n);
	for (i = 0; i < n; i++) {
		(void)close(keys[i]);
		(void)close(mail[i]);
	}
	return (ok);
}
