/* SPDX-License-Identifier: BSD-2-Clause */
/* Options that stand for themselves, and the order of the work. */
#include "conf/conf.h"
#include "tools/import.h"

bool
import_accepts(struct import *im, const char *name, struct str value,
    struct diag *why)
{
	struct conf *conf = NULL;
	struct buf line;
	bool ok;

	if (!import_is_text(value)) {
		diag_set(why, NULL, 0, "the value has control characters");
		return (false);
	}
	buf_init(&line, 2 * CONF_LINE_MAX_BYTES);
	buf_printf(&line, "Mode v\n%s %.*s\n", name, STR_FMT(value));
	ok = conf_parse(buf_str(&line), name, im->env, &conf, why) ==
	    STATUS_OK;
	conf_release(conf);
	buf_fini(&line);
	return (ok);
}

static struct str
socket_value(struct import *im, struct str value)
{
	return (value.n > 0 && value.p[0] == '/' ?
	    arena_printf(&im->arena, "unix:%.*s", STR_FMT(value)) : value);
}

/* A data set as a list; a file stays one if each line is one word. */
static struct str
list_value(struct import *im, const struct import_given *given)
{
	struct import_list list;
	const char *why;
	struct str value;
	struct buf b;
	size_t i;

	if (!import_list_read(im, given, &list, &why)) {
		import_say_of(im, given->option->effect, given, why);
		return (STR_NONE);
	}
	buf_init(&b, IMPORT_LIST_BYTES);
	for (i = 0; i < list.n; i++) {
		buf_printf(&b, "%s%.*s", i > 0 ? "," : "",
		    STR_FMT(list.v[i].key));
	}
	value = arena_dup(&im->arena, buf_str(&b));
	import_fail(im, b.status);
	buf_fini(&b);
	return (value);
}

static struct str
value_of(struct import *im, const struct import_given *given)
{
	struct str value = given->value;

	switch (given->option->kind) {
	case IMPORT_BOOL:
		return (import_is_yes(value) ? STR("yes") : STR("no"));
	case IMPORT_SYSLOG:
		return (import_is_yes(value) ? STR("syslog") : STR("none"));
	case IMPORT_SOCKET:
		return (socket_value(im, value));
	case IMPORT_LIST:
		return (list_value(im, given));
	case IMPORT_TEXT:
	case IMPORT_HOSTS:
	case IMPORT_TOGETHER:
	case IMPORT_INCLUDE:
	case IMPORT_NONE:
	case IMPORT_IF_YES:
		break;
	}
	return (value);
}

static void
set_option(struct import *im, const struct import_given *given)
{
	const struct import_option *o = given->option;
	const char *to = o->to != NULL ? o->to : o->name;
	struct diag why;
	struct str value;

	if (import_setting(im, to).p != NULL) {
		if (!str_eq_ci(import_setting(im, to), given->value)) {
			import_say_of(im, IMPORT_MOOT, given, "one daemon now, "
			    "and this is already set");
		}
		return;
	}
	value = value_of(im, given);
	diag_init(&why);
	if (value.p == NULL) {
		return;
	}
	if (strcmp(to, "UserID") != 0 &&
	    !import_accepts(im, to, value, &why)) {
		import_say_of(im, o->effect, given,
		    import_shown(im, str_from(why.text)));
		return;
	}
	if (!import_is_text(value)) {
		import_say_of(im, o->effect, given,
		    "the value has control characters");
		return;
	}
	import_set(im, to, value);
	if (o->why != NULL) {
		import_say(im, IMPORT_DIFFERS, "%s: %s", to, o->why);
	}
}

static void
translate_option(struct import *im, const struct import_given *given)
{
	const struct import_option *o = given->option;

	if (o == NULL) {
		import_say_of(im, IMPORT_DIFFERS, given, "unknown option");
		return;
	}
	switch (o->kind) {
	case IMPORT_TEXT:
	case IMPORT_BOOL:
	case IMPORT_SYSLOG:
	case IMPORT_SOCKET:
	case IMPORT_LIST:
		set_option(im, given);
		break;
	case IMPORT_HOSTS:
	case IMPORT_TOGETHER:
	case IMPORT_INCLUDE:
		break;
	case IMPORT_NONE:
		import_say_of(im, o->effect, given, o->why);
		break;
	case IMPORT_IF_YES:
		import_say_of(im, import_is_yes(given->value) ? o->effect :
		    IMPORT_MOOT, given, import_is_yes(given->value) ? o->why :
		    "it is off");
		break;
	}
}

/* Of options given twice the last one counts. */
static bool
is_last(const struct import *im, const struct import_given *given)
{
	const struct import_given *last = import_get(im, given->program,
	    arena_cstr((struct arena *)(uintptr_t)&im->arena, given->name));

	return (last == NULL || last == given);
}

static void
translate_options(struct import *im, enum import_program program)
{
	size_t i;

	for (i = 0; i < im->n && im->status == STATUS_OK; i++) {
		if (im->v[i].program != program) {
			continue;
		}
		if (is_last(im, &im->v[i])) {
			translate_option(im, &im->v[i]);
		} else {
			import_say_of(im, IMPORT_MOOT, &im->v[i],
			    "set again below");
		}
	}
}

enum status
import_translate(struct import *im)
{
	enum import_program program;

	for (program = 0; program < IMPORT_PROGRAMS; program++) {
		translate_options(im, program);
		if (program == IMPORT_OPENDKIM) {
			import_signing(im);
			import_senders(im);
		}
	}
	import_others(im);
	import_verifying(im);
	import_judging(im);
	if (import_setting(im, "Socket").p == NULL) {
		import_set_text(im, "Socket", "inet:8891@127.0.0.1");
		import_say(im, IMPORT_TODO, "Socket: the files have none; "
		    "Postfix must name this one");
	}
	import_todo(im);
	import_write_notes(im);
	import_write_settings(im);
	import_fail(im, im->out.status);
	return (im->status);
}
