UNIT += test/unit/t_arc_sets
test_unit_t_arc_sets_SOURCES = test/unit/t_arc_sets.c
