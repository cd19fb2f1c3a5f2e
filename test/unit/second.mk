# UNIT += test/unit/t_second_FILE
# test_unit_t_second_FILE_SOURCES = test/unit/t_second_FILE.c
