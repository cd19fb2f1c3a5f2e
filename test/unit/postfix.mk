UNIT += test/unit/t_postfix_milters
test_unit_t_postfix_milters_SOURCES = test/unit/t_postfix_milters.c
