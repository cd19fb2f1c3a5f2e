# UNIT += test/unit/t_dkim_FILE
# test_unit_t_dkim_FILE_SOURCES = test/unit/t_dkim_FILE.c
