UNIT += test/unit/t_report_read
test_unit_t_report_read_SOURCES = test/unit/t_report_read.c
UNIT += test/unit/t_report_memory
test_unit_t_report_memory_SOURCES = test/unit/t_report_memory.c
test_unit_t_report_memory_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
UNIT += test/unit/t_report_kept test/unit/t_report_store
test_unit_t_report_kept_SOURCES = test/unit/t_report_kept.c \
	test/unit/report_rows.h
test_unit_t_report_store_SOURCES = test/unit/t_report_store.c \
	test/unit/report_rows.h test/unit/store_lab.h
UNIT += test/unit/t_report_collect
test_unit_t_report_collect_SOURCES = test/unit/t_report_collect.c \
	test/unit/report_rows.h
UNIT += test/unit/t_report_store_memory
test_unit_t_report_store_memory_SOURCES = test/unit/t_report_store_memory.c \
	test/unit/report_rows.h
test_unit_t_report_store_memory_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
UNIT += test/unit/t_report_store_read
test_unit_t_report_store_read_SOURCES = test/unit/t_report_store_read.c \
	test/unit/report_rows.h
UNIT += test/unit/t_report_bounce
test_unit_t_report_bounce_SOURCES = test/unit/t_report_bounce.c
UNIT += test/unit/t_report_write
test_unit_t_report_write_SOURCES = test/unit/t_report_write.c
UNIT += test/unit/t_report_redact
test_unit_t_report_redact_SOURCES = test/unit/t_report_redact.c
UNIT += test/unit/t_report_failures
test_unit_t_report_failures_SOURCES = test/unit/t_report_failures.c \
	test/unit/store_lab.h
UNIT += test/unit/t_report_received
test_unit_t_report_received_SOURCES = test/unit/t_report_received.c \
	test/unit/store_lab.h
