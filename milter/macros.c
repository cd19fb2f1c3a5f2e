/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>

#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "milter/macros.h"

static _Thread_local sigjmp_buf way_out;
static _Thread_local volatile sig_atomic_t reading;
static struct sigaction previous;

static void
handle_fault(int number, siginfo_t *info, void *unused)
{
	bool sent = info->si_code <= 0;

	(void)unused;
	if (reading && !sent) {
		reading = 0;
		siglongjmp(way_out, 1);
	}
	/* The instruction is executed again, and faults again. */
	(void)sigaction(number, &previous, NULL);
	if (sent) {
		(void)raise(number);
	}
}

void
macros_init(void)
{
	struct sigaction action = { .sa_sigaction = handle_fault,
		.sa_flags = SA_NODEFER | SA_SIGINFO };

	(void)sigaction(SIGSEGV, &action, &previous);
}

bool
macros_get(SMFICTX *ctx, const char *name, const char **value_r)
{
	*value_r = NULL;
	if (sigsetjmp(way_out, 0) != 0) {
		return (false);
	}
	reading = 1;
	*value_r = smfi_getsymval(ctx, (char *)(uintptr_t)name);
	reading = 0;
	return (true);
}
