/* SPDX-License-Identifier: BSD-2-Clause */
/* import_compare: the fixed set of messages of mailseal import --compare. */
#ifndef TOOLS_IMPORT_COMPARE_H
#define TOOLS_IMPORT_COMPARE_H

#include <stdio.h>

#include "signers/signers.h"
#include "signers/table.h"
#include "tools/import.h"

#define IMPORT_MAX_AUTHORS	100
#define IMPORT_MAX_SENDERS	12
#define IMPORT_LEFT_ALONE	"left alone"
#define IMPORT_MAX_CASES	(IMPORT_MAX_AUTHORS * IMPORT_MAX_SENDERS + 32)

struct import_case {
	struct str	 what;		/* the author, or the kind of mail */
	const char	*sender;
	const char	*ip;		/* NULL: not over the network */
	const char	*auth;		/* NULL: no login */
	const char	*daemon;	/* {daemon_name}; NULL */
	struct str	 text;		/* the message, LF */
	const char	*before;	/* what the old files meant, in words */
	const char	*after;
	bool		 signing;	/* an author's mail */
	bool		 left_alone;	/* by the old files */
};

struct import_cases {
	struct import_case *v;
	size_t		 n;
	size_t		 authors;
};

struct old_tables {		/* as they are without import */
	bool			 loaded;
	struct key_table	 keys;
	struct signing_table	 rules;
};

/* import_cases.c */
void		 import_cases_signing(struct import *, struct import_cases *,
		    const struct old_tables *);
void		 import_cases_judging(struct import *, struct import_cases *);

/* import_old.c: asks the old programs, on sockets of their own, and replaces
   `before`. False: it failed, and printed that. */
bool		 import_ask_old(struct import *, struct import_cases *);

#endif
