/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * health: whether the daemon can do its work, for a monitor or a load balancer.
 * Reads atomics only: a monitor must not delay mail.
 *
 * Not able to work is what concerns all mail: it stops, no MTA can connect, no
 * more connections or messages are taken, or no name server answers in a mode
 * that needs DNS. A domain that cannot sign, or a reload that failed, is for
 * the metrics and the log: another daemon would not do better.
 */
#ifndef MILTER_HEALTH_H
#define MILTER_HEALTH_H

#include "base/buf.h"
#include "milter/live.h"

/* False: *why is one line that says why. Its text is empty if true. For the
   exporter's thread. */
bool	 health_check(struct live *, struct buf *why);

#endif
