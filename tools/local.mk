# The MTA's side of the milter protocol, for mailseal try and the bench.
noinst_LIBRARIES += tools/libplayer.a
tools_libplayer_a_SOURCES = \
	tools/player.h \
	tools/player_conn.h \
	tools/player_io.h \
	tools/player_wire.h \
	tools/player.c \
	tools/player_io.c \
	tools/player_play.c \
	tools/player_script.c \
	tools/player_wire.c
