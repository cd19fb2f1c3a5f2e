UNIT += test/unit/t_wanted_provider test/unit/t_wanted_record \
	test/unit/t_wanted_wanted
test_unit_t_wanted_provider_SOURCES = test/unit/t_wanted_provider.c
test_unit_t_wanted_record_SOURCES = test/unit/t_wanted_record.c
test_unit_t_wanted_wanted_SOURCES = test/unit/t_wanted_wanted.c
