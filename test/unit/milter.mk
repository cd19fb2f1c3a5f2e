# UNIT += test/unit/t_milter_FILE
# test_unit_t_milter_FILE_SOURCES = test/unit/t_milter_FILE.c
