/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * served_log: the log of the keys process's threads that serve the mail
 * process, which may have been taken over: whatever its requests bring about,
 * they add SERVED_LOG_LINES within a minute, and one that says how many were
 * left out.
 */
#ifndef MILTER_SERVED_LOG_H
#define MILTER_SERVED_LOG_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/env.h"
#include "base/status.h"

#define SERVED_LOG_LINES	30

/* Once. *r: as env, which outlives it, but for the log of threads that serve.
   NOMEM. */
enum status	 served_log_init(const struct env *env, struct env *r)
    ATTR_MUST_CHECK;
/* This thread serves from now on. */
void		 served_log_begin(void);
/* To be called every few seconds: says how many lines were left out in a minute
   that is over; ends: or is not. */
void		 served_log_tend(bool ends);

#endif
