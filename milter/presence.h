/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * presence: by what others find the process: its socket and its pid file. In
 * between root goes, for the pid file may need him and the socket must not.
 */
#ifndef MILTER_PRESENCE_H
#define MILTER_PRESENCE_H

#include "base/diag.h"
#include "base/status.h"
#include "conf/conf.h"
#include "milter/live.h"

struct pidfh;

struct presence {		/* zeroed: none */
	char		*socket;
	char		*pid_path;	/* NULL: none */
	struct pidfh	*pid_file;	/* the same, open */
};

enum status	 presence_init(struct presence *, const char *socket,
		    const char *pid_path) ATTR_MUST_CHECK;
void		 presence_fini(struct presence *);
/* Whether a start by the user that we are could make them: IO, the diag says
   why not. The pid file's user is root, as a rule, the socket's UserID. */
enum status	 presence_check_pid_file(const struct presence *,
		    struct diag *) ATTR_MUST_CHECK;
enum status	 presence_check_socket(const struct presence *, struct diag *)
    ATTR_MUST_CHECK;
/*
 * What needs no thread: after it, root is gone and the socket is there, with
 * callbacks that lead to live. On failure nothing is left behind.
 */
enum status	 presence_open(struct presence *, const struct conf *,
		    struct live *, struct diag *) ATTR_MUST_CHECK;
/* The process serves: the pid file says its number. */
void		 presence_announce(struct presence *);
/* Nobody finds us any more. */
void		 presence_close(struct presence *);

#endif
