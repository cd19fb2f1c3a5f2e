/* SPDX-License-Identifier: BSD-2-Clause */
/* mailseal: what the commands of the operator's tool share. */
#ifndef TOOLS_MAILSEAL_H
#define TOOLS_MAILSEAL_H

#include "cli/cli.h"

/* A message as read, its copy with CRLF, its fields, and what is made of it. */
#define TOOL_ARENA_BYTES	((size_t)1024 * 1024 * 1024)

int	 verify_main(const struct cli_command *, int, char **);
int	 sign_main(const struct cli_command *, int, char **);
int	 seal_main(const struct cli_command *, int, char **);
int	 spf_main(const struct cli_command *, int, char **);
int	 dmarc_main(const struct cli_command *, int, char **);
int	 check_main(const struct cli_command *, int, char **);
int	 authres_main(const struct cli_command *, int, char **);
int	 explain_main(const struct cli_command *, int, char **);
int	 import_main(const struct cli_command *, int, char **);
int	 report_main(const struct cli_command *, int, char **);
int	 setup_main(const struct cli_command *, int, char **);
int	 try_main(const struct cli_command *, int, char **);

/* Verify */

struct engine_outcome;

/* The exit status that the outcome asks for. */
int	 verify_exit(const struct engine_outcome *);
/* second: a second opinion was wanted. False: it could not be printed. */
struct verify_shown {
	bool		 second;	/* the second opinion */
	const char	*conf_path;	/* NULL: the defaults */
};
bool	 verify_print_json(const struct engine_outcome *,
	    const struct verify_shown *);
bool	 verify_print_text(const struct engine_outcome *,
	    const struct verify_shown *);

/* Spf */

struct spf_verdict;

/* The exit status that the verdict asks for. */
int	 spf_exit(const struct spf_verdict *);
/* The object "spf"; NULL: no memory. */
json_t	*spf_json(const struct spf_verdict *);
void	 spf_show(const struct spf_verdict *);

/* Dmarc */

struct dmarc_verdict;

/* "treewalk" or "psl"; false, and printed that, if it is neither. */
bool	 dmarc_discovery_option(const char *value, bool *psl_r);
bool	 dmarc_is_no(const struct dmarc_verdict *);
/* The object "dmarc", without "walk"; NULL: no memory. */
json_t	*dmarc_json(const struct dmarc_verdict *);
void	 dmarc_show(const struct dmarc_verdict *);

/* The client of mail that is not received over the network, as Postfix shows it
   to milters; and how options name the one of an MTA that shows none. */
#define LOCAL_CLIENT	"127.0.0.1"
#define LOCAL_NAME	"localhost"
#define NO_CLIENT	"none"

#endif
