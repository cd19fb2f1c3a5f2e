/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "milter/acknowledge.h"
#include "milter/next.h"

typedef ssize_t	 vector_writer(int, const struct iovec *, int);

static _Atomic(vector_writer *) next_writev;
static _Thread_local bool reply_due;

void
acknowledge_after_reply(void)
{
	reply_due = true;
}

static vector_writer *
find_writev(void)
{
	vector_writer *found = atomic_load_explicit(&next_writev,
	    memory_order_relaxed);

	if (found == NULL) {
		next_find("writev", &found);
		atomic_store_explicit(&next_writev, found,
		    memory_order_relaxed);
	}
	return (found);
}

ssize_t
writev(int fd, const struct iovec *iov, int n)
{
	vector_writer *write_vector = find_writev();
	ssize_t written;
	int on = 1, error;

	if (write_vector == NULL) {
		errno = ENOSYS;
		return (-1);
	}
	written = write_vector(fd, iov, n);
	if (reply_due && written > 0) {
		reply_due = false;
		error = errno;
		(void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on,
		    sizeof(on));
		errno = error;
	}
	return (written);
}
