/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes main.cf and master.cf by postconf, and takes the changes back. */
#include "config.h"

#include <string.h>

#include "postfix/milters.h"
#include "tools/setup.h"

#define ARGS_MAX	(SETUP_MAX_EDITS + 8)
#define SUFFIX		STR("_milters")

/* All changes of one file in one run of postconf, which replaces it whole. */
static bool
apply_to(struct setup *s, bool master)
{
	char *argv[ARGS_MAX];
	size_t i, n = setup_postconf(s, argv, ARGS_MAX, master ? "-P" : "-e");
	size_t first = n;

	for (i = 0; i < s->postfix.edits_n; i++) {
		const struct setup_edit *e = &s->postfix.edits[i];

		if ((e->service.p != NULL) == master) {
			argv[n++] = arena_cstr(&s->arena, setup_text(s,
			    "%.*s%s%.*s=%.*s", STR_FMT(e->service), master ?
			    "/" : "", STR_FMT(e->name), STR_FMT(e->after)));
		}
	}
	argv[n] = NULL;
	return (n == first || setup_command(s, argv));
}

bool
setup_edits_apply(struct setup *s)
{
	return (apply_to(s, true) && apply_to(s, false));
}

static bool
run_postfix(struct setup *s, const char *verb)
{
	char *argv[5] = { arena_cstr(&s->arena, STR("postfix")) };
	size_t n = 1;

	if (s->args->mta_config != NULL) {
		argv[n++] = arena_cstr(&s->arena, STR("-c"));
		argv[n++] = arena_cstr(&s->arena,
		    str_from(s->args->mta_config));
	}
	argv[n++] = arena_cstr(&s->arena, str_from(verb));
	argv[n] = NULL;
	return (setup_command(s, argv));
}

bool
setup_postfix_reload(struct setup *s)
{
	return (run_postfix(s, "check") && run_postfix(s, "reload"));
}

/* "service/type/name = value" of postconf -P, or "name = value". */
static struct setup_edit
split_line(struct str line, bool master)
{
	size_t equals = str_find(line, '='), slash;
	struct setup_edit e = { .service = STR_NONE };

	e.name = str_trim_wsp(str_first(line, equals));
	e.before = str_trim_wsp(str_from_offset(line, equals + 1));
	if (master) {
		slash = str_rfind(e.name, '/');
		e.service = str_first(e.name, slash);
		e.name = str_from_offset(e.name, slash + 1);
	}
	return (e);
}

/* What the file has: master.cf's overrides, or main.cf's parameters. */
static bool
ask_values(struct setup *s, bool master, bool expanded, struct str *out)
{
	char *argv[ARGS_MAX];
	size_t n = setup_postconf(s, argv, ARGS_MAX, master ? "-P" : "-n");

	if (expanded) {
		argv[n++] = arena_cstr(&s->arena, STR("-x"));
		argv[n] = NULL;
	}
	if (setup_exec(s, argv, out, NULL) == 0) {
		return (true);
	}
	(void)cli_fail("Postfix's configuration cannot be read");
	return (false);
}

static bool
plan_removal(struct setup *s, struct str socket, bool master)
{
	struct setup_postfix *p = &s->postfix;
	struct str text, line;
	struct setup_edit e;
	struct buf out;
	bool ok = true;

	if (!ask_values(s, master, false, &text)) {
		return (false);
	}
	while (ok && p->edits_n < SETUP_MAX_EDITS &&
	    str_next(&text, '\n', &line)) {
		e = split_line(line, master);
		if (!str_ends_ci(e.name, SUFFIX) ||
		    !milters_has(e.before, socket, p->queue)) {
			continue;
		}
		buf_init(&out, SETUP_FILE_MAX_BYTES);
		milters_remove(&out, e.before, socket, p->queue, master);
		ok = out.status == STATUS_OK;
		e.after = setup_text(s, "%.*s", STR_FMT(buf_str(&out)));
		p->edits[p->edits_n++] = e;
		buf_fini(&out);
	}
	return (ok);
}

/* From every list, whoever made it: a list may have been copied. */
static bool
remove_socket(struct setup *s, struct str socket)
{
	size_t round;
	bool ok = true;

	for (round = 0; ok && round < SETUP_MAX_SERVICES; round++) {
		s->postfix.edits_n = 0;
		ok = plan_removal(s, socket, true) &&
		    plan_removal(s, socket, false) && setup_edits_apply(s);
		if (s->postfix.edits_n == 0) {
			break;
		}
	}
	return (ok);
}

/* In any spelling, in an expression, too. */
static bool
names_socket(struct str value, struct str socket, struct str queue)
{
	const char *at;
	struct str rest = value;

	if (milters_has(value, socket, queue)) {
		return (true);
	}
	while (rest.n > 0 && (at = memmem(rest.p, rest.n, socket.p,
	    socket.n)) != NULL) {
		rest = str_from_offset(rest, (size_t)(at - rest.p) +
		    socket.n);
		if (rest.n == 0 || rest.p[0] == ',' || rest.p[0] == '}' ||
		    char_is_fws(rest.p[0])) {
			return (true);
		}
	}
	return (false);
}

/* A list of which setup cannot take it out: Postfix would refuse mail. */
static bool
check_removed(struct setup *s, struct str socket, bool master)
{
	struct str text, line;
	struct setup_edit e;

	if (!ask_values(s, master, true, &text)) {
		return (false);
	}
	while (str_next(&text, '\n', &line)) {
		e = split_line(line, master);
		if (memmem(e.name.p, e.name.n, "milter", 6) != NULL &&
		    names_socket(e.before, socket, s->postfix.queue)) {
			(void)cli_fail("%s%.*s still names %.*s: take it out "
			    "by hand, then run undo again", master ?
			    "master.cf: " : "main.cf: ", STR_FMT(e.name),
			    STR_FMT(socket));
			return (false);
		}
	}
	return (true);
}

static bool
remove_milters(struct setup *s)
{
	json_t *sockets = json_object_get(s->state.host, "sockets"), *one;
	struct str socket;
	size_t i;

	json_array_foreach(sockets, i, one) {
		socket = str_from(json_string_value(one));
		if (socket.n > 0 && (!remove_socket(s, socket) ||
		    !check_removed(s, socket, true) ||
		    !check_removed(s, socket, false))) {
			return (false);
		}
	}
	return (true);
}

bool
setup_unwire(struct setup *s)
{
	const char *noted = setup_state_get(s->state.host, "mta_config");
	bool whole;

	if (setup_state_get(s->state.host, "stage") == NULL) {
		/* A run that was killed may have left copies. */
		return (setup_files_forget(s));
	}
	s->postfix = (struct setup_postfix){ .found = false };
	if (s->args->mta_config == NULL && noted != NULL) {
		s->args->mta_config = setup_text(s, "%s", noted).p;
	}
	if (!setup_postfix_read(s)) {
		return (false);
	}
	if (!s->postfix.found) {
		(void)cli_fail("Postfix's configuration cannot be read");
		return (false);
	}
	if (!setup_files_restore(s, &whole) || !remove_milters(s) ||
	    !setup_postfix_reload(s) || !setup_files_forget(s)) {
		return (false);
	}
	setup_say(s, whole ? "Postfix has what it had before." :
	    "main.cf or master.cf was changed by others since: only the "
	    "milter was taken out of it; the settings against smuggled "
	    "messages and NUL stay.");
	return (true);
}
