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
	uid_t			 caller;	/* who started the process */
	struct presence		 presence;
	struct env		 env;
	/* Callbacks may come until the process is gone: never freed. */
	struct live		 live;
	struct watch		 watch;
};

void		 daemon_init(struct daemon *, const struct daemon_opts *);
/* Reads the configuration. On failure logs the reason and returns the exit
   status. */
enum daemon_exit	 daemon_load(struct daemon *, struct conf **conf_r);
/* Logs the diag, with the user if permissions may be missing. */
void		 daemon_complain(const struct daemon *, enum status,
		    const struct diag *);
enum daemon_exit	 daemon_exit_of(enum status);
/* Warns if privileges were not dropped. */
void		 daemon_warn_root(const struct daemon *);

#endif
