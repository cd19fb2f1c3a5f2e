/* SPDX-License-Identifier: BSD-2-Clause */
/* player_conn: a connection, for the files of player only. */
#ifndef TOOLS_PLAYER_CONN_H
#define TOOLS_PLAYER_CONN_H

#include "tools/player.h"
#include "tools/player_io.h"

struct player {
	struct player_io	 io;
	player_change_fn	*change;
	void			*ctx;
	uint32_t		 actions;	/* as negotiated */
	uint32_t		 steps;
	bool			 broken;	/* no QUIT: nobody would hear
						   it */
};

/* Writes; a failure leaves the connection broken. */
enum status	 player_send(struct player *, struct iovec *, size_t n,
		    struct diag *) ATTR_MUST_CHECK;

#endif
