/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * callbacks: the functions that libmilter calls; they pass the events on to the
 * engine. A connection has one struct peer with at most one message. libmilter
 * runs one callback of a connection at a time, on any thread.
 */
#ifndef MILTER_CALLBACKS_H
#define MILTER_CALLBACKS_H

#include <stdbool.h>

#include "milter/live.h"

/*
 * Registers the callbacks with libmilter; live must outlive the process's
 * threads. tcp: the socket that will be opened is an inet or inet6 one.
 */
bool	 callbacks_register(struct live *, bool tcp);

#endif
