UNIT += test/unit/t_signers_given
test_unit_t_signers_given_SOURCES = test/unit/t_signers_given.c
