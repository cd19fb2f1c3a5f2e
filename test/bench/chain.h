/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chain: milters that see the same mail one after the other, as an MTA has it:
 * each gets the message with the header fields that those before it inserted.
 * One connection to each; a chain belongs to one thread.
 */
#ifndef BENCH_CHAIN_H
#define BENCH_CHAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/player.h"

#define CHAIN_MAX_MILTERS	4
#define CHAIN_MAX_MESSAGES	64

struct chain_opts {		/* outlives the chain */
	const char	*sockets[CHAIN_MAX_MILTERS];
	size_t		 sockets_n;
	const char	*expect;	/* field that each milter must insert
					   as it accepts; NULL: any answer is
					   as expected */
	unsigned	 rtt_ms;	/* the client's round trip: what passes
					   between MAIL, RCPT, DATA and header;
					   the first milter sees it */
	bool		 show;		/* print the fields on stderr */
	struct player_envelope	 envelope;
	struct message	 messages[CHAIN_MAX_MESSAGES];
	size_t		 messages_n;
};

struct chain;

/* Connects and plays the session; else diag says why not. */
enum status	 chain_open(const struct chain_opts *, struct chain **r,
		    struct diag *) ATTR_MUST_CHECK;
/*
 * Plays the message of that index, until a milter does not accept it.
 * *as_expected_r: as opts->expect has it. Not OK: the chain is of no more use.
 */
enum status	 chain_play(struct chain *, size_t index, bool *as_expected_r,
		    struct diag *) ATTR_MUST_CHECK;
/* NULL is fine. */
void		 chain_close(struct chain *);

#endif
