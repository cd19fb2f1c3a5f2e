/* SPDX-License-Identifier: BSD-2-Clause */
/* opts: the options of all commands, and what every command begins and ends
   with. */
#ifndef KEYS_OPTS_H
#define KEYS_OPTS_H

#include "keys/record.h"
#include "keys/store.h"

#define OPT_ALL		0x320
#define OPT_FORCE	0x321
#define OPT_DRY_RUN	0x322
#define OPT_PUBLISH	0x323
#define OPT_DISCLOSE	0x324
#define OPT_KEY_TABLE	0x325
#define OPT_TESTING	0x326
#define OPT_NO_SUBDOMAINS 0x327
#define OPT_AUTHORITATIVE 0x328
#define OPT_PROVIDER	0x329

struct verb_opts {		/* a command has those that its table lists */
	struct key_name		 name;		/* -d and -s, normalised */
	const char		*directory;
	const char		*key_file;
	const char		*key_table;
	const char		*publish;
	const char		*disclose;
	struct record_opts	 shown;
	enum crypto_key_type	 type;
	int64_t			 bits;		/* 0: the default */
	bool			 testing;
	bool			 no_subdomains;
	bool			 authoritative;
	bool			 all;
	bool			 force;
	bool			 dry_run;
	bool			 json;
	bool			 quiet;
	struct store_opts	 store;
	struct cli_dns		 dns;
	const char		*domain;	/* as on the command line */
	const char		*selector;
};

enum verb_needs { NEEDS_NO_NAME, NEEDS_DOMAIN, NEEDS_DOMAIN_AND_SELECTOR };

struct verb {
	enum verb_needs	 needs;
	enum { OPENS_STORE, CREATES_STORE, DECIDES_ABOUT_STORE } store;
	/* Usage that the table cannot express; false: printed why. May be
	   NULL. */
	bool		(*check)(const struct verb_opts *);
	int		(*run)(struct store *, const struct verb_opts *);
};

/* Reads the options, opens the store, runs the command: the exit status. */
int	 verb_main(const struct verb *, const struct cli_command *, int argc,
	    char **argv);

#endif
