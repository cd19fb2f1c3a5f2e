/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exporter: answers GET /metrics and GET /healthz over HTTP, in a thread of its
 * own (libmicrohttpd). Mail is more important than its numbers: if the exporter
 * cannot start, that is logged once and tried again, and mail goes on.
 *
 * Requests are bounded: so many connections, so many octets of a request, one
 * request per connection, no body, and a time after which a connection is
 * closed however slowly it goes on.
 *
 * Only for the thread that loads, except where it says so.
 */
#ifndef MILTER_EXPORTER_H
#define MILTER_EXPORTER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "milter/live.h"

#define EXPORTER_MAX_CONNECTIONS	16	/* further ones wait */
#define EXPORTER_REQUEST_MAX_BYTES	8192
#define EXPORTER_IDLE_S			3	/* of a connection */
#define EXPORTER_TIME_US	5000000		/* of it in all; it ends at the
						   next exporter_watch */

struct exporter_connection {
	int		 fd;		/* -1: none */
	uint64_t	 since_us;
};

struct exporter {
	struct live	*live;
	char		*where;		/* Metrics; NULL: none */
	struct MHD_Daemon *daemon;	/* NULL: not running */
	struct stat	 made;		/* the socket file; st_nlink 0: none */
	bool		 complained;	/* the failure has been logged */
	pthread_mutex_t	 lock;		/* guards what follows */
	struct exporter_connection connections[EXPORTER_MAX_CONNECTIONS];
};

enum status	 exporter_init(struct exporter *, struct live *)
    ATTR_MUST_CHECK;
/* Starts, stops or moves it. where: as Metrics has it; NULL: none. */
void	 exporter_set(struct exporter *, const char *where);
/* Every few seconds: starts it if it could not start before, or if its socket
   file is gone, and ends connections that take too long. */
void	 exporter_watch(struct exporter *);
void	 exporter_stop(struct exporter *);

#endif
