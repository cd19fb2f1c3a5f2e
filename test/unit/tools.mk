# UNIT += test/unit/t_tools_FILE
# test_unit_t_tools_FILE_SOURCES = test/unit/t_tools_FILE.c
