UNIT += test/unit/t_arc_memory
test_unit_t_arc_memory_SOURCES = test/unit/t_arc_memory.c
test_unit_t_arc_memory_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
UNIT += test/unit/t_arc_seal
test_unit_t_arc_seal_SOURCES = test/unit/t_arc_seal.c
UNIT += test/unit/t_arc_sets
test_unit_t_arc_sets_SOURCES = test/unit/t_arc_sets.c
