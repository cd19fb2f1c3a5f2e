/* SPDX-License-Identifier: BSD-2-Clause */
/* finish: the end of a message: the outcome, its application, its log line. */
#ifndef MILTER_FINISH_H
#define MILTER_FINISH_H

#include "milter/peer.h"

/* What the MTA must be told. The message stays with the peer. */
enum engine_verdict	finish_message(struct peer *, SMFICTX *);

#endif
