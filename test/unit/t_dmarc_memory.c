/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fails each allocation of an evaluation in turn, then runs it with every
 * limit of the arena. The result is NOMEM or the right verdict.
 */
#include "test/unit/alloc_fail.h"
#include "test/unit/dmarc_lab.h"

#define STEP_BYTES	16

static const char zone[] =
    REC("example.com", "p=none; np=reject")
    "a.example.com A 192.0.2.1\n";

/* Four walks, an existence query, two rounds. */
static enum status
run_case(struct lab *lab, enum dmarc_result *result_r)
{
	struct dmarc *dmarc;
	enum status status;

	status = lab_try(lab, NULL, (struct lab_case){
	    "a.example.com x.example", "b.example.com", "c.example.com" },
	    NULL, &dmarc);
	if (status == STATUS_OK) {
		*result_r = dmarc_get(dmarc, 0)->result;
	}
	return (status);
}

static void
check_heap(void)
{
	unsigned at, refused = 0, honest = 0;
	enum dmarc_result result = DMARC_NONE;
	enum status status;
	bool failed = true;
	struct lab lab;

	for (at = 0; failed && at < ALLOC_FAIL_MAX; at++) {
		lab_init(&lab, str_from(zone));
		alloc_fail_at(at);
		status = run_case(&lab, &result);
		failed = alloc_failed();
		refused += status == STATUS_NOMEM;
		/* An answer lost to NOMEM counts as a DNS failure. */
		honest += status == STATUS_NOMEM || result == DMARC_PASS ||
		    (failed && result == DMARC_TEMPERROR);
		lab_fini(&lab);
	}
	tap_ok(!failed && refused > 0, "heap: NOMEM %u times, then OK",
	    refused);
	tap_num(honest, at, "no wrong verdict");
}

static void
check_arena(void)
{
	enum status status = STATUS_NOMEM;
	enum dmarc_result result = DMARC_NONE;
	unsigned refused = 0;
	struct lab lab;
	size_t max;

	for (max = 0; status == STATUS_NOMEM && max < 1 << 20;
	    max += STEP_BYTES) {
		lab_init(&lab, str_from(zone));
		arena_fini(&lab.arena);
		arena_init(&lab.arena, max);
		status = run_case(&lab, &result);
		refused += status == STATUS_NOMEM;
		lab_fini(&lab);
	}
	tap_ok(status == STATUS_OK && refused > 0 && result == DMARC_PASS,
	    "arena: NOMEM under %u limits, then OK", refused);
}

int
main(void)
{
	check_heap();
	check_arena();
	return (tap_done());
}
