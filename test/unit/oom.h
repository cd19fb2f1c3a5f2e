/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * oom: runs something under every arena ceiling from nothing up, until it has
 * enough. Each time before, it must say NOMEM (and the sanitizers nothing).
 */
#ifndef TEST_UNIT_OOM_H
#define TEST_UNIT_OOM_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/status.h"
#include "tap.h"

#define OOM_STEP_BYTES	16
#define OOM_MAX_BYTES	(64 * 1024)

static void ATTR_UNUSED
oom_check(enum status (*run)(struct arena *), const char *name)
{
	enum status status = STATUS_NOMEM;
	unsigned refused = 0;
	struct arena a;
	size_t max;

	for (max = 0; status == STATUS_NOMEM && max <= OOM_MAX_BYTES;
	    max += OOM_STEP_BYTES) {
		arena_init(&a, max);
		status = run(&a);
		refused += status == STATUS_NOMEM;
		arena_fini(&a);
	}
	tap_ok(status == STATUS_OK && refused > 0,
	    "%s: NOMEM under %u ceilings, then well", name, refused);
}

#endif
