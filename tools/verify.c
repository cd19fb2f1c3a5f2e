/* SPDX-License-Identifier: BSD-2-Clause */
/* mailseal verify: what the daemon would make of a message on its arrival. */
#include "tools/judge.h"

struct verify_opts {
	struct judge_opts	 judge;
	bool			 json;
};

static int
verify_message(const struct verify_opts *o, struct judge *j, struct str text,
    const struct message *message, bool too_large)
{
	const struct engine_outcome *outcome = judge_message(j, &o->judge,
	    text, message, too_large);
	const struct verify_shown shown = { !o->judge.no_second,
		j->conf_path };

	if (outcome == NULL) {
		return (cli_fail("out of memory"));
	}
	return ((o->json ? verify_print_json(outcome, &shown) :
	    verify_print_text(outcome, &shown)) ? verify_exit(outcome) :
	    CLI_USAGE);
}

static bool
take_option(void *opts, int id, const char *value)
{
	struct verify_opts *o = opts;

	if (id == 'j') {
		o->json = true;
		return (true);
	}
	return (judge_opts_take(&o->judge, id, value));
}

int
verify_main(const struct cli_command *command, int argc, char **argv)
{
	struct verify_opts o = { .json = false };
	struct judge judge = { .conf = NULL };
	struct message message;
	struct arena arena;
	struct str text;
	const char *path;
	enum status status;
	int early, result = CLI_USAGE;

	judge_opts_init(&o.judge);
	early = cli_options(command, argc, argv, take_option, &o);
	if (early != CLI_END) {
		return (early);
	}
	if (!cli_file(argc, argv, &path)) {
		return (CLI_USAGE);
	}
	arena_init(&arena, TOOL_ARENA_BYTES);
	if (cli_input(path, &arena, &text) && judge_init(&judge, &o.judge)) {
		status = message_parse(&arena, text, &message);
		if (status == STATUS_OK || status == STATUS_LIMIT) {
			result = verify_message(&o, &judge, text, &message,
			    status == STATUS_LIMIT);
		} else {
			(void)cli_fail("%s", status_text(status));
		}
	}
	judge_fini(&judge);
	arena_fini(&arena);
	return (result);
}
