/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cli: what the command-line tools share: options from a table, exit statuses,
 * JSON from untrusted bytes, the DNS options, and private key files.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

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
	CLI_YES = 0,		/* done, or the answer is yes */
	CLI_NO = 1,		/* the answer is no */
	CLI_USAGE = 2		/* wrong usage, or input that cannot be read */
};

/* Options */

struct cli_option {
	int		 id;	/* the short option, or a number above all
				   letters; never 0 */
	const char	*name;	/* the long form, without -- */
	const char	*arg;	/* name of the value; NULL: no value; "[NAME]":
				   with --name=value only, or none */
	const char	*help;	/* one line */
};

struct cli_command {
	const char		*name;		/* "verify"; NULL: the program's
						   only or default command */
	const char		*synopsis;	/* after the name */
	const char		*purpose;	/* one line */
	const struct cli_option	*options;
	size_t			 options_n;
	/* argv[0] has the names of program and command. Returns the exit
	   status. */
	int			(*run)(const struct cli_command *, int argc,
				    char **argv);
};

struct cli_program {
	const char			*name;
	const char			*purpose;
	const struct cli_command	*commands;
	size_t				 commands_n;
	const char			*fallback;	/* the command if the
							   first argument is an
							   option; or NULL */
};

enum cli_next {		/* results of cli_next other than an option's id */
	CLI_END = -1,	/* the rest, from optind, are arguments */
	CLI_BAD = -2,	/* reported on standard error: return CLI_USAGE */
	CLI_HELP = -3	/* printed: return CLI_YES */
};

/* Handles --help and --version, and runs the command that argv names. */
int		 cli_main(const struct cli_program *, int argc, char **argv);
/* Returns the next option's id, or one of enum cli_next. Handles --help and
   --version. */
int		 cli_next(const struct cli_command *, int argc, char **argv,
		    const char **value_r);
/*
 * Passes each option to take, which reports an invalid value and returns false.
 * Returns CLI_END, or the exit status to return at once.
 */
typedef bool	 cli_take(void *opts, int id, const char *value);
int		 cli_options(const struct cli_command *, int argc, char **argv,
		    cli_take *, void *opts);
/* The only argument, a file; NULL: standard input. False: there are more. */
bool		 cli_file(int argc, char **argv, const char **path_r);
/* False, with a message, if there is an argument. */
bool		 cli_no_arguments(int argc, char **argv);

/* Prints "mailseal: text" to standard error; returns CLI_USAGE. */
int		 cli_fail(const char *fmt, ...) ATTR_PRINTF(1, 2);
void		 cli_warn(const char *fmt, ...) ATTR_PRINTF(1, 2);
/* Parses an integer. False: a message names the option. */
bool		 cli_number(const char *option, const char *text, int64_t min,
		    int64_t max, int64_t *value_r);
/* Flushes standard output. False, with a message: not all was written. */
bool		 cli_flush(void);

/* DNS */

struct cli_dns {		/* zeroed: use resolv.conf */
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
	    "use this resolver, not resolv.conf; may be repeated" },	\
	{ CLI_DNS_TRUST_ANCHOR, "trust-anchor", "FILE",			\
	    "validate DNSSEC with the anchors in it" },			\
	{ CLI_DNS_TIMEOUT, "dns-timeout", "SECONDS",			\
	    "how long to wait for DNS (5)" }

/* True if id is one of the above; *bad_r if its value is invalid. */
bool		 cli_dns_option(struct cli_dns *, int id, const char *value,
		    bool *bad_r);
uint64_t	 cli_dns_timeout_us(const struct cli_dns *);
/* NULL: the reason is on standard error. env must outlive the result. */
struct dns	*cli_dns_open(const struct cli_dns *, const struct env *);

/* JSON */

/* A string; octets that are not UTF-8 become U+FFFD. Absent: null. */
json_t		*cli_json_text(struct str);
json_t		*cli_json_cstr(const char *);
/* An array of strings. */
json_t		*cli_json_texts(const struct str *, size_t n);
/* Prints an object and frees it. False, with a message, on error. */
bool		 cli_json_print(json_t *);

/* Progress */

#define CLI_PROGRESS_US	2000000		/* shorter work shows none */

/*
 * How far long work is, and how long it will take: on standard error, on one
 * line, if that is a terminal and the user did not ask for quiet.
 */
struct cli_progress {
	const struct env	*env;
	const char		*what;		/* "domains" */
	size_t			 total;
	uint64_t		 start_us;
	uint64_t		 next_us;	/* when it is shown next */
	FILE			*out;		/* NULL: it never is */
	bool			 shown;
};

void		 cli_progress_begin(struct cli_progress *, const struct env *,
		    const char *what, size_t total, bool quiet);
/* After each part, or more often. */
void		 cli_progress_step(struct cli_progress *, size_t done);
/* Before other output, and at the end. */
void		 cli_progress_hide(struct cli_progress *);

/* Text */

/* Prints "  label  value" and a line end, escaped for a terminal and cut to
   CLI_SHOWN_MAX_BYTES. Prints nothing if the value is absent or empty. */
void		 cli_show(const char *label, struct str value);

/* Files */

/*
 * Loads a private key. Unlike the daemon, a tool accepts a key that others can
 * read, with a warning. False: the reason is on standard error.
 */
bool		 cli_key_load(const char *path, struct privkey **r);
/* Reads a file or standard input. False, with a message: an error, or empty
   input. */
bool		 cli_input(const char *path, struct arena *, struct str *r);

#endif
