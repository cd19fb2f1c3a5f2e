/* SPDX-License-Identifier: BSD-2-Clause */
/* The findings for monitoring: a Nagios plugin's line, Prometheus text. */
#include <stdio.h>

#include "base/escape.h"
#include "tools/check.h"

#define NAGIOS_SHOWN	5	/* findings that are named */

enum nagios { NAGIOS_OK, NAGIOS_WARNING, NAGIOS_CRITICAL, NAGIOS_UNKNOWN };

static enum nagios
nagios_state(const size_t counts[CHECK_SEVERITIES], size_t unknown)
{
	return (counts[CHECK_ERROR] > 0 ? NAGIOS_CRITICAL :
	    counts[CHECK_WARN] > 0 ? NAGIOS_WARNING : unknown > 0 ?
	    NAGIOS_UNKNOWN : NAGIOS_OK);
}

/* Names the first findings of a severity, as "id subject". */
static void
print_some(const struct check_shown *shown, enum check_severity severity,
    size_t *left)
{
	struct buf text;
	size_t i;

	for (i = 0; i < shown->n && *left > 0; i++) {
		const struct check_finding *f = shown->v[i];

		if (f->severity != severity) {
			continue;
		}
		buf_init(&text, 8 * CLI_SHOWN_MAX_BYTES);
		escape_reply(&text, f->subject, 80);
		/* "|" ends the text of a plugin. */
		(void)printf("%s%s %s", *left == NAGIOS_SHOWN ? ": " : ", ",
		    f->check, text.p != NULL ? text.p : "");
		buf_fini(&text);
		(*left)--;
	}
}

int
check_print_nagios(const struct check_shown *shown, size_t n)
{
	static const char *const names[] = {
		"OK", "WARNING", "CRITICAL", "UNKNOWN"
	};
	size_t counts[CHECK_SEVERITIES] = { 0 }, unknown = 0;
	size_t left = NAGIOS_SHOWN, i, j;
	enum nagios state;

	for (i = 0; i < n; i++) {
		unknown += shown[i].unknown;
		for (j = 0; j < CHECK_SEVERITIES; j++) {
			counts[j] += shown[i].counts[j];
		}
	}
	state = nagios_state(counts, unknown);
	(void)printf("MAIL %s - %zu domain%s, %zu error%s, %zu warning%s",
	    names[state], n, n == 1 ? "" : "s", counts[CHECK_ERROR],
	    counts[CHECK_ERROR] == 1 ? "" : "s", counts[CHECK_WARN],
	    counts[CHECK_WARN] == 1 ? "" : "s");
	for (i = 0; i < n; i++) {
		print_some(&shown[i], CHECK_ERROR, &left);
	}
	for (i = 0; i < n; i++) {
		print_some(&shown[i], CHECK_WARN, &left);
		print_some(&shown[i], CHECK_UNKNOWN, &left);
	}
	(void)printf(" | errors=%zu warnings=%zu unknown=%zu\n",
	    counts[CHECK_ERROR], counts[CHECK_WARN], counts[CHECK_UNKNOWN]);
	return ((int)state);
}

/* Whether an earlier finding has the same labels. */
static bool
is_repeated(const struct check_shown *shown, size_t i)
{
	size_t j;

	for (j = 0; j < i; j++) {
		if (shown->v[j]->severity == shown->v[i]->severity &&
		    strcmp(shown->v[j]->check, shown->v[i]->check) == 0) {
			return (true);
		}
	}
	return (false);
}

void
check_print_prometheus(const struct check_shown *shown, size_t n)
{
	size_t i, j;

	(void)printf("# HELP mailseal_check A finding about a domain.\n"
	    "# TYPE mailseal_check gauge\n");
	for (i = 0; i < n; i++) {
		for (j = 0; j < shown[i].n; j++) {
			const struct check_finding *f = shown[i].v[j];

			if (f->severity == CHECK_GOOD ||
			    is_repeated(&shown[i], j)) {
				continue;
			}
			(void)printf("mailseal_check{domain=\"%.*s\","
			    "check=\"%s\",severity=\"%s\"} 1\n",
			    STR_FMT(shown[i].report->domain), f->check,
			    check_severity_name(f->severity));
		}
	}
	(void)printf("# HELP mailseal_check_findings Findings about a "
	    "domain.\n# TYPE mailseal_check_findings gauge\n");
	for (i = 0; i < n; i++) {
		for (j = 0; j < CHECK_SEVERITIES; j++) {
			(void)printf("mailseal_check_findings{domain=\"%.*s\","
			    "severity=\"%s\"} %zu\n",
			    STR_FMT(shown[i].report->domain),
			    check_severity_name((enum check_severity)j),
			    shown[i].counts[j]);
		}
	}
}
