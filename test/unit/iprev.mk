UNIT += test/unit/t_iprev_iprev
test_unit_t_iprev_iprev_SOURCES = test/unit/t_iprev_iprev.c
