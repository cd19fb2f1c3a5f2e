/* SPDX-License-Identifier: BSD-2-Clause */
/* read_unit: one input, its limits, its reports and what is wrong with it. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "report/read_private.h"

static uint64_t
cpu_us(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == -1) {
		return (0);
	}
	return ((uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000);
}

void
read_unit_init(struct read_unit *u, const struct env *env)
{
	memset(u, 0, sizeof(*u));
	u->env = env;
	u->tail = &u->first;
	u->cpu_start_us = cpu_us();
}

void
read_unit_fini(struct read_unit *u)
{
	struct report *next;

	for (; u->first != NULL; u->first = next) {
		next = u->first->next;
		report_free(u->first);
	}
	while (u->warnings_n > 0) {
		free(u->warnings[--u->warnings_n]);
	}
}

void
read_unit_add(struct read_unit *u, struct report *report)
{
	*u->tail = report;
	u->tail = &report->next;
	u->reports_n++;
}

void
read_unit_warn(struct read_unit *u, const char *fmt, ...)
{
	char text[READ_REASON_BYTES];
	va_list ap;

	if (u->warnings_n == READ_WARNINGS_MAX) {
		return;
	}
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	u->warnings[u->warnings_n] = strdup(text);
	u->warnings_n += u->warnings[u->warnings_n] != NULL;
}

enum read_result
read_unit_fail(struct read_unit *u, enum read_result result,
    const char *fmt, ...)
{
	va_list ap;

	if (result > u->worst) {
		u->worst = result;
		va_start(ap, fmt);
		(void)vsnprintf(u->reason, sizeof(u->reason), fmt, ap);
		va_end(ap);
	}
	return (result);
}

bool
read_unit_spend(struct read_unit *u, size_t n)
{
	u->unpacked_bytes += n;
	if (u->unpacked_bytes > READ_UNPACKED_MAX_BYTES) {
		(void)read_unit_fail(u, READ_LIMIT, "more than %llu MiB when "
		    "unpacked", (unsigned long long)(READ_UNPACKED_MAX_BYTES /
		    (1024 * 1024)));
	} else if (u->unpacked_bytes > READ_RATIO_FREE_BYTES &&
	    u->unpacked_bytes / READ_RATIO_MAX > u->packed_bytes) {
		(void)read_unit_fail(u, READ_LIMIT, "unpacks to more than %d "
		    "times its size", READ_RATIO_MAX);
	} else if (cpu_us() - u->cpu_start_us > READ_CPU_MAX_US) {
		(void)read_unit_fail(u, READ_LIMIT, "takes more than %llu "
		    "seconds to read",
		    (unsigned long long)(READ_CPU_MAX_US / 1000000));
	}
	return (!read_unit_over(u));
}

bool
read_unit_over(const struct read_unit *u)
{
	return (u->worst >= READ_LIMIT);
}

const char *
read_text(struct report *report, struct str s)
{
	const char *copy;

	if (s.n > READ_TEXT_MAX_BYTES) {
		s.n = READ_TEXT_MAX_BYTES;
		report_warn(report, "a value of more than %d bytes was cut",
		    READ_TEXT_MAX_BYTES);
	}
	copy = s.n > 0 ? arena_cstr(&report->arena, s) : "";
	if (copy == NULL) {
		report_warn(report, "out of memory for texts");
		return ("");
	}
	return (copy);
}
