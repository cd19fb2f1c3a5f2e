/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tap: what a unit test prints (Test Anything Protocol). A test program is a
 * main() that runs its checks and returns tap_done(). Every check is one test
 * point with a name; a check that cannot run prints tap_skip with its reason.
 */
#ifndef TEST_UNIT_TAP_H
#define TEST_UNIT_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/str.h"

static unsigned tap_count, tap_failed;

/* One test point; printf-style name. Returns ok. */
static bool ATTR_PRINTF(2, 3) ATTR_UNUSED
tap_ok(bool ok, const char *fmt, ...)
{
	va_list ap;

	tap_count++;
	if (!ok) {
		tap_failed++;
	}
	printf("%sok %u - ", ok ? "" : "not ", tap_count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	return (ok);
}

/* Two strings are equal; both are shown when they are not. */
static bool ATTR_UNUSED
tap_str(struct str got, struct str want, const char *name)
{
	bool ok = got.n == want.n &&
	    (got.n == 0 || memcmp(got.p, want.p, got.n) == 0);

	tap_ok(ok, "%s", name);
	if (!ok) {
		printf("#  got: [%.*s]\n# want: [%.*s]\n", STR_FMT(got),
		    STR_FMT(want));
	}
	return (ok);
}

/* Two numbers (enums, sizes) are equal. */
static bool ATTR_UNUSED
tap_num(long long got, long long want, const char *name)
{
	bool ok = got == want;

	tap_ok(ok, "%s", name);
	if (!ok) {
		printf("#  got: %lld\n# want: %lld\n", got, want);
	}
	return (ok);
}

static void ATTR_UNUSED
tap_skip(const char *name, const char *why)
{
	tap_count++;
	printf("ok %u - %s # SKIP %s\n", tap_count, name, why);
}

static int ATTR_UNUSED
tap_done(void)
{
	printf("1..%u\n", tap_count);
	return (tap_failed != 0);
}

#endif
