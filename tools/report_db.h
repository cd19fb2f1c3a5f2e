/* SPDX-License-Identifier: BSD-2-Clause */
/* report_db: the store of the daemon's configuration, for the verbs of mailseal
   report that only look at it or change a line. */
#ifndef TOOLS_REPORT_DB_H
#define TOOLS_REPORT_DB_H

#include "conf/conf.h"
#include "report/store.h"
#include "tools/mailseal.h"

struct report_db {
	/* options that these verbs share */
	const char		*conf_path;
	const char		*domain;	/* normalised by open; NULL */
	int64_t			 day_s;		/* --date; -1: all */
	int64_t			 now_s;		/* --now; -1: the clock's */
	bool			 json;
	/* open */
	struct env		 env;
	struct conf		*conf;
	struct report_store	*store;
	struct arena		 arena;
	struct diag		 diag;
};

#define REPORT_DB_OPTIONS						\
	{ 'c', "config", "FILE", "the daemon's configuration" },	\
	{ 'j', "json", NULL, "print one JSON object" },			\
	{ 'N', "now", "UNIXTIME", "the time to assume" }

/* Takes these options, 'd' and 'D'. */
cli_take	 report_db_take;
void		 report_db_init(struct report_db *);
/* Root becomes UserID. False: said why. Either way report_db_close. */
bool		 report_db_open(struct report_db *);
void		 report_db_close(struct report_db *);
/* Prints what diag says; CLI_USAGE. */
int		 report_db_fail(struct report_db *);

#endif
