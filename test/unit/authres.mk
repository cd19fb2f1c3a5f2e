# UNIT += test/unit/t_authres_FILE
# test_unit_t_authres_FILE_SOURCES = test/unit/t_authres_FILE.c
