/* SPDX-License-Identifier: BSD-2-Clause */
/* The policy file: what it takes, and that table, manual and sample agree. */
#include "config.h"

#include <stdlib.h>

#include "keys/policy.h"
#include "mail/message.h"
#include "test/unit/tap.h"

#define FILE_MAX_BYTES	(1024 * 1024)
#define OPTIONS_MAX	32

static const struct {
	const char	*text;
	const char	*why;	/* in the diag; NULL: it is taken */
} rows[] = {
	{ "", NULL },
	{ "# a comment\nRotateEvery 30d # and another\n", NULL },
	{ "rotateevery 3600", NULL },
	{ "RotateEvery 3599", "p:1: RotateEvery: \"3599\" is not a time from" },
	{ "RotateEvery 11111w", "p:1: RotateEvery: " },
	{ "RotateEvery soon", "p:1: RotateEvery: \"soon\" is not a time" },
	{ "\nOverlap", "p:2: Overlap: \"\" is not a time" },
	{ "Overlap 1d\nOverlap 1d", "p:2: \"Overlap\" stands there" },
	{ "Overlay 1d", "p:1: there is no option \"Overlay\"; did you "
	    "mean Overlap?" },
	{ "RSABits 1023", "p:1: RSABits: " },
	{ "RSABits 4096", NULL },
	{ "RSABits 4097", "p:1: RSABits: " },
	{ "Publish print", NULL },
	{ "Publish nsupdate", NULL },
	{ "Publish hook:/usr/local/bin/x", NULL },
	{ "Publish hook:x", "p:1: Publish: \"hook:x\" is not print" },
	{ "Publish hook:/", "p:1: Publish: " },
	{ "Publish", "p:1: Publish: \"\" is not print" },
	{ "AuthoritativePort 0", "p:1: AuthoritativePort: " },
	{ "AuthoritativePort 65536", "p:1: AuthoritativePort: " },
};

static void
test_values(void)
{
	struct policy policy;
	struct diag diag;
	enum status status;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		diag_init(&diag);
		status = policy_parse(&policy, str_from(rows[i].text), "p",
		    &diag);
		tap_num(status, rows[i].why == NULL ? STATUS_OK :
		    STATUS_SYNTAX, rows[i].text[0] != '\0' ? "a line" :
		    "nothing at all");
		if (!tap_ok(rows[i].why == NULL ? diag.text[0] == '\0' :
		    str_starts(str_from(diag.text), str_from(rows[i].why)),
		    "what is said of it")) {
			printf("# %s\n", diag.text);
		}
		policy_fini(&policy);
	}
}

static void
test_nul(void)
{
	struct policy policy;
	struct diag diag;

	diag_init(&diag);
	tap_num(policy_parse(&policy, STR("KeyStore /a\0b"), "p", &diag),
	    STATUS_SYNTAX, "a NUL byte");
	policy_fini(&policy);
}

static void
test_overlap(void)
{
	struct policy policy;
	struct diag diag;

	diag_init(&diag);
	tap_num(policy_parse(&policy, STR("Overlap 1d\nQueueLifetime 5d"),
	    "p", &diag), STATUS_OK, "an overlap below a queue's lifetime");
	tap_num(policy_retired_s(&policy), 5 * 86400,
	    "a record stands for the longer of both");
	policy_fini(&policy);
}

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

static size_t
find(struct str name)
{
	size_t i;

	for (i = 0; i < policy_options_count(); i++) {
		if (str_eq(name, str_from(policy_options_get(i).name))) {
			break;
		}
	}
	return (i);
}

/* The default as the table has it; one that depends on where all was
   installed is described. */
static void
check_default(size_t i, struct str line)
{
	struct policy_info option = policy_options_get(i);
	struct str intro = STR(".Pq default: Cm ");

	if (option.fallback[0] == '\0' || option.fallback[0] == '/') {
		tap_ok(str_eq(line, STR(".Pq no default")) ||
		    str_eq(line, STR(".Pq default: see below")),
		    "the manual names no default of %s", option.name);
		return;
	}
	tap_str(str_from_offset(line, intro.n), str_from(option.fallback),
	    "the manual has the default");
}

static void
test_manual(struct arena *arena)
{
	struct str rest = read_source(arena, "keys/dkimkeygen.conf.5");
	struct str item = STR(".It Cm "), line, name;
	bool has[OPTIONS_MAX] = { false };
	size_t i;

	while (str_next(&rest, '\n', &line)) {
		if (!str_starts(line, item)) {
			continue;
		}
		name = str_from_offset(line, item.n);
		name = str_first(name, str_find(name, ' '));
		if (char_lower(name.p[0]) == name.p[0]) {
			continue;		/* a word of a value */
		}
		i = find(name);
		if (tap_ok(i < policy_options_count(),
		    "an option of the manual exists: %.*s", STR_FMT(name)) &&
		    str_next(&rest, '\n', &line)) {
			has[i] = true;
			check_default(i, line);
		}
	}
	for (i = 0; i < policy_options_count(); i++) {
		tap_ok(has[i], "the manual has %s",
		    policy_options_get(i).name);
	}
}

static void
check_sample_line(struct str line, bool *has)
{
	struct str name = str_first(line, str_find(line, ' '));
	size_t i = find(name);
	struct policy policy;
	struct diag diag;

	if (!tap_ok(i < policy_options_count(),
	    "an option of the sample exists: %.*s", STR_FMT(name))) {
		return;
	}
	has[i] = true;
	diag_init(&diag);
	tap_num(policy_parse(&policy, line, "sample", &diag), STATUS_OK,
	    "its value is taken");
	policy_fini(&policy);
	if (policy_options_get(i).fallback[0] != '\0' &&
	    policy_options_get(i).fallback[0] != '/') {
		tap_str(str_from_offset(line, name.n + 1),
		    str_from(policy_options_get(i).fallback),
		    "its default is right");
	}
}

/* "Option value" behind '#', and "# text". */
static void
test_sample(struct arena *arena)
{
	struct str rest = read_source(arena, "etc/dkimkeygen.conf"), line;
	bool has[OPTIONS_MAX] = { false };
	size_t i;

	while (str_next(&rest, '\n', &line)) {
		if (line.n > 1 && line.p[0] == '#' && line.p[1] != ' ') {
			check_sample_line(str_from_offset(line, 1), has);
		}
	}
	for (i = 0; i < policy_options_count(); i++) {
		tap_ok(has[i], "the sample has %s",
		    policy_options_get(i).name);
	}
}

int
main(void)
{
	struct arena arena;

	arena_init(&arena, 8 * FILE_MAX_BYTES);
	test_values();
	test_nul();
	test_overlap();
	test_manual(&arena);
	test_sample(&arena);
	arena_fini(&arena);
	return (tap_done());
}
