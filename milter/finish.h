/* SPDX-License-Identifier: BSD-2-Clause */
/* finish: the end of a message: applies the outcome and logs it. */
#ifndef MILTER_FINISH_H
#define MILTER_FINISH_H

#include "milter/peer.h"

/* Returns the verdict for the MTA. The message stays with the peer. */
enum engine_verdict	finish_message(struct peer *, SMFICTX *);

#endif
