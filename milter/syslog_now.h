/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * syslog_now: a line for syslogd, from a process that has no thread for its
 * log. syslog(3) waits for as long as nobody reads /dev/log; this does not, and
 * a line for which there is no room is lost.
 */
#ifndef MILTER_SYSLOG_NOW_H
#define MILTER_SYSLOG_NOW_H

#include <stdbool.h>
#include <stddef.h>

/* priority: with the facility. False: it is lost. */
bool	syslog_now(int priority, const char *ident, const char *text,
	    size_t n);

#endif
