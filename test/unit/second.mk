UNIT += test/unit/t_second_second
test_unit_t_second_second_SOURCES = test/unit/t_second_second.c
UNIT += test/unit/t_second_dmarc
test_unit_t_second_dmarc_SOURCES = test/unit/t_second_dmarc.c
