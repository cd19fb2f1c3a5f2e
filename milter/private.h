/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by daemon.c, which serves, and check.c, which only checks. */
#ifndef MILTER_PRIVATE_H
#define MILTER_PRIVATE_H

#include <sys/types.h>

#include "milter/daemon.h"
#include "milter/live.h"
#include "milter/presence.h"
#include "milter/watch.h"

struct daemon {
	const struct daemon_opts *opts;
	uid_t			 caller;	/* who started us */
	struct presence		 presence;
	struct env		 env;
	/* Callbacks may come until the process is gone: never freed. */
	struct live		 live;
	struct watch		 watch;
};

void		 daemon_init(struct daemon *, const struct daemon_opts *);
/* Reads the configuration; on failure says why and how to exit. */
enum daemon_exit	 daemon_load(struct daemon *, struct conf **conf_r);
/* To the log, with the user whose rights were too few. */
void		 daemon_complain(const struct daemon *, enum status,
		    const struct diag *);
enum daemon_exit	 daemon_exit_of(enum status);
/* If the rights were not given up. */
void		 daemon_warn_root(const struct daemon *);

#endif
