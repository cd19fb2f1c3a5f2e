/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * opener: opens files for the mail process, which Landlock lets open only those
 * that were there when it started. A list that is replaced later, as an editor
 * does, is another file: the mail process sends its path, and the parent opens
 * it if it is one of those that a configuration names for the mail process
 * (sandbox_may_open). Anything else gets no file, whoever asks.
 */
#ifndef MILTER_OPENER_H
#define MILTER_OPENER_H

#include "base/attr.h"
#include "base/status.h"
#include "conf/conf.h"

struct opener_list {		/* of a configuration */
	const struct conf	*conf;		/* NULL: none */
	int			 rules;		/* its text, as a file */
};

/*
 * Serves one request that waits at fd (control_receive_path). IO: the other end
 * is gone. SYNTAX: it is no request.
 */
enum status	 opener_serve(int fd, const struct opener_list *, size_t n)
    ATTR_MUST_CHECK;

#endif
