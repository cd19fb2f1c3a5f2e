/* SPDX-License-Identifier: BSD-2-Clause */
/* Findings that are made here, not by the library. */
#include <stdarg.h>
#include <stdio.h>

#include "tools/check.h"

#define TEXT_MAX_BYTES	1000

struct check_finding *
check_finding_make(struct arena *arena, const char *id,
    enum check_severity severity, struct str subject, struct str text)
{
	struct check_finding *f = arena_alloc(arena, sizeof(*f));
	bool known;

	if (f == NULL || text.p == NULL) {
		return (NULL);
	}
	*f = (struct check_finding){ .check = id, .severity = severity,
		.rule = check_rule(id, &known), .subject = arena_dup(arena,
		subject), .text = text };
	return (f->subject.p != NULL ? f : NULL);
}

struct check_finding *
check_say(struct check_sayer *s, const char *id, enum check_severity severity,
    struct str subject, const char *fmt, ...)
{
	char text[TEXT_MAX_BYTES];
	struct check_finding *f;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	f = check_finding_make(s->arena, id, severity, subject, arena_dup(
	    s->arena, str_from(text)));
	if (f == NULL) {
		s->failed = true;
		return (&s->spare);
	}
	check_show(s->args, s->shown, f);
	return (f);
}

void
check_say_fix(struct check_sayer *s, struct check_finding *f,
    enum wanted_place where, struct str owner, const char *type,
    struct str value)
{
	struct check_fix fix = { .where = where, .type = type,
		.owner = arena_dup(s->arena, owner),
		.value = arena_dup(s->arena, value) };

	if (fix.owner.p == NULL || fix.value.p == NULL) {
		s->failed = true;
	} else if (f->fix_n < CHECK_MAX_FIXES) {
		f->fix[f->fix_n++] = fix;
	}
}

void
check_say_found(struct check_sayer *s, struct check_finding *f,
    struct str text)
{
	struct str copy = arena_dup(s->arena, str_first(text,
	    CHECK_QUOTE_MAX_BYTES));

	if (copy.p == NULL) {
		s->failed = true;
	} else if (f->found_n < CHECK_MAX_FOUND) {
		f->found[f->found_n++] = copy;
	}
}
