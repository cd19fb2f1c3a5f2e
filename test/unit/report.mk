UNIT += test/unit/t_report_read
test_unit_t_report_read_SOURCES = test/unit/t_report_read.c
