/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the parent (parent.h), the mail process (mail.h) and check.c, which
   only checks. */
#ifndef MILTER_PRIVATE_H
#define MILTER_PRIVATE_H

#include <sys/types.h>

#include "milter/daemon.h"
#include "milter/exporter.h"
#include "milter/live.h"
#include "milter/manager.h"
#include "milter/presence.h"

struct daemon {
	const struct daemon_opts *opts;
	uid_t			 caller;	/* who started the process */
	struct presence		 presence;
	struct manager		 manager;
	struct env		 env;
	/* Callbacks may come until the process is gone: never freed. */
	struct live		 live;
	struct exporter		 exporter;
};

void		 daemon_init(struct daemon *, const struct daemon_opts *);
/* Reads the configuration. On failure logs the reason and returns the exit
   status. */
enum daemon_exit	 daemon_load(struct daemon *, struct conf **conf_r);
/* Logs the diag, with the user if permissions may be missing. */
void		 daemon_complain(const struct daemon *, enum status,
		    const struct diag *);
enum daemon_exit	 daemon_exit_of(enum status);
/* Where it listens, by an option or by the configuration. */
enum status	 daemon_choose_socket(struct daemon *, const struct conf *,
		    struct diag *) ATTR_MUST_CHECK;
/* -f -t: run from a terminal, maybe beside the daemon that serves. */
bool		 daemon_is_observer(const struct daemon *);
void		 daemon_set_log(const struct daemon *, const struct conf *);
/* Warns of a change that a reload does not bring. */
void		 daemon_warn_restart(const struct daemon *,
		    const struct conf *now, const struct conf *next);
/* For the service manager; see manager.h. */
void		 daemon_report_ready(struct daemon *);
void		 daemon_report_alive(struct daemon *);
/* Warns of an AuthservID without a domain. */
void		 daemon_warn_name(struct daemon *);
/* Warns if mail of programs on this host is not signed. */
void		 daemon_warn_local(struct daemon *);
/* Logs in one sentence which domains sign. Loads keys for it, so that each that
   cannot be is logged. */
void		 daemon_log_survey(struct daemon *);
/* Warns if privileges were not dropped. */
void		 daemon_warn_root(const struct daemon *);

#endif
