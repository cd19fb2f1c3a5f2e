/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * apply: applies the engine's actions to the message, in their order. The
 * functions that change the message are parameters, so that a test can replace
 * them.
 */
#ifndef MILTER_APPLY_H
#define MILTER_APPLY_H

#include <stdbool.h>

#include "engine/engine.h"

#define APPLY_REPLY_MAX_BYTES	980	/* of the text: libmilter's limit */

struct apply_ops {		/* each returns whether it succeeded */
	/* Above all fields. value: folded with LF. */
	bool	(*insert_field)(void *ctx, const char *name, const char *value);
	/* index: 1 is the topmost of that name. */
	bool	(*delete_field)(void *ctx, const char *name, unsigned index);
	bool	(*change_field)(void *ctx, const char *name, unsigned index,
		    const char *value);
	bool	(*quarantine)(void *ctx, const char *reason);
	/* code "550", xcode "5.7.20" or NULL. */
	bool	(*reply)(void *ctx, const char *code, const char *xcode,
		    const char *text);
	void	*ctx;
	/* The value has the space after the colon (SMFIP_HDR_LEADSPC);
	   otherwise the MTA adds one. */
	bool	 leading_space;
};

/*
 * Returns the verdict for the MTA. If an action fails this is ENGINE_TEMPFAIL,
 * as no message may be delivered with some of its changes only, and *failed_r
 * is a static phrase that names the action. Otherwise *failed_r is NULL.
 */
enum engine_verdict	apply_outcome(const struct apply_ops *,
			    const struct engine_outcome *,
			    const char **failed_r);

#endif
