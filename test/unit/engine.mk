# UNIT += test/unit/t_engine_FILE
# test_unit_t_engine_FILE_SOURCES = test/unit/t_engine_FILE.c
