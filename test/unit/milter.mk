UNIT += test/unit/t_milter_apply
test_unit_t_milter_apply_SOURCES = test/unit/t_milter_apply.c \
	milter/apply.c milter/apply.h
UNIT += test/unit/t_milter_logline
test_unit_t_milter_logline_SOURCES = test/unit/t_milter_logline.c \
	milter/logline_json.c milter/logline_text.c milter/logline.h
UNIT += test/unit/t_milter_negotiate
test_unit_t_milter_negotiate_SOURCES = test/unit/t_milter_negotiate.c \
	milter/negotiate.c milter/negotiate.h
