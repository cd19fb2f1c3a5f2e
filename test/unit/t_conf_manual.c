/* SPDX-License-Identifier: BSD-2-Clause */
/* Holds each table of options, its manual page and its sample together. */
#include "config.h"

#include <stdlib.h>

#include "keys/policy.h"
#include "mail/message.h"
#include "test/unit/tap.h"

#define FILE_MAX_BYTES	(1024 * 1024)

struct file {
	const struct conf_options *options;
	const char	*manual;
	const char	*sample;
	bool		 (*takes)(struct str text, struct diag *);
};

static struct str
read_source(struct arena *arena, const char *name)
{
	const char *top = getenv("top_srcdir");
	struct str path, text = STR("");

	path = arena_printf(arena, "%s/%s", top != NULL ? top : ".", name);
	tap_num(message_read(path.p, FILE_MAX_BYTES, arena, &text), STATUS_OK,
	    name);
	return (text);
}

/* The option with exactly that name, or NULL. */
static const struct conf_option *
find_option(const struct file *f, struct str name)
{
	const struct conf_option *o = conf_option_find(f->options, name);

	return (o != NULL && str_eq(name, str_from(o->name)) ? o : NULL);
}

static struct str
first_word(struct str s)
{
	return (str_first(s, str_find(s, ' ')));
}

/* A default that the build chooses cannot be in the manual. */
static bool
is_fixed(const struct conf_option *o)
{
	return (o->fallback[0] != '\0' && o->fallback[0] != '/');
}

/* line: the one after ".It Cm Name". */
static void
check_default(const struct conf_option *o, struct str line)
{
	struct str intro = STR(".Pq default: Cm ");

	if (!is_fixed(o)) {
		tap_ok(str_eq(line, STR(".Pq no default")) ||
		    str_eq(line, STR(".Pq default: see below")),
		    "the manual has no default of %s", o->name);
		return;
	}
	if (tap_ok(str_starts(line, intro), "the manual has a default of %s",
	    o->name)) {
		tap_str(str_from_offset(line, intro.n), str_from(o->fallback),
		    "and it is right");
	}
}

static void
check_all(const struct file *f, const bool *has, const char *where)
{
	size_t i;

	for (i = 0; i < f->options->n; i++) {
		tap_ok(has[i], "%s has %s", where, f->options->v[i].name);
	}
}

static void
test_manual(struct arena *arena, const struct file *f)
{
	struct str rest = read_source(arena, f->manual);
	struct str end = STR(".Sh FILES"), item = STR(".It Cm ");
	const struct conf_option *o;
	bool has[CONF_OPTIONS_MAX] = { false };
	struct str line, name;

	while (str_next(&rest, '\n', &line) && !str_eq(line, end)) {
		name = first_word(str_from_offset(line, item.n));
		/* Words of a value are lower case. */
		if (!str_starts(line, item) || char_lower(name.p[0]) ==
		    name.p[0]) {
			continue;
		}
		o = find_option(f, name);
		if (!tap_ok(o != NULL, "an option of the manual exists: %.*s",
		    STR_FMT(name))) {
			continue;
		}
		tap_ok(!has[o - f->options->v], "it is described once");
		has[o - f->options->v] = true;
		if (str_next(&rest, '\n', &line)) {
			check_default(o, line);
		}
	}
	check_all(f, has, f->manual);
}

static void
check_sample_line(const struct file *f, struct str line, bool *has)
{
	struct str name = first_word(line);
	struct str value = str_from_offset(line, name.n + 1);
	const struct conf_option *o = find_option(f, name);
	struct diag diag;

	if (!tap_ok(o != NULL, "an option of the sample exists: %.*s",
	    STR_FMT(name))) {
		return;
	}
	has[o - f->options->v] = true;
	if (is_fixed(o)) {
		tap_str(value, str_from(o->fallback), "its default is right");
	}
	if (!tap_ok(f->takes(line, &diag), "its value is taken")) {
		printf("# %s\n", diag.text);
	}
}

/* "Option value" or "#Option value"; "# text" is a comment. */
static void
test_sample(struct arena *arena, const struct file *f)
{
	struct str text = read_source(arena, f->sample), rest = text, line;
	bool has[CONF_OPTIONS_MAX] = { false };
	struct diag diag;

	if (!tap_ok(f->takes(text, &diag), "%s as it is", f->sample)) {
		printf("# %s\n", diag.text);
	}
	while (str_next(&rest, '\n', &line)) {
		if (line.n > 0 && line.p[0] == '#') {
			line = str_from_offset(line, 1);
		}
		if (line.n > 0 && char_is_alpha(line.p[0])) {
			check_sample_line(f, line, has);
		}
	}
	check_all(f, has, f->sample);
}

/* Needs other options, a file or a user that are not here. */
static bool
needs_more(struct str line)
{
	static const char *const names[] = { "Domain", "Mode", "Selector",
		"KeyFile", "KeyTable", "SigningTable", "UserID" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (str_eq(first_word(line), str_from(names[i]))) {
			return (true);
		}
	}
	return (false);
}

static bool
daemon_takes(struct str text, struct diag *diag)
{
	struct conf *conf;
	struct env env;
	enum status status;

	env_init_system(&env);
	diag_init(diag);
	if (needs_more(text)) {
		return (true);
	}
	status = conf_parse(text, "sample", &env, &conf, diag);
	conf_release(conf);
	return (status == STATUS_OK);
}

static bool
policy_takes(struct str text, struct diag *diag)
{
	struct policy policy;
	enum status status;

	diag_init(diag);
	status = policy_parse(&policy, text, "sample", diag);
	policy_fini(&policy);
	return (status == STATUS_OK);
}

int
main(void)
{
	static const struct file files[] = {
		{ &conf_daemon_options, "milter/mailseald.conf.5",
		    "etc/mailseald.conf", daemon_takes },
		{ &policy_options, "keys/dkimkeygen.conf.5",
		    "etc/dkimkeygen.conf", policy_takes },
	};
	struct arena arena;
	size_t i;

	arena_init(&arena, 8 * FILE_MAX_BYTES);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		test_manual(&arena, &files[i]);
		test_sample(&arena, &files[i]);
	}
	arena_fini(&arena);
	return (tap_done());
}
