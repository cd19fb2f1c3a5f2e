UNIT += test/unit/t_postfix_milters test/unit/t_postfix_guards \
	test/unit/t_postfix_config
test_unit_t_postfix_milters_SOURCES = test/unit/t_postfix_milters.c
test_unit_t_postfix_guards_SOURCES = test/unit/t_postfix_guards.c
test_unit_t_postfix_config_SOURCES = test/unit/t_postfix_config.c
