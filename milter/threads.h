/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * threads: what happens when libmilter gets no thread.
 *
 * If pthread_create(3) fails, libmilter's worker pool takes the connection for
 * one that a worker serves: it is never read again and its descriptor stays
 * open. libmilter has no option for this, so this module defines
 * pthread_create() and pthread_detach(). If there is no thread for a
 * connection, the worker's function runs in the calling thread while
 * pthread_detach() fails. Then it returns at once and leaves the connection to
 * the workers that exist; in a build without the pool it closes the connection.
 * All other callers get the error.
 */
#ifndef MILTER_THREADS_H
#define MILTER_THREADS_H

#include <stdbool.h>

/* From now on libmilter starts threads for connections only. */
void	 threads_serve(void);

#endif
