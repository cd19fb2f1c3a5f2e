/* SPDX-License-Identifier: BSD-2-Clause */
/* mailseal setup: from a domain to signed mail, in stages, with a way back. */
#include "config.h"

#include "keys/publish.h"
#include "mail/domain.h"
#include "tools/setup.h"

#define ARENA_BYTES	((size_t)256 * 1024 * 1024)

static bool
changes_milters(const struct setup *s)
{
	size_t i;

	for (i = 0; i < s->postfix.edits_n; i++) {
		if (str_ends_ci(s->postfix.edits[i].name, STR("_milters"))) {
			return (true);
		}
	}
	return (false);
}

/* What will be done, in lines that a person can check. */
static void
say_decisions(struct setup *s)
{
	bool by_hand = publish_is_by_hand(setup_publish_how(s));
	size_t i, n = 0;

	setup_stage(s, "Decide");
	if (s->keys_n == 0) {
		setup_item(s, "Sign", "mail of %.*s with a new RSA%s key in "
		    "%s", STR_FMT(s->domain), s->args->ed25519 ?
		    " and a new Ed25519" : "", s->store.where != NULL ?
		    s->store.where : "files");
	} else {
		setup_item(s, "Sign", "mail of %.*s with key %.*s",
		    STR_FMT(s->domain), STR_FMT(s->keys[0].selector));
	}
	for (i = 0; i < s->names_n; i++) {
		n += s->names[i].wanted.p != NULL;
	}
	if (n == 0 && s->keys_n > 0) {
		setup_item(s, "Publish", "nothing");
	} else {
		setup_item(s, "Publish", "%zu record%s%s: %s%s", n, n == 1 ?
		    "" : "s", s->keys_n == 0 ? " and that of the new key" : "",
		    by_hand ? "setup prints them, you publish them" :
		    "setup publishes them by ", by_hand ? "" :
		    setup_publish_how(s));
	}
	setup_item(s, "DMARC", "%s", s->names[1].wanted.p != NULL ?
	    s->names[1].wanted.p : "stays as it is");
	setup_item(s, "Daemon", "%s, socket %s", s->conf_missing ?
	    "a new configuration" : s->args->conf_path, setup_socket(s));
	if (s->args->mta == SETUP_SENDMAIL) {
		setup_item(s, "Sendmail", "is not changed: setup prints the "
		    "line for sendmail.mc, and looks whether it is in use");
		return;
	}
	setup_item(s, "Postfix", "%s", s->args->mta != SETUP_POSTFIX ?
	    "is not changed" : s->postfix.edits_n == 0 ?
	    "is wired already" : changes_milters(s) ?
	    "gets a milter, and settings against smuggled messages, at the "
	    "end, after a question" : "gets settings against smuggled "
	    "messages, after a question");
}

static void
show_plan(struct setup *s)
{
	size_t i, n = 0;

	for (i = 0; i < s->names_n; i++) {
		n += s->names[i].wanted.p != NULL;
	}
	if (n > 0) {
		setup_stage(s, "Publish");
		setup_publish_show(s);
	}
	if (s->args->mta == SETUP_POSTFIX && s->postfix.edits_n > 0) {
		setup_stage(s, "Wire");
		setup_wire_show(s);
	}
}

static bool
note_stage(struct setup *s, const char *stage)
{
	struct diag diag;

	diag_init(&diag);
	if (setup_state_set(&s->state, s->state.domain, "stage",
	    json_string(stage), &diag)) {
		return (true);
	}
	(void)cli_fail("%s", diag.text);
	return (false);
}

/* Each is safe to begin again, so that only the order matters. */
static enum setup_result
run_stages(struct setup *s)
{
	static const struct {
		const char		*name;
		enum setup_result	(*run)(struct setup *);
	} stages[] = {
		{ "make", setup_make }, { "publish", setup_publish },
		{ "wait", setup_wait }, { "wire", setup_wire },
		{ "prove", setup_prove },
	};
	enum setup_result result;
	bool waits = false;
	size_t i;

	for (i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		if (!note_stage(s, stages[i].name)) {
			return (SETUP_FAILED);
		}
		result = stages[i].run(s);
		waits |= result == SETUP_STOP && stages[i].run ==
		    setup_publish;
		if (result == SETUP_FAILED || (result == SETUP_STOP &&
		    stages[i].run != setup_publish)) {
			return (result);
		}
	}
	return (waits || s->missing_n > 0 ? SETUP_STOP :
	    note_stage(s, "done") ? SETUP_GO : SETUP_FAILED);
}

static bool
open_state(struct setup *s, bool create)
{
	struct diag diag;

	diag_init(&diag);
	if (setup_state_open(&s->state, s->args->state_dir, s->domain, create,
	    &diag)) {
		return (true);
	}
	(void)cli_fail("%s", diag.text);
	return (false);
}

static int
run_setup(struct setup *s)
{
	if (!open_state(s, false) || !setup_look(s)) {
		return (setup_finish(s, SETUP_FAILED));
	}
	say_decisions(s);
	if (s->args->dry_run) {
		show_plan(s);
		return (setup_finish(s, SETUP_GO));
	}
	if (!setup_ask(s, "Go on?")) {
		setup_miss(s, "nothing was done: run this on a terminal, or "
		    "with --yes");
		return (setup_finish(s, SETUP_STOP));
	}
	/* Another run may have changed it while the question was open. */
	setup_state_close(&s->state);
	if (!open_state(s, true)) {
		return (setup_finish(s, SETUP_FAILED));
	}
	return (setup_finish(s, run_stages(s)));
}

static int
run_verb(struct setup *s)
{
	switch (s->args->verb) {
	case SETUP_UNDO:
		if (!setup_ask(s, "Take back what setup made?")) {
			return (cli_fail("undo needs --yes, or a terminal"));
		}
		return (open_state(s, true) ? setup_undo(s) : CLI_USAGE);
	case SETUP_STATUS:
		return (open_state(s, false) ? setup_status(s) : CLI_USAGE);
	case SETUP_RUN:
		break;
	}
	return (run_setup(s));
}

int
setup_main(const struct cli_command *command, int argc, char **argv)
{
	static struct setup_args a = { .conf_path = SYSCONFDIR
	    "/mailseald.conf", .state_dir = LOCALSTATEDIR
	    "/lib/mailseal-setup", .user = "mailseal",
	    .wait_s = SETUP_WAIT_S };
	static struct setup s = { .args = &a, .state = { .dir = -1 } };
	int result;

	result = cli_options(command, argc, argv, setup_take_option, &a);
	if (result != CLI_END) {
		return (result);
	}
	if (!setup_check_args(&a, argc, argv)) {
		return (CLI_USAGE);
	}
	env_init_system(&s.env);
	arena_init(&s.arena, ARENA_BYTES);
	s.stages = json_array();
	if (domain_normalize(&s.arena, str_from(a.domain), &s.domain) !=
	    STATUS_OK || domain_labels(s.domain) < 2) {
		result = cli_fail("%s is not a domain name", a.domain);
	} else {
		result = run_verb(&s);
	}
	setup_dns_close(&s);
	setup_keys_free(&s);
	if (s.store_init) {
		store_close(&s.store);
	}
	conf_release(s.conf);
	setup_state_close(&s.state);
	json_decref(s.stages);
	arena_fini(&s.arena);
	return (result);
}
