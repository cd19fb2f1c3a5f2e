/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listen: the socket for the MTA: "unix:/path", "local:/path",
 * "inet:port@host" or "inet6:port@host", as libmilter specifies it.
 */
#ifndef MILTER_LISTEN_H
#define MILTER_LISTEN_H

#include <stdbool.h>

#include "base/diag.h"
#include "base/status.h"

/* The path of a local socket, a view; NULL for the others. */
const char	*listen_path(const char *where);
/* Whether the current user may create the socket, and nothing but a socket has
   the name of its file. IO: no; the diag says why. A process may listen there
   already: perhaps the one in service. */
enum status	 listen_check(const char *where, struct diag *)
    ATTR_MUST_CHECK;
/*
 * Opens it, after callbacks_register. A socket file on which no process listens
 * is removed first; one that is in use, or any other file, is an error. If a
 * process listens there, it may be the mail process of a daemon that was
 * killed: two seconds are left for it to notice that. *fd_r: the descriptor on
 * which libmilter listens.
 */
enum status	 listen_open(const char *where, int *fd_r, struct diag *)
    ATTR_MUST_CHECK;
/* Whether it takes connections. It does not if any process that has it shut it
   down, which takes effect in all of them. */
bool		 listen_is_open(int fd);
/* For the same descriptor: makes a local socket again, whose file was removed
   or that was shut down; lets another one listen again that was shut down. IO:
   diag says why not. TEMP: not yet. */
enum status	 listen_again(const char *where, int fd, struct diag *)
    ATTR_MUST_CHECK;
/* Before another process takes connections there: the one before may have
   changed how many can wait. */
void	 listen_renew(int fd);
/* Removes a socket file on which no process listens. IO: it is in use, or not a
   socket. OK: there is none. */
enum status	 listen_remove_stale(const char *path, struct diag *)
    ATTR_MUST_CHECK;
/* For an orphan: the socket listens no more, at once, and its file can be taken
   for an old one; libmilter goes on with another that nobody can reach. */
void	 listen_abandon(int fd);
/* Removes the socket file. */
void	 listen_close(const char *where);

#endif
