/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exporter_socket: the listening socket of Metrics: "unix:PATH",
 * "inet:PORT[@ADDRESS]" or "inet6:PORT[@ADDRESS]", where the address may be
 * localhost. Without an address only this host can connect.
 *
 * A socket file is removed only by the process that made it.
 */
#ifndef MILTER_EXPORTER_SOCKET_H
#define MILTER_EXPORTER_SOCKET_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/diag.h"

#define EXPORTER_BACKLOG	16

/* -1: the diag says why. */
int	 exporter_socket_open(const char *where, struct diag *);
/* Whether it can be reached. made: its file when it was made, if it is one. */
bool	 exporter_socket_is_there(const char *where, const struct stat *made);
/* Removes its file if it is the same; fd -1: it is closed already. */
void	 exporter_socket_close(const char *where, int fd,
	    const struct stat *made);

#endif
