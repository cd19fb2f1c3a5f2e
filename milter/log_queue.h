/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log_queue: log lines that wait for a thread that writes them. Logging never
 * blocks mail: log_queue_add() takes memory and a lock that is never held
 * across a system call. Only the writer waits for a pipe that is not read or
 * for a hung syslogd.
 *
 * The queue has a limit. When it is full, lines are dropped and counted.
 * Warnings have room beyond that limit, and errors beyond theirs, so that they
 * are kept before informational lines. The number of lines lost is logged as
 * soon as the writer makes progress again.
 *
 * No line is written before it is LOG_QUEUE_DELAY_MS old. libmilter sends the
 * answer to a message when the callback that added the message's line returns,
 * so the line is written after the answer.
 *
 * Until log_queue_start() succeeds, the caller writes each line itself.
 * Shared by all threads.
 */
#ifndef MILTER_LOG_QUEUE_H
#define MILTER_LOG_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/env.h"
#include "base/status.h"
#include "base/str.h"
#include "milter/log_sink.h"

#define LOG_QUEUE_MAX_BYTES	(1024 * 1024)
#define LOG_QUEUE_RESERVE_BYTES	(256 * 1024)	/* more, for each level above */
#define LOG_QUEUE_DELAY_MS	20

/* Starts the writer's thread. NOMEM: there is none. */
enum status	 log_queue_start(void) ATTR_MUST_CHECK;
/* Copies the line, which has its final form, or drops and counts it. */
void		 log_queue_add(const struct log_sink *, enum log_level,
		    struct str line);
/* Waits until all lines are written, at most timeout_ms. False: some are
   not. */
bool		 log_queue_flush(int timeout_ms);

#endif
