/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs that succeed, fail, are silent, are slow. */
#include "config.h"

#include "keys/program.h"
#include "test/unit/tap.h"

#define INPUT	"a line\n"

static struct env env;

static const struct {
	const char	*name;
	const char	*script;	/* for sh -c */
	unsigned	 timeout_s;
	const char	*said;		/* in the diag; NULL: it is well */
} rows[] = {
	{ "it reads its input", "read x && [ \"$x\" = 'a line' ]", 60, NULL },
	{ "it reads nothing", "exit 0", 60, NULL },
	{ "what it says when all is well is dropped", "echo hello", 60, NULL },
	{ "it fails", "exit 7", 60, "sh: ended with status 7" },
	{ "it says why", "echo no >&2; exit 1", 60,
	    "sh: ended with status 1: no" },
	{ "what it says is escaped", "printf 'a\\033b'; exit 1", 60,
	    "sh: ended with status 1: a\\x1bb" },
	{ "it says too much", "yes | head -c 100000; exit 1", 60,
	    "sh: ended with status 1: y y" },
	{ "it is killed", "kill -9 $$", 60, "sh: was ended by a signal" },
	{ "it does not end", "exec sleep 600", 1,
	    "sh: did not end in time" },
	{ "nor does one that closes its output",
	    "exec sleep 600 >/dev/null 2>&1", 1, "sh: did not end in time" },
};

static void
test_row(size_t i)
{
	char sh[] = "sh", dash_c[] = "-c", script[128];
	char *argv[] = { sh, dash_c, script, NULL };
	struct diag diag;
	enum status status;

	diag_init(&diag);
	(void)snprintf(script, sizeof(script), "%s", rows[i].script);
	status = program_run(&env, argv, STR(INPUT), rows[i].timeout_s,
	    &diag);
	tap_num(status, rows[i].said == NULL ? STATUS_OK : STATUS_TEMP,
	    rows[i].name);
	if (!tap_ok(rows[i].said == NULL ? diag.text[0] == '\0' :
	    str_starts(str_from(diag.text), str_from(rows[i].said)),
	    "and is said to")) {
		printf("# %s\n", diag.text);
	}
}

static void
test_edges(void)
{
	static char big[PROGRAM_INPUT_MAX_BYTES + 1];
	char none[] = "/nonexistent/program", sh[] = "true";
	char *argv[] = { none, NULL };
	struct diag diag;

	diag_init(&diag);
	tap_num(program_run(&env, argv, STR(""), 60, &diag), STATUS_TEMP,
	    "a program that is not there");
	tap_str(str_from(diag.text),
	    STR("/nonexistent/program: No such file or directory"),
	    "is named");
	argv[0] = sh;
	diag_init(&diag);
	tap_num(program_run(&env, argv, str_mem(big, sizeof(big)), 60, &diag),
	    STATUS_TEMP, "an input beyond the limit");
	diag_init(&diag);
	tap_num(program_run(&env, argv, str_mem(big, sizeof(big) - 1), 60,
	    &diag), STATUS_OK, "one at the limit");
}

int
main(void)
{
	size_t i;

	env_init_system(&env);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		test_row(i);
	}
	test_edges();
	return (tap_done());
}
