/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * threads: what happens when libmilter gets no thread.
 *
 * If pthread_create(3) fails, libmilter's worker pool takes the connection for
 * one that a worker serves: it is never read again and its descriptor stays
 * open. It cannot be told otherwise, so this module defines pthread_create() and
 * pthread_detach(). When there is no thread for a connection, the worker's
 * function runs in the calling thread while pthread_detach() fails. It then
 * returns at once and leaves the connection to the workers that exist; in a
 * build without the pool it closes it. All other calls get the error.
 */
#ifndef MILTER_THREADS_H
#define MILTER_THREADS_H

#include <stdbool.h>

/* libmilter serves: from now on it starts threads for connections only. */
void	 threads_serve(void);

#endif
