/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * negotiate: selects actions and protocol steps from those that the MTA offers.
 * The numbers are libmilter's SMFIF_ (actions) and SMFIP_ (steps).
 */
#ifndef MILTER_NEGOTIATE_H
#define MILTER_NEGOTIATE_H

#include <stdbool.h>

struct negotiate {
	unsigned long	actions;
	unsigned long	steps;
};

struct negotiate_wish {
	bool	rcpts;		/* recipients are needed */
	bool	tcp;		/* the connection is TCP */
};

/* False: the MTA does not offer to add and delete header fields. */
bool	negotiate_choose(const struct negotiate *offered,
	    struct negotiate_wish, struct negotiate *chosen_r);

#endif
