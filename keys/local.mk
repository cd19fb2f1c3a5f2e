bin_PROGRAMS += keys/dkimkeygen
keys_dkimkeygen_SOURCES = \
	keys/check.h \
	keys/keys.h \
	keys/check.c \
	keys/check_print.c \
	keys/files.c \
	keys/main.c \
	keys/new.c \
	keys/record.c
dist_man_MANS += keys/dkimkeygen.1
