/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * manager: reports the daemon's state to the service manager, by the protocol
 * of sd_notify(3): datagrams of NAME=value lines to the socket that
 * $NOTIFY_SOCKET names, a path or, with "@" first, an abstract name. Without
 * that variable, or with another kind of address, nothing is sent.
 *
 * $WATCHDOG_USEC and $WATCHDOG_PID (sd_watchdog_enabled(3)) ask for a sign of
 * life. Only the main thread gives it, from the loop that waits for signals, so
 * that a daemon whose main thread hangs is restarted. A reload may wait for a
 * database for longer than the watchdog allows; manager_reloading() and
 * manager_loading() extend the time for it to MANAGER_LOAD_US.
 *
 * A send waits for MANAGER_SEND_MS at most, however busy the manager is. A
 * report that could not be sent is lost; the next one is sent again. Only for
 * the main thread.
 */
#ifndef MILTER_MANAGER_H
#define MILTER_MANAGER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#define MANAGER_SEND_MS		1000
#define MANAGER_LOAD_US		(10 * 60 * 1000000ULL)
#define MANAGER_MAX_BYTES	1024	/* of a report; its text is cut */

struct manager {		/* zeroed: there is none */
	struct sockaddr_un addr;
	socklen_t	 addr_n;	/* 0: nothing is sent */
	int		 fd;		/* valid if addr_n > 0 */
	uint64_t	 watchdog_us;	/* 0: no sign of life is asked for */
};

/* Takes the variables out of the environment. For the process that serves:
   after the fork into the background. */
void	 manager_init(struct manager *);
void	 manager_fini(struct manager *);
/* text: of one line, for "systemctl status". */
void	 manager_ready(const struct manager *, const char *text);
/* SIGHUP was received; manager_ready follows, whether it succeeds or not. */
void	 manager_reloading(const struct manager *);
/* Another task that may take long; manager_ready follows. */
void	 manager_loading(const struct manager *);
void	 manager_stopping(const struct manager *, const char *text);
/* A sign of life, and the text. */
void	 manager_alive(const struct manager *, const char *text);
/* Time between two signs of life; 0: none is needed. */
uint64_t manager_interval_us(const struct manager *);

#endif
