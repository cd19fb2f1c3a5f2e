/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * channels: the connections between the keys process and the mail process. The
 * parent makes them whenever one of the two is new, or when the mail process
 * says that some have ended, and delivers the ends; new ones replace all
 * others. A thread waits for deliveries, so that a process that is loading, or
 * waits for a database, still gets them.
 *
 * The process that serves has a thread for each connection, CHANNELS_SERVED_MAX
 * at most: one that was taken over may ask for connections for ever, and keep
 * those that were replaced. So the oldest are shut to make room for the newest.
 * A thread that waits for a database then ends when it has its answer; if too
 * many wait, connections of a delivery are closed at once, and the client asks
 * for others until there is room. A client that closes what was replaced has no
 * more than two deliveries, and is not affected.
 */
#ifndef MILTER_CHANNELS_H
#define MILTER_CHANNELS_H

#include <sys/types.h>
#include <sys/queue.h>

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/status.h"

/* As many of them as help: each signs on a processor. REMOTE_LOADERS more are
   for loading. */
#define CHANNELS_MIN	4
#define CHANNELS_MAX	16
/* Threads, with those of connections that are about to end. */
#define CHANNELS_SERVED_MAX	128

struct serving;
TAILQ_HEAD(servings, serving);

struct channels {
	int	 delivery;
	/* A delivery: either take all of it, or serve each one in a thread of
	   its own, which closes it. begin: before the threads, if the
	   other process is new; may be NULL. */
	void	(*take)(void *ctx, const int *fds, size_t n);
	void	(*begin)(void *ctx);
	void	(*serve)(void *ctx, int fd);
	void	*ctx;
	/* The rest is zeroed, and used here only. */
	pthread_t	 thread;	/* waits for deliveries */
	bool		 started;
	pthread_mutex_t	 lock;		/* guards what follows */
	pthread_cond_t	 ended;
	struct servings	 servings;	/* threads not yet joined */
	size_t		 running;
};

enum status	channels_start(struct channels *) ATTR_MUST_CHECK;
/*
 * Takes no more deliveries, ends the connections, each after the request that
 * it serves, and joins all threads, so that what they use can be freed. False:
 * one does not end within that time (it may wait for a database), and uses it
 * still. Connections that were taken stay. Does nothing if it was not started.
 */
bool		channels_stop(struct channels *, unsigned seconds);
/* For the parent: makes pairs and sends the ends to both. again: neither is
   new. False: no. */
bool		channels_connect(int keys_delivery, int mail_delivery,
		    bool again);

#endif
