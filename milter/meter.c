/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "milter/meter.h"

const uint64_t meter_limits_us[METER_LIMITS] = {
	1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000,
	1000000, 2500000, 5000000, 10000000
};

static void
add_count(atomic_uint_fast64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static void
add_time(struct meter_times *times, uint64_t us)
{
	size_t i = 0;

	while (i < METER_LIMITS && us > meter_limits_us[i]) {
		i++;
	}
	add_count(&times->buckets[i], 1);
	add_count(&times->sum_us, us);
}

void
meter_count(struct meter *meter, const struct engine_outcome *outcome,
    enum engine_verdict verdict)
{
	bool tagged = verdict == ENGINE_QUARANTINE &&
	    !engine_outcome_is_held(outcome);

	add_count(&meter->messages[outcome->direction][tagged ? METER_TAG :
	    (unsigned)verdict], 1);
	if (engine_verdict_accepts(verdict)) {
		add_count(&meter->signatures, outcome->signatures_n);
	}
	add_time(&meter->message_times, outcome->elapsed_us);
	add_time(&meter->dns_waits, outcome->dns_wait_us);
}

void
meter_count_unexamined(struct meter *meter, enum engine_verdict verdict)
{
	add_count(&meter->messages[ENGINE_UNDECIDED][verdict], 1);
}

void
meter_note_load(struct meter *meter, bool ok, int64_t now_s)
{
	if (ok) {
		atomic_store(&meter->loaded_s, now_s);
	}
	atomic_store(&meter->load_failed, !ok);
}
