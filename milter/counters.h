/* SPDX-License-Identifier: BSD-2-Clause */
/* counters: the daemon's numbers since the start as one log line. */
#ifndef MILTER_COUNTERS_H
#define MILTER_COUNTERS_H

#include "milter/live.h"

/* event: "counters" or "stats". For the thread that loads. */
void	 counters_log(struct live *, const char *event);

#endif
