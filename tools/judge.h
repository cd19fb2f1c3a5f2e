/* SPDX-License-Identifier: BSD-2-Clause */
/* judge: a message through the daemon's own engine, for verify and seal. */
#ifndef TOOLS_JUDGE_H
#define TOOLS_JUDGE_H

#include "engine/engine.h"
#include "mail/message.h"
#include "tools/mailseal.h"

#define JUDGE_MAX_LINES	32

struct judge_opts {		/* views into argv */
	struct cli_dns	 dns;
	const char	*conf_path;	/* -c; NULL: this host's, if it can be
					   read */
	bool		 no_conf;	/* only the defaults */
	const char	*ip;		/* NULL: a local client */
	const char	*helo;
	const char	*mail_from;
	const char	*authserv_id;	/* NULL: the host's name */
	const char	*lines[JUDGE_MAX_LINES];	/* of configuration */
	size_t		 lines_n;
	int64_t		 now_s;		/* -1: the system's clock */
	bool		 psl;		/* --org-domain psl */
	bool		 psl_given;
	bool		 no_second;
};

/* Zeroed before judge_init. */
struct judge {
	struct env		 env;
	struct conf		*conf;
	const char		*conf_path;	/* of it; NULL: the defaults */
	struct dns		*dns;
	struct crypto		*crypto;
	struct second		*second;	/* NULL: not wanted */
	struct dmarc_psl	*psl;		/* NULL: there is none */
	struct engine		*engine;
	struct engine_client	 client;
	struct engine_msg	*msg;
	struct ip_addr		 ip;		/* of the client */
};

void	 judge_opts_init(struct judge_opts *);
/* False: printed why not, unless there is no such option. */
cli_take judge_opts_take;	/* of a struct judge_opts */
/* False: printed why not. Either way judge_fini. The options outlive it. */
bool	 judge_init(struct judge *, const struct judge_opts *);
void	 judge_fini(struct judge *);
/* judge_conf.c. Both set or return what judge_init needs; false or NULL: the
   error is printed. */
bool	 judge_conf_load(struct judge *, const struct judge_opts *);
struct dns	*judge_conf_dns(const struct judge *,
		    const struct judge_opts *);
/*
 * How the message is handled; once, until judge_fini. NULL: no memory. text
 * is all of it; too_large: its header did not fit into *message.
 */
const struct engine_outcome	*judge_message(struct judge *,
				    const struct judge_opts *, struct str text,
				    const struct message *, bool too_large);

#endif
