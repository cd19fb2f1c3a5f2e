/* SPDX-License-Identifier: BSD-2-Clause */
/* How Postfix is told of mailseald: what is changed, and the change. */
#include "config.h"

#include <string.h>
#include <time.h>

#include "tools/sendmail_cf.h"
#include "tools/setup.h"

#define TRIES		20		/* of smtpd, after a reload */
#define PAUSE_NS	250000000

/* What a line is for, in words of somebody who does not know it. */
static const char *
reason_of(struct str name)
{
	static const struct {
		const char	*name;
		const char	*reason;
	} rows[] = {
		{ "smtpd_milters", "mail that comes by SMTP passes mailseald" },
		{ "non_smtpd_milters", "and mail of programs on this host" },
		{ "internal_mail_filter_classes", "and bounces" },
		{ "smtpd_forbid_bare_newline", "nobody can smuggle a second "
		    "message after a first one" },
		{ "smtpd_forbid_unauth_pipelining", "nor send commands "
		    "before they are allowed to" },
		{ "message_reject_characters", "no message hides something "
		    "after a NUL" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (str_eq(name, str_from(rows[i].name))) {
			return (rows[i].reason);
		}
	}
	return ("");
}

void
setup_wire_show(struct setup *s)
{
	const struct setup_postfix *p = &s->postfix;
	const struct setup_edit *e;
	size_t i;

	for (i = 0; i < p->edits_n; i++) {
		e = &p->edits[i];
		setup_say(s, "%s%.*s: %.*s (%s)", e->service.p != NULL ?
		    "master.cf " : "main.cf", STR_FMT(e->service),
		    STR_FMT(e->name), reason_of(e->name));
		setup_quote(s, "old: %.*s", STR_FMT(e->before.n > 0 ?
		    e->before : STR("(empty)")));
		setup_quote(s, "new: %.*s", STR_FMT(e->after));
	}
}

/* Whether Postfix reads what was meant to be written. */
static bool
is_wired(struct setup *s)
{
	s->postfix.n = 0;
	return (setup_postfix_read(s) && setup_wire_plan(s,
	    setup_socket(s)) && s->postfix.edits_n == 0);
}

/* smtpd answers as well as before; a milter that it cannot reach makes it
   refuse. Its processes follow a reload one by one. */
static bool
answers_as_before(struct setup *s, int before, struct str *reply)
{
	const struct timespec pause = { 0, PAUSE_NS };
	int code = 0, i;

	for (i = 0; i < TRIES; i++) {
		code = setup_probe(s, reply);
		if (code / 100 == 2 || (code == before && code != 0)) {
			return (true);
		}
		(void)nanosleep(&pause, NULL);
	}
	return (false);
}

static enum setup_result
take_back(struct setup *s, const char *why, struct str reply)
{
	(void)cli_fail("%s%s%.*s: Postfix gets back what it had", why,
	    reply.n > 0 ? ": " : "", STR_FMT(reply));
	(void)setup_unwire(s);
	setup_miss(s, "Postfix is not wired: %s", why);
	return (SETUP_STOP);
}

static enum setup_result
change_postfix(struct setup *s)
{
	struct str reply = STR("");
	int before = setup_probe(s, &reply);

	if (before == 0) {
		(void)cli_fail("Postfix's smtpd does not answer: %.*s. Start "
		    "Postfix, then run this again", STR_FMT(reply));
		return (SETUP_FAILED);
	}
	if (!setup_files_save(s)) {
		return (SETUP_FAILED);
	}
	if (!setup_files_install(s)) {
		return (take_back(s, "the change failed", STR("")));
	}
	if (!is_wired(s)) {
		return (take_back(s, "postconf does not show the change",
		    STR("")));
	}
	if (!setup_postfix_reload(s)) {
		return (take_back(s, "postfix check or reload failed",
		    STR("")));
	}
	if (!answers_as_before(s, before, &reply)) {
		return (take_back(s, "smtpd does not answer as before",
		    reply));
	}
	setup_say(s, "Postfix passes mail to %.*s; smtpd answers as before.",
	    STR_FMT(s->postfix.socket));
	return (SETUP_GO);
}

/* A run that was killed here may have written and not reloaded. */
static enum setup_result
finish_change(struct setup *s)
{
	if (setup_state_get(s->state.host, "stage") == NULL ||
	    strcmp(setup_state_get(s->state.host, "stage"), "done") == 0) {
		setup_say(s, "Postfix passes mail to %.*s already.",
		    STR_FMT(s->postfix.socket));
		return (SETUP_GO);
	}
	if (!setup_postfix_reload(s)) {
		return (take_back(s, "postfix check or reload failed",
		    STR("")));
	}
	setup_say(s, "A change that an earlier run began is complete.");
	return (SETUP_GO);
}

/* No list has a former socket any more. */
static bool
note_done(struct setup *s)
{
	json_t *sockets = json_array();
	struct diag diag;

	diag_init(&diag);
	(void)json_array_append_new(sockets, cli_json_text(
	    s->postfix.socket));
	if (setup_state_set(&s->state, s->state.host, "sockets", sockets,
	    &diag) && setup_state_set(&s->state, s->state.host, "stage",
	    json_string("done"), &diag)) {
		return (true);
	}
	(void)cli_fail("%s", diag.text);
	return (false);
}

/* A configuration that setup makes has them; one that was there, as that of
   the Debian package, may not. */
static void
advise_sendmail_options(struct setup *s)
{
	const struct conf *conf = s->conf;

	if (conf != NULL && (conf->address_lists != CONF_ADDRESSES_SENDMAIL ||
	    conf->line_limit.style != LINES_SENDMAIL)) {
		setup_todo(s, "Sendmail rewrites lists of addresses and breaks "
		    "long lines after its milters, which breaks signatures: "
		    "write \"AddressLists sendmail\" and \"LineLengthLimit "
		    "sendmail:990\" in %s, and reload mailseald",
		    s->args->conf_path);
	}
}

/* sendmail.cf is made of a person's sendmail.mc: it is only read. */
static void
look_at_sendmail(struct setup *s)
{
	const char *directory = s->args->mta_config != NULL ?
	    s->args->mta_config : SENDMAIL_CF_DIRECTORY;
	struct str socket = str_from(setup_socket(s));
	struct sendmail_cf cf;

	advise_sendmail_options(s);
	sendmail_cf_read(&cf, directory, socket);
	if (!cf.filters) {
		setup_say(s, cf.found ? "Setup does not change Sendmail. "
		    "%s/sendmail.cf does not pass mail to mailseald yet." :
		    "Setup does not change Sendmail. %s/sendmail.cf cannot be "
		    "read.", directory);
		setup_miss(s, "Sendmail does not pass mail to mailseald: put "
		    "this line into %s/sendmail.mc, make sendmail.cf of it, "
		    "restart Sendmail, and run this again: %.*s", directory,
		    STR_FMT(sendmail_cf_line(&s->arena, socket)));
		return;
	}
	setup_say(s, "Sendmail passes mail to %.*s (%s/sendmail.cf).",
	    STR_FMT(socket), directory);
	if (!cf.waits) {
		setup_todo(s, "in sendmail.mc, give the filter of mailseald "
		    "F=T: without it, mail leaves unsigned while mailseald is "
		    "down");
	}
}

enum setup_result
setup_wire(struct setup *s)
{
	enum setup_result result;

	setup_stage(s, "Wire");
	if (s->args->mta == SETUP_NO_MTA) {
		setup_say(s, "No MTA is changed (--mta none).");
		return (SETUP_GO);
	}
	if (s->args->mta == SETUP_SENDMAIL) {
		look_at_sendmail(s);
		return (SETUP_GO);
	}
	s->postfix.n = 0;
	if (!setup_postfix_read(s) || !setup_postfix_judge(s) ||
	    !setup_wire_plan(s, setup_socket(s))) {
		return (SETUP_FAILED);
	}
	if (s->postfix.edits_n > 0) {
		setup_wire_show(s);
		if (!setup_ask(s, "Change Postfix?")) {
			setup_miss(s, "Postfix is not wired: run this again "
			    "with --yes, or on a terminal");
			return (SETUP_STOP);
		}
	}
	result = s->postfix.edits_n > 0 ? change_postfix(s) :
	    finish_change(s);
	return (result == SETUP_GO && setup_state_get(s->state.host,
	    "stage") != NULL && !note_done(s) ? SETUP_FAILED : result);
}
