/* SPDX-License-Identifier: BSD-2-Clause */
/* What setup changes in Postfix: the lists of milters, and what no milter can
   see. */
#include "postfix/milters.h"
#include "tools/setup.h"

#define VALUE_BYTES	(64 * 1024)

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

/* Changes a list: the item (absent: none) takes the place of the socket
   (absent: none), or comes last. False: no memory. */
static bool
change_list(struct setup *s, struct str *list, struct str socket,
    struct str item, bool master)
{
	struct buf out;

	buf_init(&out, VALUE_BYTES);
	if (item.p == NULL) {
		milters_remove(&out, *list, socket, s->postfix.queue, master);
	} else if (socket.p != NULL) {
		milters_replace(&out, *list, socket, s->postfix.queue, item,
		    master);
	} else if (master) {
		milters_append_tight(&out, *list, item);
	} else {
		milters_append(&out, *list, item);
	}
	*list = out.status == STATUS_OK ? setup_text(s, "%.*s",
	    STR_FMT(buf_str(&out))) : STR_NONE;
	buf_fini(&out);
	if (list->p == NULL) {
		(void)cli_fail("out of memory");
	}
	return (list->p != NULL);
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

/* By a name in it that setup does not change. */
static bool
fail_former(const char *name, struct str raw, struct str socket)
{
	(void)cli_fail("%s (%.*s) has %.*s, the former socket of mailseald, "
	    "by a name: take it out there, then run this again", name,
	    STR_FMT(raw), STR_FMT(socket));
	return (false);
}

/*
 * The list gets our milter, unless it has it, if only by a reference (has). A
 * socket that an earlier run entered, and that mailseald does not have any
 * more, goes. service: absent for main.cf.
 */
static bool
plan_list(struct setup *s, struct str service, const char *name,
    struct str raw, struct str expanded, bool has)
{
	struct setup_postfix *p = &s->postfix;
	json_t *noted = json_object_get(s->state.host, "sockets"), *one;
	bool master = service.p != NULL, refers = has;
	struct str item = milter_item(s, master), list = raw, old;
	size_t i;

	has = has || milters_has(expanded, p->socket, p->queue);
	json_array_foreach(noted, i, one) {
		old = str_from(json_string_value(one));
		if (old.n == 0 || milters_same(old, p->socket, p->queue)) {
			continue;
		}
		if (!milters_has(list, old, p->queue)) {
			if (!refers && milters_has(expanded, old, p->queue)) {
				return (fail_former(name, raw, old));
			}
			continue;
		}
		if (!change_list(s, &list, old, has ? STR_NONE : item,
		    master)) {
			return (false);
		}
		has = true;
	}
	if (!has && !change_list(s, &list, STR_NONE, item, master)) {
		return (false);
	}
	return (str_eq(list, raw) || add_edit(s, service, name, raw, list));
}

/* Whether it has all that main.cf's list for smtpd has. */
static bool
follows_main(struct str list)
{
	struct str item;

	while (milters_next(&list, &item)) {
		if (str_eq(item, STR("$smtpd_milters"))) {
			return (true);
		}
	}
	return (false);
}

static bool
plan_main(struct setup *s)
{
	struct setup_postfix *p = &s->postfix;

	if (!plan_list(s, STR_NONE, "smtpd_milters", p->milters_raw,
	    p->milters, false) || !plan_list(s, STR_NONE,
	    "non_smtpd_milters", p->local_milters_raw, p->local_milters,
	    follows_main(p->local_milters_raw))) {
		return (false);
	}
	/* Other filters would get bounces, too. */
	return (p->classes.n > 0 || milters_others(p->local_milters,
	    p->socket, p->queue) > 0 || add_edit(s, STR_NONE,
	    "internal_mail_filter_classes", p->classes, STR("bounce")));
}

/* Of master.cf, as an edit names it. */
static struct str
service_name(struct setup *s, const struct postfix_service *service)
{
	return (setup_text(s, "%.*s/%.*s", STR_FMT(service->name),
	    STR_FMT(service->type)));
}

/* A listener with milters of its own does not use those of main.cf. */
static bool
plan_service(struct setup *s, const struct postfix_service *service)
{
	bool none = postfix_has_word(service->receive, "no_milters");

	if (service->command != POSTFIX_SMTPD || service->milters.p == NULL) {
		return (true);
	}
	if (service->milters.n == 0) {
		if (!none) {
			setup_todo(s, "the listener %.*s has no milters "
			    "(-o smtpd_milters= in master.cf) and stays so: "
			    "mail of your users that arrives there leaves "
			    "unsigned", STR_FMT(service->name));
		}
		return (true);
	}
	return (plan_list(s, service_name(s, service), "smtpd_milters",
	    service->milters_raw, service->milters, none));
}

/* Whether the socket is reachable from every service that uses it. */
static bool
check_chroot(const struct setup_postfix *p)
{
	size_t i;

	if (!str_starts(p->socket, STR("unix:/"))) {
		return (true);
	}
	for (i = 0; i < p->n; i++) {
		if (p->v[i].chroot &&
		    p->v[i].command != POSTFIX_POSTSCREEN) {
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

/* The value that is safe, at a service or (absent) in main.cf. */
static bool
plan_value(struct setup *s, enum postfix_guard guard, struct str service,
    struct str raw)
{
	struct buf out;
	struct str value;

	buf_init(&out, VALUE_BYTES);
	postfix_guard_value(&out, guard, raw, s->postfix.version);
	value = out.status == STATUS_OK ? arena_dup(&s->arena,
	    buf_str(&out)) : STR_NONE;
	buf_fini(&out);
	if (value.p == NULL) {
		(void)cli_fail("out of memory");
		return (false);
	}
	return (add_edit(s, service, postfix_guard_name(guard), raw, value));
}

/* What no milter can see. A value that is safe stays, however it is spelt. */
static bool
plan_guard(struct setup *s, enum postfix_guard guard)
{
	struct setup_postfix *p = &s->postfix;
	enum postfix_command command = postfix_guard_is_cleanup(guard) ?
	    POSTFIX_CLEANUP : POSTFIX_SMTPD;
	const struct postfix_service *service;
	size_t i;
	bool ok;

	if (p->guards[guard].p == NULL) {
		if (guard == POSTFIX_NEWLINE) {
			setup_todo(s, "Postfix %.*s does not know "
			    "smtpd_forbid_bare_newline: a stranger can smuggle "
			    "a second message behind one that passes every "
			    "check. Upgrade Postfix", STR_FMT(p->version));
		}
		return (true);
	}
	ok = postfix_guard_is_safe(guard, p->guards[guard]) ||
	    plan_value(s, guard, STR_NONE, p->guards_raw[guard]);
	for (i = 0; i < p->n && ok; i++) {
		service = &p->v[i];
		ok = service->command != command ||
		    service->guards[guard].p == NULL ||
		    postfix_guard_is_safe(guard, service->guards[guard]) ||
		    plan_value(s, guard, service_name(s, service),
		    service->guards[guard]);
	}
	return (ok);
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
	for (i = 0; i < POSTFIX_GUARDS_N && ok; i++) {
		ok = plan_guard(s, (enum postfix_guard)i);
	}
	return (ok);
}
