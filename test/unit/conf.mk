UNIT += test/unit/t_conf_hosts
test_unit_t_conf_hosts_SOURCES = test/unit/t_conf_hosts.c
UNIT += test/unit/t_conf_judging
test_unit_t_conf_judging_SOURCES = test/unit/t_conf_judging.c
UNIT += test/unit/t_conf_key
test_unit_t_conf_key_SOURCES = test/unit/t_conf_key.c
UNIT += test/unit/t_conf_load
test_unit_t_conf_load_SOURCES = test/unit/t_conf_load.c
UNIT += test/unit/t_conf_manual
test_unit_t_conf_manual_SOURCES = test/unit/t_conf_manual.c keys/policy.c
UNIT += test/unit/t_conf_memory
test_unit_t_conf_memory_SOURCES = test/unit/t_conf_memory.c
test_unit_t_conf_memory_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
UNIT += test/unit/t_conf_usual
test_unit_t_conf_usual_SOURCES = test/unit/t_conf_usual.c
UNIT += test/unit/t_conf_reports
test_unit_t_conf_reports_SOURCES = test/unit/t_conf_reports.c
