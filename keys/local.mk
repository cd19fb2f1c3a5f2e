bin_PROGRAMS += keys/dkimkeygen
keys_dkimkeygen_SOURCES = \
	keys/keys.h \
	keys/check.c \
	keys/files.c \
	keys/main.c \
	keys/new.c \
	keys/record.c
dist_man_MANS += keys/dkimkeygen.1
