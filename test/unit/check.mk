UNIT += test/unit/t_check_check
test_unit_t_check_check_SOURCES = test/unit/t_check_check.c
EXTRA_DIST += test/unit/check_lab.h
UNIT += test/unit/t_check_hostile
test_unit_t_check_hostile_SOURCES = test/unit/t_check_hostile.c
UNIT += test/unit/t_check_memory
test_unit_t_check_memory_SOURCES = test/unit/t_check_memory.c
test_unit_t_check_memory_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
