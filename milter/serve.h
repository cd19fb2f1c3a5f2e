/* SPDX-License-Identifier: BSD-2-Clause */
/* serve: what the main thread does while the daemon is in service: it obeys
   signals, and looks after things by the clock. */
#ifndef MILTER_SERVE_H
#define MILTER_SERVE_H

#include "milter/private.h"

/* Returns when the daemon is to stop. */
void	 serve_signals(struct daemon *);

#endif
