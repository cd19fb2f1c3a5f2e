UNIT += test/unit/t_keys_policy
test_unit_t_keys_policy_SOURCES = test/unit/t_keys_policy.c keys/policy.c
UNIT += test/unit/t_keys_program
test_unit_t_keys_program_SOURCES = test/unit/t_keys_program.c keys/program.c
UNIT += test/unit/t_keys_memory
test_unit_t_keys_memory_SOURCES = test/unit/t_keys_memory.c keys/policy.c \
	keys/program.c
test_unit_t_keys_memory_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
