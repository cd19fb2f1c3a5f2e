/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_watch: what the last run found, in one small JSON file (--save), and
 * what is news since then (--notify).
 *
 * - A record that differs from the last run is a finding change.*, once.
 * - An error or warning is news until a run has reported it; it is news again
 *   after it was gone.
 * - What cannot be found out is news when it was unknown the last time, too.
 * - While a subject (the part of an id before the dot) is unknown, what is
 *   remembered about it stays: a failure of the DNS is neither a change nor an
 *   end.
 *
 * The file is replaced as a whole; one that cannot be read is an error.
 */
#ifndef TOOLS_CHECK_WATCH_H
#define TOOLS_CHECK_WATCH_H

#include "tools/check.h"

#define CHECK_SAVED_MAX_BYTES	(64 * 1024 * 1024)

struct check_watch {
	const char	*path;
	const struct check_args *args;
	json_t		*before;	/* domain: its state */
	json_t		*now;
	struct arena	 arena;		/* of change findings */
};

/* False: printed why. A file that does not exist is a first run. */
bool	 check_watch_open(struct check_watch *, const char *path);
void	 check_watch_close(struct check_watch *);
/*
 * Adds change findings and notes the new state; with --notify, leaves only
 * news. False: no memory.
 */
bool	 check_watch_report(struct check_watch *, const struct check_args *,
	    struct check_shown *);
/* False: printed why. */
bool	 check_watch_save(struct check_watch *);

#endif
