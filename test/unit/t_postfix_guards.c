/* SPDX-License-Identifier: BSD-2-Clause */
/* What Postfix refuses by itself (postconf(5)). */
#include "postfix/guards.h"
#include "test/unit/tap.h"

#define BYTES	4096

static const struct {
	enum postfix_guard	 guard;
	const char		*value;
	const char		*safe;		/* NULL: it is safe */
	const char		*version;
} rows[] = {
	{ POSTFIX_NEWLINE, "no", "normalize", "3.7.11" },
	{ POSTFIX_NEWLINE, "", "normalize", "3.7.11" },
	{ POSTFIX_NEWLINE, "NO", "normalize", "3.8.5" },
	{ POSTFIX_NEWLINE, "nonsense", "normalize", "3.10.2" },
	{ POSTFIX_NEWLINE, "no", "yes", "3.7.9" },
	{ POSTFIX_NEWLINE, "no", "yes", "3.8.4" },
	{ POSTFIX_NEWLINE, "no", "normalize", "3.8.40" },
	{ POSTFIX_NEWLINE, "normalize", NULL, "3.7.11" },
	{ POSTFIX_NEWLINE, "Normalize", NULL, "3.7.11" },
	{ POSTFIX_NEWLINE, "yes", NULL, "3.7.11" },
	{ POSTFIX_NEWLINE, "reject", NULL, "3.7.11" },
	{ POSTFIX_NEWLINE, "note", NULL, "3.9.0" },
	{ POSTFIX_PIPELINING, "no", "yes", "3.7.11" },
	{ POSTFIX_PIPELINING, "", "yes", "3.7.11" },
	{ POSTFIX_PIPELINING, "Yes", NULL, "3.7.11" },
	{ POSTFIX_CHARACTERS, "", "\\0", "3.7.11" },
	{ POSTFIX_CHARACTERS, "\\0", NULL, "3.7.11" },
	{ POSTFIX_CHARACTERS, "\\000", NULL, "3.7.11" },
	{ POSTFIX_CHARACTERS, "\\0\\1", NULL, "3.7.11" },
	{ POSTFIX_CHARACTERS, "\\1\\0", NULL, "3.7.11" },
	{ POSTFIX_CHARACTERS, "\\0001", NULL, "3.7.11" },
	{ POSTFIX_CHARACTERS, "\\08", NULL, "3.7.11" },
	{ POSTFIX_CHARACTERS, "\\01", "\\0\\01", "3.7.11" },
	{ POSTFIX_CHARACTERS, "\\\\0", "\\0\\\\0", "3.7.11" },
	{ POSTFIX_CHARACTERS, "\\r", "\\0\\r", "3.7.11" },
	{ POSTFIX_CHARACTERS, "7", "\\0007", "3.7.11" },
	{ POSTFIX_CHARACTERS, "0", "\\0000", "3.7.11" },
	{ POSTFIX_CHARACTERS, "$digits", "\\000$digits", "3.7.11" },
	{ POSTFIX_CHARACTERS, "x\\", "\\0x\\", "3.7.11" },
};

static void
test_rows(void)
{
	struct buf out;
	struct str value;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		value = str_from(rows[i].value);
		tap_ok(postfix_guard_is_safe(rows[i].guard, value) ==
		    (rows[i].safe == NULL), "%s = [%s]: %s",
		    postfix_guard_name(rows[i].guard), rows[i].value,
		    rows[i].safe == NULL ? "safe" : "not safe");
		if (rows[i].safe == NULL) {
			continue;
		}
		buf_init(&out, BYTES);
		postfix_guard_value(&out, rows[i].guard, value,
		    str_from(rows[i].version));
		tap_ok(str_eq(buf_str(&out), str_from(rows[i].safe)),
		    "[%s] in Postfix %s becomes [%s]", rows[i].value,
		    rows[i].version, rows[i].safe);
		tap_ok(postfix_guard_is_safe(rows[i].guard, buf_str(&out)),
		    "[%s] is safe", rows[i].safe);
		buf_fini(&out);
	}
}

static void
test_names(void)
{
	size_t i;

	for (i = 0; i < POSTFIX_GUARDS_N; i++) {
		tap_ok(!postfix_guard_is_safe((enum postfix_guard)i,
		    STR_NONE), "%s: what is not set is not safe",
		    postfix_guard_name((enum postfix_guard)i));
	}
	tap_ok(postfix_guard_is_cleanup(POSTFIX_CHARACTERS) &&
	    !postfix_guard_is_cleanup(POSTFIX_NEWLINE) &&
	    !postfix_guard_is_cleanup(POSTFIX_PIPELINING),
	    "whose parameters they are");
}

int
main(void)
{
	test_rows();
	test_names();
	return (tap_done());
}
