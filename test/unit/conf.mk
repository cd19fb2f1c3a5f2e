# UNIT += test/unit/t_conf_FILE
# test_unit_t_conf_FILE_SOURCES = test/unit/t_conf_FILE.c
