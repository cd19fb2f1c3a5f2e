/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log_sink: writes lines to standard error or to syslog. This may block for as
 * long as nothing reads them, unless it was told not to wait: then a line is
 * lost that cannot be written soon. One thread at a time may write.
 */
#ifndef MILTER_LOG_SINK_H
#define MILTER_LOG_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/env.h"
#include "conf/conf.h"

struct log_sink {
	enum conf_log_target	 target;
	bool			 json;		/* a line is an object */
	int			 facility;	/* of syslog */
};

struct log_line {
	STAILQ_ENTRY(log_line)	 link;
	struct log_sink		 sink;
	enum log_level		 level;
	int64_t			 due_ms;	/* monotonic; not written
						   before */
	size_t			 n;
	char			 text[];	/* n octets, no line end */
};
STAILQ_HEAD(log_lines, log_line);

/* Whether to wait; at first it does. */
void	 log_sink_set_waits(bool);
/* Writes the lines in order. Returns how many could not be written. */
size_t	 log_sink_write(const struct log_lines *);
/* Writes that so many lines were lost. False: that was not possible. */
bool	 log_sink_write_lost(const struct log_sink *, size_t lost);

#endif
