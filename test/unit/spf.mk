UNIT += test/unit/t_spf_check test/unit/t_spf_limits test/unit/t_spf_macro \
	test/unit/t_spf_record
test_unit_t_spf_limits_SOURCES = test/unit/t_spf_limits.c
test_unit_t_spf_check_SOURCES = test/unit/t_spf_check.c
test_unit_t_spf_macro_SOURCES = test/unit/t_spf_macro.c
test_unit_t_spf_record_SOURCES = test/unit/t_spf_record.c
UNIT += test/unit/t_spf_memory
test_unit_t_spf_memory_SOURCES = test/unit/t_spf_memory.c
test_unit_t_spf_memory_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
EXTRA_DIST += test/unit/spf_lab.h
UNIT += test/unit/t_spf_received
test_unit_t_spf_received_SOURCES = test/unit/t_spf_received.c
UNIT += test/unit/t_spf_survey
test_unit_t_spf_survey_SOURCES = test/unit/t_spf_survey.c
