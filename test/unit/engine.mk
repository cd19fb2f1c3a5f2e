UNIT += test/unit/t_engine_second
test_unit_t_engine_second_SOURCES = test/unit/t_engine_second.c $(ENGINE_FIXTURE)
UNIT += test/unit/t_engine_sender
test_unit_t_engine_sender_SOURCES = test/unit/t_engine_sender.c $(ENGINE_FIXTURE)
UNIT += test/unit/t_engine_checks
test_unit_t_engine_checks_SOURCES = test/unit/t_engine_checks.c $(ENGINE_FIXTURE)
UNIT += test/unit/t_engine_policy
test_unit_t_engine_policy_SOURCES = test/unit/t_engine_policy.c $(ENGINE_FIXTURE)
UNIT += test/unit/t_engine_forged
test_unit_t_engine_forged_SOURCES = test/unit/t_engine_forged.c $(ENGINE_FIXTURE)
UNIT += test/unit/t_engine_decide
test_unit_t_engine_decide_SOURCES = test/unit/t_engine_decide.c $(ENGINE_FIXTURE)
UNIT += test/unit/t_engine_direction
test_unit_t_engine_direction_SOURCES = test/unit/t_engine_direction.c $(ENGINE_FIXTURE)
UNIT += test/unit/t_engine_memory
test_unit_t_engine_memory_SOURCES = test/unit/t_engine_memory.c $(ENGINE_FIXTURE)
UNIT += test/unit/t_engine_message
test_unit_t_engine_message_SOURCES = test/unit/t_engine_message.c $(ENGINE_FIXTURE)
UNIT += test/unit/t_engine_opinion
test_unit_t_engine_opinion_SOURCES = test/unit/t_engine_opinion.c $(ENGINE_FIXTURE)
UNIT += test/unit/t_engine_results
test_unit_t_engine_results_SOURCES = test/unit/t_engine_results.c $(ENGINE_FIXTURE)
UNIT += test/unit/t_engine_threads
test_unit_t_engine_threads_SOURCES = test/unit/t_engine_threads.c $(ENGINE_FIXTURE)
UNIT += test/unit/t_engine_own_signatures
test_unit_t_engine_own_signatures_SOURCES = \
	test/unit/t_engine_own_signatures.c $(ENGINE_FIXTURE)
UNIT += test/unit/t_engine_returned
test_unit_t_engine_returned_SOURCES = test/unit/t_engine_returned.c $(ENGINE_FIXTURE)
UNIT += test/unit/t_engine_trace
test_unit_t_engine_trace_SOURCES = test/unit/t_engine_trace.c $(ENGINE_FIXTURE)
UNIT += test/unit/t_engine_way
test_unit_t_engine_way_SOURCES = test/unit/t_engine_way.c $(ENGINE_FIXTURE)
UNIT += test/unit/t_engine_signing
test_unit_t_engine_signing_SOURCES = test/unit/t_engine_signing.c $(ENGINE_FIXTURE)

UNIT += test/unit/t_engine_own_keys
test_unit_t_engine_own_keys_SOURCES = test/unit/t_engine_own_keys.c $(ENGINE_FIXTURE)
UNIT += test/unit/t_engine_arc_override
test_unit_t_engine_arc_override_SOURCES = test/unit/t_engine_arc_override.c
UNIT += test/unit/t_engine_sealing
test_unit_t_engine_sealing_SOURCES = test/unit/t_engine_sealing.c $(ENGINE_FIXTURE)
UNIT += test/unit/t_engine_lines
test_unit_t_engine_lines_SOURCES = test/unit/t_engine_lines.c $(ENGINE_FIXTURE)
UNIT += test/unit/t_engine_utf8
test_unit_t_engine_utf8_SOURCES = test/unit/t_engine_utf8.c $(ENGINE_FIXTURE)
UNIT += test/unit/t_engine_broken
test_unit_t_engine_broken_SOURCES = test/unit/t_engine_broken.c $(ENGINE_FIXTURE)
UNIT += test/unit/t_engine_report
test_unit_t_engine_report_SOURCES = test/unit/t_engine_report.c \
	test/unit/engine_reports.h $(ENGINE_FIXTURE)
UNIT += test/unit/t_engine_logins
test_unit_t_engine_logins_SOURCES = test/unit/t_engine_logins.c $(ENGINE_FIXTURE)
UNIT += test/unit/t_engine_failure
test_unit_t_engine_failure_SOURCES = test/unit/t_engine_failure.c \
	test/unit/engine_reports.h $(ENGINE_FIXTURE)
test_unit_t_engine_failure_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
