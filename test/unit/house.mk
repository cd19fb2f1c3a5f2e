# UNIT += test/unit/t_house_FILE
# test_unit_t_house_FILE_SOURCES = test/unit/t_house_FILE.c
