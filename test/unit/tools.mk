UNIT += test/unit/t_tools_player
test_unit_t_tools_player_SOURCES = test/unit/t_tools_player.c
test_unit_t_tools_player_LDADD = tools/libplayer.a $(LDADD)
