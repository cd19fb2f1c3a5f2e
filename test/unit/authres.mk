UNIT += test/unit/t_authres_forged
test_unit_t_authres_forged_SOURCES = test/unit/t_authres_forged.c
test_unit_t_authres_forged_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
UNIT += test/unit/t_authres_parse
test_unit_t_authres_parse_SOURCES = test/unit/t_authres_parse.c
UNIT += test/unit/t_authres_write
test_unit_t_authres_write_SOURCES = test/unit/t_authres_write.c
UNIT += test/unit/t_authres_read
test_unit_t_authres_read_SOURCES = test/unit/t_authres_read.c \
	test/unit/authres_oracle.h
