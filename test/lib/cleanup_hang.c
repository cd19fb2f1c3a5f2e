/* SPDX-License-Identifier: BSD-2-Clause */
/* For LD_PRELOAD: a library hangs in the clean-up at the end of the process. */
#include <unistd.h>

void	ares_destroy(void *);

void
ares_destroy(void *channel)
{
	(void)channel;
	for (;;) {
		pause();
	}
}
