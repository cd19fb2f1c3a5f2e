/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log: where lines go: syslog, standard error, or nowhere. One line is one
 * event. Shared by all threads; a reload may change the target at any time.
 * While the daemon serves, logging never blocks mail: see log_queue.h.
 *
 * libmilter logs with syslog(3): a negotiation that fails, a packet that it
 * does not understand, an accept(2) or a thread that fails. That could block
 * its threads, and would not reach standard error. So this module defines the
 * function that it calls (__syslog_chk in a build with _FORTIFY_SOURCE), and
 * its lines take the same way as ours.
 */
#ifndef MILTER_LOG_H
#define MILTER_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/env.h"
#include "base/status.h"
#include "base/str.h"
#include "conf/conf.h"

#define LOG_FLUSH_MS	1000	/* longest wait for lines at the end */

/* Standard error, as text; each line is written at once. */
void	 log_init(void);
/*
 * From now on a line that cannot be written soon is lost; a process that is
 * forked inherits that, until its log_start(). For a process that has no thread
 * for its lines, once the service is up.
 */
void	 log_never_wait(void);
/* From now on a thread writes the lines, and waits. Signals must be blocked. */
enum status	 log_start(void) ATTR_MUST_CHECK;
void	 log_set_target(const struct conf *);
/* For env.log. With LogFormat json the line is wrapped into an object. */
void	 log_write(void *unused, enum log_level, const char *line);
/* A message's line, which has its final form. */
void	 log_write_record(struct str line);
/*
 * An event with numbers: "event: name=1 other=2", or an object with the members
 * event, level and each name.
 */
struct log_number {
	const char	*name;
	uint64_t	 value;
};
void	 log_write_numbers(const char *event, const struct log_number *,
	    size_t n);
/* Waits for the writer, at most LOG_FLUSH_MS. */
void	 log_flush(void);

#endif
