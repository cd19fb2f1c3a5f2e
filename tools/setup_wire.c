/* SPDX-License-Identifier: BSD-2-Clause */
/* How Postfix is told of mailseald: what is changed, and the change. */
#include "config.h"

#include <string.h>
#include <time.h>

#include "postfix/milters.h"
#include "tools/setup.h"

#define VALUE_BYTES	(64 * 1024)
#define TRIES		20		/* of smtpd, after a reload */
#define PAUSE_NS	250000000

static bool
add_edit(struct setup *s, struct str service, const char *name,
    struct str before, struct str after)
{
	struct setup_postfix *p = &s->postfix;

	if (p->edits_n == SETUP_MAX_EDITS) {
		(void)cli_fail("Postfix has too many listeners");
		return (false);
	}
	p->edits[p->edits_n++] = (struct setup_edit){ .service = service,
		.name = str_from(name), .before = before, .after = after };
	return (true);
}

/* The list with the milter at its end; false: no memory. */
static bool
append_milter(struct setup *s, struct str list, struct str item, bool master,
    struct str *r)
{
	struct buf out;

	buf_init(&out, VALUE_BYTES);
	if (master) {
		milters_append_tight(&out, list, item);
	} else {
		milters_append(&out, list, item);
	}
	*r = out.status == STATUS_OK ? arena_dup(&s->arena, buf_str(&out)) :
	    STR_NONE;
	buf_fini(&out);
	if (r->p == NULL) {
		(void)cli_fail("out of memory");
	}
	return (r->p != NULL);
}

/* While mailseald is down, mail waits, whatever the others want; a listener may
   have a default action of its own. */
static struct str
milter_item(struct setup *s, bool master)
{
	const struct setup_postfix *p = &s->postfix;

	return (!master && str_eq(p->default_action, STR("tempfail")) ?
	    p->socket :
	    setup_text(s, "{ %.*s, default_action=tempfail }",
	    STR_FMT(p->socket)));
}

static bool
refers_to(struct str list, struct str name)
{
	return (list.n > 0 && memmem(list.p, list.n, name.p, name.n) != NULL);
}

static bool
plan_main(struct setup *s)
{
	struct setup_postfix *p = &s->postfix;
	bool has = milters_has(p->milters, p->socket, p->queue), follows;
	struct str item = milter_item(s, false), list;

	if (!has && (!append_milter(s, p->milters_raw, item, false, &list) ||
	    !add_edit(s, STR_NONE, "smtpd_milters", p->milters_raw, list))) {
		return (false);
	}
	follows = refers_to(p->local_milters_raw, STR("$smtpd_milters")) ||
	    refers_to(p->local_milters_raw, STR("${smtpd_milters}"));
	if (!milters_has(p->local_milters, p->socket, p->queue) && !follows &&
	    (!append_milter(s, p->local_milters_raw, item, false, &list) ||
	    !add_edit(s, STR_NONE, "non_smtpd_milters", p->local_milters_raw,
	    list))) {
		return (false);
	}
	/* Other filters would get bounces, too. */
	return (p->classes.n > 0 || milters_others(p->local_milters,
	    p->socket, p->queue) > 0 || add_edit(s, STR_NONE,
	    "internal_mail_filter_classes", p->classes, STR("bounce")));
}

/* A listener with milters of its own does not use those of main.cf. */
static bool
plan_service(struct setup *s, const struct setup_service *service)
{
	struct setup_postfix *p = &s->postfix;
	struct str list, name;

	if (service->milters.p == NULL || service->no_milters ||
	    refers_to(service->milters, STR("$smtpd_milters")) ||
	    milters_has(service->milters, p->socket, p->queue)) {
		return (true);
	}
	name = setup_text(s, "%.*s/%.*s", STR_FMT(service->name),
	    STR_FMT(service->type));
	if (service->milters.n == 0) {
		setup_todo(s, "the listener %.*s has no milters "
		    "(-o smtpd_milters= in master.cf) and stays so: mail of "
		    "your users that arrives there leaves unsigned",
		    STR_FMT(service->name));
		return (true);
	}
	return (append_milter(s, service->milters, milter_item(s, true), true,
	    &list) &&
	    add_edit(s, name, "smtpd_milters", service->milters, list));
}

/* Whether the socket is reachable from every listener. */
static bool
check_chroot(const struct setup_postfix *p)
{
	size_t i;

	if (!str_starts(p->socket, STR("unix:/"))) {
		return (true);
	}
	for (i = 0; i < p->n; i++) {
		if (p->v[i].chroot) {
			(void)cli_fail("%.*s runs in a chroot and cannot see "
			    "the socket of mailseald (%.*s): set Socket to a "
			    "path below %.*s, as postfix-main.cf describes",
			    STR_FMT(p->v[i].name), STR_FMT(p->socket),
			    STR_FMT(p->queue));
			return (false);
		}
	}
	return (true);
}

bool
setup_wire_plan(struct setup *s, const char *socket)
{
	struct setup_postfix *p = &s->postfix;
	struct buf out;
	bool ok;
	size_t i;

	buf_init(&out, VALUE_BYTES);
	ok = milters_from_socket(&out, str_from(socket), p->queue);
	p->socket = ok ? arena_dup(&s->arena, buf_str(&out)) : STR_NONE;
	buf_fini(&out);
	if (p->socket.p == NULL) {
		(void)cli_fail("Socket %s: Postfix cannot use it", socket);
		return (false);
	}
	p->edits_n = 0;
	ok = check_chroot(p) && plan_main(s);
	for (i = 0; i < p->n && ok; i++) {
		ok = plan_service(s, &p->v[i]);
	}
	return (ok);
}

void
setup_wire_show(struct setup *s)
{
	const struct setup_postfix *p = &s->postfix;
	const struct setup_edit *e;
	size_t i;

	for (i = 0; i < p->edits_n; i++) {
		e = &p->edits[i];
		setup_say(s, "%s%.*s: %.*s", e->service.p != NULL ?
		    "master.cf " : "main.cf", STR_FMT(e->service),
		    STR_FMT(e->name));
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

enum setup_result
setup_wire(struct setup *s)
{
	enum setup_result result;
	struct diag diag;

	setup_stage(s, "Wire");
	diag_init(&diag);
	if (s->args->mta != SETUP_POSTFIX) {
		setup_say(s, "%s", s->args->mta == SETUP_NO_MTA ?
		    "No MTA is changed (--mta none)." :
		    "Sendmail is not changed by setup.");
		if (s->args->mta == SETUP_SENDMAIL) {
			setup_miss(s, "in sendmail.mc: INPUT_MAIL_FILTER"
			    "(`mailseal', `S=%s, F=T')", setup_socket(s));
		}
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
	if (result == SETUP_GO && setup_state_get(s->state.host,
	    "stage") != NULL && !setup_state_set(&s->state, s->state.host,
	    "stage", json_string("done"), &diag)) {
		(void)cli_fail("%s", diag.text);
		return (SETUP_FAILED);
	}
	return (result);
}
