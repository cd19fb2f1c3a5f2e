/* SPDX-License-Identifier: BSD-2-Clause */
/* program: runs another program, with a time limit. */
#ifndef KEYS_PROGRAM_H
#define KEYS_PROGRAM_H

#include "base/diag.h"
#include "base/env.h"
#include "base/status.h"
#include "base/str.h"

#define PROGRAM_INPUT_MAX_BYTES	32768	/* fits into a pipe */

/*
 * argv[0] is searched for in PATH; input is its standard input. TEMP: it could
 * not be run, failed, or did not end in time and was killed; the diag has the
 * beginning of its output.
 */
enum status	 program_run(const struct env *, char *const argv[],
		    struct str input, unsigned timeout_s, struct diag *)
    ATTR_MUST_CHECK;

#endif
