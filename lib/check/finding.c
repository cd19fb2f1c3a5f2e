/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stdio.h>

#include "check/private.h"

#define TEXT_MAX_BYTES	1000

const char *
check_severity_name(enum check_severity severity)
{
	switch (severity) {
	case CHECK_ERROR:
		return ("error");
	case CHECK_WARN:
		return ("warn");
	case CHECK_INFO:
		return ("info");
	case CHECK_UNKNOWN:
		return ("unknown");
	case CHECK_GOOD:
		break;
	}
	return ("ok");
}

/* Whether there are enough findings of this kind about the subject. */
static bool
is_enough(const struct check *c, const char *id, enum check_severity severity,
    struct str subject)
{
	size_t i, n = 0;

	for (i = 0; i < c->report.n && n < CHECK_MAX_SAME; i++) {
		n += c->findings[i].severity == severity &&
		    str_eq(str_from(c->findings[i].check), str_from(id)) &&
		    str_eq(c->findings[i].subject, subject);
	}
	return (n == CHECK_MAX_SAME);
}

struct check_finding *
check_add(struct check *c, const char *id, enum check_severity severity,
    struct str subject, const char *fmt, ...)
{
	struct check_finding *f = &c->spare;
	char text[TEXT_MAX_BYTES];
	bool known;
	va_list ap;

	if (c->report.n < CHECK_MAX_FINDINGS &&
	    !is_enough(c, id, severity, subject)) {
		f = &c->findings[c->report.n++];
		c->report.counts[severity]++;
	} else {
		c->report.truncated = true;
	}
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	*f = (struct check_finding){ .check = id, .severity = severity,
		.rule = check_rule(id, &known), .subject = subject };
	f->text = check_text(c, "%s", text);
	return (f);
}

void
check_found(struct check *c, struct check_finding *f, struct str text)
{
	struct str copy;

	if (f->found_n == CHECK_MAX_FOUND) {
		return;
	}
	copy = arena_dup(&c->memory, str_first(text, CHECK_QUOTE_MAX_BYTES));
	if (copy.p == NULL) {
		c->status = STATUS_NOMEM;
		return;
	}
	f->found[f->found_n++] = copy;
}

void
check_record(struct check *c, struct str owner, const char *type,
    struct str value, uint32_t ttl_s)
{
	struct check_report *r = &c->report;

	if (r->records_n == CHECK_MAX_RECORDS) {
		r->truncated = true;
		return;
	}
	c->records[r->records_n++] = (struct check_record){ owner, type,
		str_first(value, CHECK_QUOTE_MAX_BYTES), ttl_s };
}
