/* SPDX-License-Identifier: BSD-2-Clause */
/* Progress: nothing before two seconds, without a terminal, or if quiet. */
#include <stdlib.h>

#include "cli/cli.h"
#include "test/unit/tap.h"

static uint64_t	 now_us;

static uint64_t
get_now_us(void *ctx ATTR_UNUSED)
{
	return (now_us);
}

static const struct {
	const char	*name;
	uint64_t	 us;		/* since the start */
	size_t		 done;
	const char	*want;
} steps[] = {
	{ "too early", 1999999, 10, "" },
	{ "after two seconds", 2000000, 10, "\r10 of 100 domains, 5.0 a second,"
	    " 18 s left\033[K" },
	{ "too soon after that", 2100000, 11, "" },
	{ "a little later", 2500000, 50, "\r50 of 100 domains, 20.0 a second, "
	    "2 s left\033[K" },
	{ "nothing is done yet", 3000000, 0, "" },
	{ "more than there is", 3500000, 101, "" },
	{ "the end", 4000000, 100, "\r100 of 100 domains, 25.0 a second, 0 s "
	    "left\033[K" },
};

int
main(void)
{
	struct cli_progress p;
	struct env env;
	char *text = NULL;
	size_t i, n = 0, before = 0;
	FILE *out = open_memstream(&text, &n);

	env_init_system(&env);
	env.mono_us = get_now_us;
	now_us = 1000;
	cli_progress_begin(&p, &env, "domains", 100, true);
	tap_ok(p.out == NULL, "quiet: nothing is shown");
	cli_progress_begin(&p, &env, "domains", 100, false);
	p.out = out;
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		now_us = 1000 + steps[i].us;
		cli_progress_step(&p, steps[i].done);
		fflush(out);
		tap_str(str_from(text + before), str_from(steps[i].want),
		    steps[i].name);
		before = n;
	}
	cli_progress_hide(&p);
	tap_str(str_from(text + before), STR("\r\033[K"), "the line goes");
	before = n;
	cli_progress_hide(&p);
	tap_str(str_from(text + before), STR(""), "and once only");
	p.out = NULL;
	now_us += 10000000;
	cli_progress_step(&p, 50);
	tap_ok(n == before, "no terminal: nothing is shown");
	fclose(out);
	free(text);
	return (tap_done());
}
