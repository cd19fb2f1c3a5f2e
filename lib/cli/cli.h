/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cli: what the command-line tools have in common: options from a table, the
 * exit statuses, JSON out of bytes from outside, where DNS answers come
 * from, and the private key of an operator.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/env.h"
#include "base/status.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "dns/dns.h"

#define CLI_MAX_OPTIONS		48	/* of one command */
#define CLI_MAX_NAMESERVERS	8
#define CLI_KEY_MAX_BYTES	(64 * 1024)
#define CLI_MESSAGE_MAX_BYTES	(256 * 1024 * 1024)
#define CLI_MAX_SECONDS		3600	/* of a --timeout */
#define CLI_SHOWN_MAX_BYTES	1000
#define CLI_DNS_MAX_SECONDS	120	/* as DNSTimeout has it */

enum cli_exit {
	CLI_YES = 0,		/* done, or: the answer is yes */
	CLI_NO = 1,		/* the answer is no */
	CLI_USAGE = 2		/* wrong usage, or input that cannot be read */
};

/* -- options ------------------------------------------------------------- */

struct cli_option {
	int		 id;	/* the letter, if it has one; never 0 */
	const char	*name;	/* the long form, without -- */
	const char	*arg;	/* what the value is called; NULL: no value */
	const char	*help;	/* one line */
};

struct cli_command {
	const char		*name;		/* "verify"; NULL: the program's
						   only or default one */
	const char		*synopsis;	/* what follows the name */
	const char		*purpose;	/* one line */
	const struct cli_option	*options;
	size_t			 options_n;
	/* argv[0] is the program's name and the command's; the result is the
	   exit status. */
	int			(*run)(const struct cli_command *, int argc,
				    char **argv);
};

struct cli_program {
	const char			*name;
	const char			*purpose;
	const struct cli_command	*commands;
	size_t				 commands_n;
	const char			*fallback;	/* the command that an
							   option without one
							   means; NULL: none */
};

enum cli_next {		/* what cli_next says instead of an option's id */
	CLI_END = -1,	/* what is left are arguments, from optind on */
	CLI_BAD = -2,	/* said on standard error: return CLI_USAGE */
	CLI_HELP = -3	/* shown: return CLI_YES */
};

/* --help, --version, and the command that argv names. */
int		 cli_main(const struct cli_program *, int argc, char **argv);
/* The next option's id, or one of enum cli_next. --help is known already. */
int		 cli_next(const struct cli_command *, int argc, char **argv,
		    const char **value_r);
/*
 * All of them, each handed to take, which says what is wrong with one that it
 * does not take. CLI_END, or the exit status to return at once.
 */
typedef bool	 cli_take(void *opts, int id, const char *value);
int		 cli_options(const struct cli_command *, int argc, char **argv,
		    cli_take *, void *opts);
/* The only argument, or NULL: FILE, or standard input. False: too many. */
bool		 cli_file(int argc, char **argv, const char **path_r);
/* False, and said so, if there is an argument. */
bool		 cli_no_arguments(int argc, char **argv);

/* "mailseal: text" on standard error; returns CLI_USAGE. */
int		 cli_fail(const char *fmt, ...) ATTR_PRINTF(1, 2);
void		 cli_warn(const char *fmt, ...) ATTR_PRINTF(1, 2);
/* An integer from text, else false and a message that names the option. */
bool		 cli_number(const char *option, const char *text, int64_t min,
		    int64_t max, int64_t *value_r);
/* Whether all that was printed has reached standard output. */
bool		 cli_flush(void);

/* -- DNS ----------------------------------------------------------------- */

struct cli_dns {		/* zeroed: as resolv.conf says */
	const char	*zone;
	struct str	 nameservers[CLI_MAX_NAMESERVERS];
	size_t		 nameservers_n;
	const char	*trust_anchor;
	int64_t		 timeout_s;	/* 0: the default */
};

#define CLI_DNS_ZONE		0x100	/* ids of the options below */
#define CLI_DNS_NAMESERVER	0x101
#define CLI_DNS_TRUST_ANCHOR	0x102
#define CLI_DNS_TIMEOUT		0x103
#define CLI_DNS_OPTIONS							\
	{ CLI_DNS_ZONE, "zone", "FILE",					\
	    "answer DNS queries from zone text, not the network" },	\
	{ CLI_DNS_NAMESERVER, "nameserver", "IP[@PORT]",		\
	    "ask this one, not those of resolv.conf; may repeat" },	\
	{ CLI_DNS_TRUST_ANCHOR, "trust-anchor", "FILE",			\
	    "check DNSSEC with the anchors in it" },			\
	{ CLI_DNS_TIMEOUT, "dns-timeout", "SECONDS",			\
	    "how long to wait for DNS (5)" }

/* True if id is one of the above and its value is well; *bad_r when not. */
bool		 cli_dns_option(struct cli_dns *, int id, const char *value,
		    bool *bad_r);
uint64_t	 cli_dns_timeout_us(const struct cli_dns *);
/* NULL: the reason was said on standard error. env outlives it. */
struct dns	*cli_dns_open(const struct cli_dns *, const struct env *);

/* -- JSON ---------------------------------------------------------------- */

/* A string; octets that are not UTF-8 become U+FFFD. Absent: null. */
json_t		*cli_json_text(struct str);
json_t		*cli_json_cstr(const char *);
/* One object to standard output. Takes it. False: it could not be made. */
bool		 cli_json_print(json_t *);

/* -- text ---------------------------------------------------------------- */

/* "  label  value" and a line end, safe for a terminal; nothing if absent or
   empty. Of a value CLI_SHOWN_MAX_BYTES are shown. */
void		 cli_show(const char *label, struct str value);

/* -- files --------------------------------------------------------------- */

/*
 * An operator's private key. Unlike the daemon, a tool takes a key that
 * others could read, but warns. False: the reason was said.
 */
bool		 cli_key_load(const char *path, struct privkey **r);
/* A whole file or standard input. False: said why; empty input is refused. */
bool		 cli_input(const char *path, struct arena *, struct str *r);

#endif
