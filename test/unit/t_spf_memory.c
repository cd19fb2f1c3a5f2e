/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fails each allocation of an evaluation in turn. The evaluation returns NOMEM,
 * or the result is temperror for a lost answer, or the explanation is missing;
 * the result is never another one.
 */
#include "test/unit/alloc_fail.h"
#include "test/unit/spf_lab.h"

static const char world[] =
    "t.example TXT \"v=spf1 include:i.example mx a:%{l}.%{p}.x ?exists:e.x "
    "-all exp=why.example\"\nt.example MX 10 t.example\n"
    "t.example A 192.0.2.9\ni.example TXT \"v=spf1 redirect=r.example\"\n"
    "r.example TXT \"v=spf1 ptr ip4:198.51.100.0/24 ?all\"\n"
    "me.h.example.x A 192.0.2.9\n1.2.0.192.in-addr.arpa PTR h.example\n"
    "h.example A 192.0.2.1\nwhy.example TXT \"%{S}, you are %{p}\"\n";

static bool
is_expected(enum status status, const struct spf_verdict *v)
{
	if (status != STATUS_OK) {
		return (status == STATUS_NOMEM);
	}
	return (v->result == SPF_TEMPERROR || v->result == SPF_FAIL);
}

static void
test_heap(void)
{
	struct spf_opts opts = lab_opts("192.0.2.1", "h.example",
	    "me@t.example");
	struct spf_verdict v = { .result = SPF_NONE };
	enum status status = STATUS_OK;
	bool failed = true, good = true;
	unsigned at, refused = 0;
	struct lab lab;

	for (at = 0; failed && at < ALLOC_FAIL_MAX; at++) {
		lab_init(&lab, str_from(world));
		lab_next(&lab);
		alloc_fail_at(at);
		status = spf_check(&lab.arena, &opts, lab.batch, UINT64_MAX,
		    &v);
		failed = alloc_failed();
		good = good && is_expected(status, &v);
		refused += status == STATUS_NOMEM;
		if (failed) {
			lab_fini(&lab);
		}
	}
	tap_ok(good && refused > 0, "%u allocations failed, %u times NOMEM",
	    at - 1, refused);
	tap_ok(status == STATUS_OK && v.result == SPF_FAIL, "then OK");
	tap_str(v.explanation, STR("me%40t.example, you are h.example"),
	    "explanation");
	lab_fini(&lab);
}

static void
test_arena(void)
{
	struct spf_opts opts = lab_opts("192.0.2.1", "h.example",
	    "me@t.example");
	enum status status = STATUS_NOMEM;
	struct spf_verdict v;
	unsigned refused = 0;
	struct lab lab;
	size_t max;

	for (max = 0; status == STATUS_NOMEM && max < LAB_ARENA_BYTES;
	    max += 16) {
		lab_init(&lab, str_from(world));
		lab_next(&lab);
		lab.arena.max_bytes = max;
		status = spf_check(&lab.arena, &opts, lab.batch, UINT64_MAX,
		    &v);
		refused += status == STATUS_NOMEM;
		lab_fini(&lab);
	}
	tap_ok(status == STATUS_OK && refused > 0,
	    "NOMEM under %u limits, then OK", refused);
}

int
main(void)
{
	test_heap();
	test_arena();
	return (tap_done());
}
