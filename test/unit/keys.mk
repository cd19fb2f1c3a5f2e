# UNIT += test/unit/t_keys_FILE
# test_unit_t_keys_FILE_SOURCES = test/unit/t_keys_FILE.c
