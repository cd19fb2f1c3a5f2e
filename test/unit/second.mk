# The tests of lib/engine and lib/second share a fixture.
ENGINE_FIXTURE = test/unit/engine_fixture.h test/unit/engine_fixture.c
UNIT += test/unit/t_second_second
test_unit_t_second_second_SOURCES = test/unit/t_second_second.c $(ENGINE_FIXTURE)
UNIT += test/unit/t_second_dmarc
test_unit_t_second_dmarc_SOURCES = test/unit/t_second_dmarc.c
