EXTRA_DIST += test/unit/dmarc_lab.h
UNIT += test/unit/t_dmarc_dmarc
test_unit_t_dmarc_dmarc_SOURCES = test/unit/t_dmarc_dmarc.c
UNIT += test/unit/t_dmarc_memory
test_unit_t_dmarc_memory_SOURCES = test/unit/t_dmarc_memory.c
test_unit_t_dmarc_memory_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
UNIT += test/unit/t_dmarc_psl
test_unit_t_dmarc_psl_SOURCES = test/unit/t_dmarc_psl.c
UNIT += test/unit/t_dmarc_record
test_unit_t_dmarc_record_SOURCES = test/unit/t_dmarc_record.c
UNIT += test/unit/t_dmarc_uri
test_unit_t_dmarc_uri_SOURCES = test/unit/t_dmarc_uri.c
UNIT += test/unit/t_dmarc_walk
test_unit_t_dmarc_walk_SOURCES = test/unit/t_dmarc_walk.c
