/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * negotiate: what is asked of the MTA, of what it offers. Numbers are
 * libmilter's SMFIF_ (actions) and SMFIP_ (steps).
 */
#ifndef MILTER_NEGOTIATE_H
#define MILTER_NEGOTIATE_H

#include <stdbool.h>

struct negotiate {
	unsigned long	actions;
	unsigned long	steps;
};

struct negotiate_wish {
	bool	rcpts;		/* recipients are wanted, too */
	bool	tcp;		/* the connection is TCP */
};

/*
 * Of what the MTA offers, that which is wanted. False: the MTA cannot do what
 * is needed (add and delete header fields).
 */
bool	negotiate_choose(const struct negotiate *offered,
	    struct negotiate_wish, struct negotiate *chosen_r);

#endif
