/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * metrics: the daemon's numbers in the text format of Prometheus (version
 * 0.0.4). Dashboards rely on the names, so none is renamed or dropped. Labels
 * have words of ours only, never a value from a message. Takes no lock that a
 * message takes.
 *
 * A new metric is a row of the table in metrics.c. One without a value has its
 * HELP and TYPE lines alone.
 */
#ifndef MILTER_METRICS_H
#define MILTER_METRICS_H

#include "base/buf.h"
#include "milter/live.h"

#define METRICS_MAX_BYTES	(256 * 1024)	/* more than they can fill */

/* For the exporter's thread. */
void	 metrics_write(struct live *, struct buf *);

#endif
