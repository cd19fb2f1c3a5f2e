UNIT += test/unit/t_tools_player
test_unit_t_tools_player_SOURCES = test/unit/t_tools_player.c
test_unit_t_tools_player_LDADD = tools/libplayer.a $(LDADD)
UNIT += test/unit/t_tools_edit
test_unit_t_tools_edit_SOURCES = test/unit/t_tools_edit.c tools/edit.c \
	tools/edit.h
UNIT += test/unit/t_import
test_unit_t_import_SOURCES = test/unit/t_import.c
test_unit_t_import_LDADD = tools/libimport.a $(LDADD)
UNIT += test/unit/t_cli test/unit/t_cli_progress
test_unit_t_cli_progress_SOURCES = test/unit/t_cli_progress.c
test_unit_t_cli_SOURCES = test/unit/t_cli.c
UNIT += test/unit/t_tools_sendmail_cf
test_unit_t_tools_sendmail_cf_SOURCES = test/unit/t_tools_sendmail_cf.c \
	tools/sendmail_cf.c tools/sendmail_cf.h
