/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listen: the place where the MTA finds us, "unix:/path", "local:/path",
 * "inet:port@host" or "inet6:port@host", as libmilter has it.
 */
#ifndef MILTER_LISTEN_H
#define MILTER_LISTEN_H

#include "base/diag.h"
#include "base/status.h"

/* The path of a local socket, a view; NULL for the others. */
const char	*listen_path(const char *where);
/* Whether the user that we are may make a socket file in its folder, and none but
   a socket is in its place: IO, the diag says why not. Whether somebody listens
   on that is not looked at. */
enum status	 listen_check(const char *where, struct diag *)
    ATTR_MUST_CHECK;
/*
 * Opens it, after callbacks_register. A socket file that nobody listens on is
 * removed first; one that is in use, or any other file, is an error.
 */
enum status	 listen_open(const char *where, struct diag *)
    ATTR_MUST_CHECK;
/* Removes the socket file: nobody finds us any more. */
void	 listen_close(const char *where);

#endif
