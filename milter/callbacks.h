/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * callbacks: what libmilter calls, handed to the engine. One struct peer per
 * connection, with at most one message. libmilter runs one callback of a
 * connection at a time, on any thread.
 */
#ifndef MILTER_CALLBACKS_H
#define MILTER_CALLBACKS_H

#include <stdbool.h>

#include "milter/live.h"

/* Tells libmilter about us. live must outlive the process's threads. */
bool	 callbacks_register(struct live *);

#endif
