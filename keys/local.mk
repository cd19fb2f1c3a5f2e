bin_PROGRAMS += keys/dkimkeygen
keys_dkimkeygen_SOURCES = \
	keys/check.h \
	keys/keys.h \
	keys/life.h \
	keys/make.h \
	keys/opts.h \
	keys/policy.h \
	keys/record.h \
	keys/store.h \
	keys/change.c \
	keys/check.c \
	keys/check_print.c \
	keys/files.c \
	keys/life.c \
	keys/list.c \
	keys/main.c \
	keys/make.c \
	keys/new.c \
	keys/opts.c \
	keys/policy.c \
	keys/record.c \
	keys/store.c
dist_man_MANS += keys/dkimkeygen.1 keys/dkimkeygen.conf.5
