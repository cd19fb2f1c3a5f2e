/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * budget: the memory of all messages together. Without a limit on the sum a
 * hundred large messages at once make the kernel kill the process. A message
 * that would go beyond the limit is deferred instead, and the MTA brings it
 * again later. Estimates, not measured octets: what a message takes is counted
 * by peer.c. Shared by all threads, without a lock.
 */
#ifndef MILTER_BUDGET_H
#define MILTER_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct budget {			/* zeroed: nothing taken, nothing allowed */
	atomic_size_t		 used_bytes;
	atomic_size_t		 max_bytes;
	atomic_uint_fast64_t	 refusals;	/* since the start */
	atomic_bool		 exceeded;	/* in an episode of refusals */
};

/* Also while messages are in flight. */
void	 budget_set_max(struct budget *, size_t max_bytes);
/* False: that would exceed the limit; nothing was taken. *begins_r: it is the
   first refusal since the memory in use was below three quarters. */
bool	 budget_take(struct budget *, size_t bytes, bool *begins_r);
void	 budget_give(struct budget *, size_t bytes);

/*
 * The limit if none is configured: a quarter of what the process may use, which
 * is the least of the physical memory, RLIMIT_AS and the cgroup's limits.
 * root: "" or, for a test, a directory that has proc/self/cgroup and
 * sys/fs/cgroup.
 */
size_t	 budget_default_max(const char *root);

#endif
