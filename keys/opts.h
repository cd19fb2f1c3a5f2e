/* SPDX-License-Identifier: BSD-2-Clause */
/* opts: the options of all verbs, read in one place. */
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

struct verb_opts {		/* a verb has those that its table lists */
	const char		*domain;
	const char		*selector;
	const char		*directory;
	const char		*key_file;
	const char		*key_table;
	const char		*publish;
	const char		*disclose;
	enum record_format	 format;
	enum crypto_key_type	 type;
	int64_t			 bits;		/* 0: the default */
	bool			 testing;
	bool			 no_subdomains;
	bool			 authoritative;
	bool			 all;
	bool			 force;
	bool			 dry_run;
	bool			 json;
	struct store_opts	 store;
	struct cli_dns		 dns;
};

/* CLI_END, or the exit status to return at once. */
int	 verb_options(const struct cli_command *, int argc, char **argv,
	    struct verb_opts *);

#endif
