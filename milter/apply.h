/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * apply: does to the message what the engine decided, in the engine's order.
 * What it does it with is given, so that a test can look on.
 */
#ifndef MILTER_APPLY_H
#define MILTER_APPLY_H

#include <stdbool.h>

#include "engine/engine.h"

#define APPLY_REPLY_MAX_BYTES	980	/* of the text: libmilter's limit */

struct apply_ops {		/* each returns whether it was done */
	/* On top of all fields. value: LF folding. */
	bool	(*insert_field)(void *ctx, const char *name, const char *value);
	/* index: 1 is the topmost of that name. */
	bool	(*delete_field)(void *ctx, const char *name, unsigned index);
	bool	(*quarantine)(void *ctx, const char *reason);
	/* code "550", xcode "5.7.20" or NULL. */
	bool	(*reply)(void *ctx, const char *code, const char *xcode,
		    const char *text);
	void	*ctx;
	/* The MTA takes a field's value with the space behind the colon
	   (SMFIP_HDR_LEADSPC); otherwise it adds one. */
	bool	 leading_space;
};

/*
 * The verdict that the MTA must get. When an action fails it is
 * ENGINE_TEMPFAIL, whatever the engine said: a message half treated must not
 * go on, and *failed_r is a static phrase that says what failed. Else it is
 * NULL.
 */
enum engine_verdict	apply_outcome(const struct apply_ops *,
			    const struct engine_outcome *,
			    const char **failed_r);

#endif
