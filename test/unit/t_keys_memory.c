/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fails each allocation of the policy's reader and of a program's run in turn
 * (the linker's --wrap): each time it says so, and nothing is left behind.
 */
#include "config.h"

#include "keys/policy.h"
#include "keys/program.h"
#include "test/unit/alloc_fail.h"
#include "test/unit/tap.h"

static bool
parse(unsigned at, bool *enough_r)
{
	struct policy policy;
	struct diag diag;
	enum status status;

	diag_init(&diag);
	alloc_fail_at(at);
	status = policy_parse(&policy, STR("Publish nsupdate\nUpdateKey /k\n"
	    "PidFile /p\nRotateEvery 30d\n"), "p", &diag);
	*enough_r = !alloc_failed();
	policy_fini(&policy);
	return (status == (*enough_r ? STATUS_OK : STATUS_NOMEM) &&
	    (diag.text[0] == '\0') == *enough_r);
}

/* What it says may be lost, that it failed may not. */
static bool
run(unsigned at, bool *enough_r)
{
	char sh[] = "sh", dash_c[] = "-c", script[] = "echo no; exit 1";
	char *argv[] = { sh, dash_c, script, NULL };
	struct diag diag;
	enum status status;
	struct env env;

	env_init_system(&env);
	diag_init(&diag);
	alloc_fail_at(at);
	status = program_run(&env, argv, STR(""), 60, &diag);
	*enough_r = !alloc_failed();
	return (status == STATUS_TEMP && diag.text[0] != '\0');
}

static void
test(bool (*one)(unsigned, bool *), const char *name)
{
	bool enough = false, good = true;
	unsigned at;

	for (at = 0; good && !enough && at < ALLOC_FAIL_MAX; at++) {
		good = one(at, &enough);
	}
	tap_ok(good && enough && at > 1, "%s: no memory at each of %u places",
	    name, at - 1);
}

int
main(void)
{
	test(parse, "the policy");
	test(run, "a program");
	return (tap_done());
}
