UNIT += test/unit/t_report_read
test_unit_t_report_read_SOURCES = test/unit/t_report_read.c
UNIT += test/unit/t_report_memory
test_unit_t_report_memory_SOURCES = test/unit/t_report_memory.c
test_unit_t_report_memory_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
