/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log: where lines go: syslog, standard error, or nowhere. One line is one
 * event. Shared by all threads; a reload may change the target at any time.
 */
#ifndef MILTER_LOG_H
#define MILTER_LOG_H

#include "base/env.h"
#include "base/str.h"
#include "conf/conf.h"

/* Standard error, as text, and so for what libmilter has to say: while we are
   starting. */
void	 log_init(void);
void	 log_set_target(const struct conf *);
/* For env.log. With LogFormat json the line is wrapped into an object. */
void	 log_write(void *unused, enum log_level, const char *line);
/* A message's line, which has its final form. */
void	 log_write_record(struct str line);

#endif
