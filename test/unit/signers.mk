UNIT += test/unit/t_signers_given test/unit/t_signers_key_checks
test_unit_t_signers_given_SOURCES = test/unit/t_signers_given.c
test_unit_t_signers_key_checks_SOURCES = test/unit/t_signers_key_checks.c
UNIT += test/unit/t_signers_table
test_unit_t_signers_table_SOURCES = test/unit/t_signers_table.c
UNIT += test/unit/t_signers_tables
test_unit_t_signers_tables_SOURCES = test/unit/t_signers_tables.c
UNIT += test/unit/t_signers_memory
test_unit_t_signers_memory_SOURCES = test/unit/t_signers_memory.c
test_unit_t_signers_memory_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
UNIT += test/unit/t_signers_sources
test_unit_t_signers_sources_SOURCES = test/unit/t_signers_sources.c
UNIT += test/unit/t_signers_loss
test_unit_t_signers_loss_SOURCES = test/unit/t_signers_loss.c
UNIT += test/unit/t_signers_picture
test_unit_t_signers_picture_SOURCES = test/unit/t_signers_picture.c
