/* SPDX-License-Identifier: BSD-2-Clause */
/* Holds the table of options, the manual page and the sample together. */
#include <stdlib.h>

#include "conf/conf.h"
#include "mail/message.h"
#include "test/unit/tap.h"

#define FILE_MAX_BYTES	(1024 * 1024)
#define OPTIONS_MAX	64

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

/* The option of that name, exactly, or the number of options. */
static size_t
find(struct str name)
{
	size_t i;

	for (i = 0; i < conf_options_count(); i++) {
		if (str_eq(name, str_from(conf_options_get(i).name))) {
			break;
		}
	}
	return (i);
}

static struct str
first_word(struct str s)
{
	return (str_first(s, str_find(s, ' ')));
}

/* The line below ".It Cm Name": the default as the table has it. */
static void
check_default(size_t i, struct str line)
{
	struct conf_option_info option = conf_options_get(i);
	struct str intro = STR(".Pq default: Cm ");

	if (option.fallback[0] == '\0') {
		tap_ok(str_eq(line, STR(".Pq no default")) ||
		    str_eq(line, STR(".Pq default: see below")),
		    "the manual names no default of %s", option.name);
		return;
	}
	if (tap_ok(str_starts(line, intro), "the manual has a default of %s",
	    option.name)) {
		tap_str(str_from_offset(line, intro.n),
		    str_from(option.fallback), "and it is right");
	}
}

static void
test_manual(struct arena *arena)
{
	struct str rest = read_source(arena, "milter/mailseald.conf.5");
	struct str end = STR(".Sh FILES"), item = STR(".It Cm ");
	struct str line, name;
	bool has[OPTIONS_MAX] = { false };
	size_t i;

	while (str_next(&rest, '\n', &line) && !str_eq(line, end)) {
		name = first_word(str_from_offset(line, item.n));
		/* Words of a value are lower case. */
		if (!str_starts(line, item) || char_lower(name.p[0]) ==
		    name.p[0]) {
			continue;
		}
		i = find(name);
		if (!tap_ok(i < conf_options_count(),
		    "an option of the manual exists: %.*s", STR_FMT(name))) {
			continue;
		}
		tap_ok(!has[i], "it stands there once");
		has[i] = true;
		if (str_next(&rest, '\n', &line)) {
			check_default(i, line);
		}
	}
	for (i = 0; i < conf_options_count(); i++) {
		tap_ok(has[i], "the manual has %s", conf_options_get(i).name);
	}
}

static bool
takes(const struct env *env, struct str line, struct diag *diag)
{
	struct conf *conf;
	enum status status;

	diag_init(diag);
	status = conf_parse(line, "sample", env, &conf, diag);
	conf_release(status == STATUS_OK ? conf : NULL);
	return (status == STATUS_OK);
}

/* Needs the others, a file or a user that are not here. */
static bool
stands_alone(struct str name)
{
	return (!str_eq(name, STR("Domain")) && !str_eq(name, STR("Mode")) &&
	    !str_eq(name, STR("Selector")) && !str_eq(name, STR("KeyFile")) &&
	    !str_eq(name, STR("KeyTable")) &&
	    !str_eq(name, STR("SigningTable")) &&
	    !str_eq(name, STR("UserID")));
}

static void
check_sample_line(const struct env *env, struct str line, bool *has)
{
	struct str name = first_word(line);
	struct str value = str_from_offset(line, name.n + 1);
	const char *fallback;
	struct diag diag;
	size_t i = find(name);

	if (!tap_ok(i < conf_options_count(),
	    "an option of the sample exists: %.*s", STR_FMT(name))) {
		return;
	}
	has[i] = true;
	fallback = conf_options_get(i).fallback;
	if (fallback[0] != '\0') {
		tap_str(value, str_from(fallback), "its default is right");
	}
	if (stands_alone(name) && !tap_ok(takes(env, line, &diag),
	    "its value is taken")) {
		printf("# %s\n", diag.text);
	}
}

/* "Option value" in force or, behind '#', not; "# text" is a comment. */
static void
test_sample(struct arena *arena)
{
	struct str text = read_source(arena, "etc/mailseald.conf");
	struct str rest = text, line;
	bool has[OPTIONS_MAX] = { false };
	struct diag diag;
	struct env env;
	size_t i;

	env_init_system(&env);
	if (!tap_ok(takes(&env, text, &diag), "the sample as it stands")) {
		printf("# %s\n", diag.text);
	}
	while (str_next(&rest, '\n', &line)) {
		if (line.n > 0 && line.p[0] == '#') {
			line = str_from_offset(line, 1);
		}
		if (line.n > 0 && char_is_alpha(line.p[0])) {
			check_sample_line(&env, line, has);
		}
	}
	for (i = 0; i < conf_options_count(); i++) {
		tap_ok(has[i], "the sample has %s", conf_options_get(i).name);
	}
}

int
main(void)
{
	struct arena arena;

	arena_init(&arena, 8 * FILE_MAX_BYTES);
	test_manual(&arena);
	test_sample(&arena);
	arena_fini(&arena);
	return (tap_done());
}
