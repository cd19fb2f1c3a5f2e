/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mta: what Postfix would do with mail, as postconf(1) shows it, and what it
 * lacks for mailseald to see all of it. Nothing is changed. MAIL_CONFIG names
 * another configuration than the usual one. Programs are run without a shell.
 */
#ifndef TOOLS_MTA_H
#define TOOLS_MTA_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"
#include "postfix/config.h"

#define MTA_MAX_SERVICES	64
#define MTA_MAX_LACKS		64

struct mta {			/* in the arena given; absent: not set */
	bool			 found;
	struct str		 queue;
	struct str		 hostname, helo, relayhost;
	struct str		 milters;
	struct str		 local_milters;
	struct str		 action;	/* milter_default_action */
	struct str		 classes;
	struct str		 filter;
	struct str		 overrides;
	struct str		 guards[POSTFIX_GUARDS_N];
	struct str		 excluded;	/* from the first of them */
	struct str		 version;
	struct str		 networks;
	struct str		 origin;
	struct str		 domains;	/* that it takes mail for; names
						   and tables */
	struct postfix_service	 v[MTA_MAX_SERVICES];
	size_t			 n;
};

enum mta_weight { MTA_ERROR, MTA_WARN, MTA_INFO };

struct mta_lack {
	const char	*id;		/* "postfix.milters" */
	enum mta_weight	 weight;
	struct str	 subject;	/* a parameter or a service */
	struct str	 text;
	struct str	 file;		/* "main.cf", "master.cf, submission
					   inet" */
	const char	*parameter;	/* NULL: no fix */
	struct str	 value;		/* what it should be */
};

struct mta_lacks {
	struct arena	*arena;
	struct mta_lack	 v[MTA_MAX_LACKS];
	size_t		 n;
	bool		 failed;	/* no memory */
};

/* found is false without Postfix. False: no memory. */
bool	 mta_read(struct mta *, struct arena *);
/* What Postfix lacks for a mailseald with that Socket. */
void	 mta_review(const struct mta *, struct str socket,
	    struct mta_lacks *);

#endif
