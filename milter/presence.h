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
	struct pidfh	*pid_file;	/* NULL: none */
};

enum status	 presence_init(struct presence *, const char *socket)
    ATTR_MUST_CHECK;
void		 presence_fini(struct presence *);
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
