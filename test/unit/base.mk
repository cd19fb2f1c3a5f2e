# UNIT += test/unit/t_base_FILE
# test_unit_t_base_FILE_SOURCES = test/unit/t_base_FILE.c
