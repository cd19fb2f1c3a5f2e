UNIT += test/unit/t_authres_write
test_unit_t_authres_write_SOURCES = test/unit/t_authres_write.c
