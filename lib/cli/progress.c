/* SPDX-License-Identifier: BSD-2-Clause */
/* Progress on a terminal: one line that is written over. */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"

#define US_PER_S	1000000
#define EVERY_US	200000

void
cli_progress_begin(struct cli_progress *p, const struct env *env,
    const char *what, size_t total, bool quiet)
{
	*p = (struct cli_progress){ .env = env, .what = what, .total = total,
		.start_us = env_mono_us(env),
		.out = quiet || !isatty(STDERR_FILENO) ? NULL : stderr };
	p->next_us = p->start_us + CLI_PROGRESS_US;
}

void
cli_progress_step(struct cli_progress *p, size_t done)
{
	uint64_t now_us = env_mono_us(p->env);
	uint64_t us = now_us - p->start_us;

	if (p->out == NULL || now_us < p->next_us || done == 0 ||
	    done > p->total) {
		return;
	}
	p->next_us = now_us + EVERY_US;
	p->shown = true;
	(void)fprintf(p->out, "\r%zu of %zu %s, %.1f a second, %llu s "
	    "left\033[K", done, p->total, p->what,
	    (double)done * US_PER_S / (double)us,
	    (unsigned long long)(us * (p->total - done) / done / US_PER_S));
	(void)fflush(p->out);
}

void
cli_progress_hide(struct cli_progress *p)
{
	if (p->shown) {
		(void)fputs("\r\033[K", p->out);
		(void)fflush(p->out);
		p->shown = false;
	}
}
