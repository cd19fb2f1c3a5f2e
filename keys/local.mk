# What mailseal setup uses, too.
noinst_LIBRARIES += keys/libkeys.a
keys_libkeys_a_SOURCES = \
	keys/keys.h \
	keys/look.h \
	keys/make.h \
	keys/notify.h \
	keys/opts.h \
	keys/policy.h \
	keys/program.h \
	keys/publish.h \
	keys/record.h \
	keys/reported.h \
	keys/rotate.h \
	keys/store.h \
	keys/look.c \
	keys/make.c \
	keys/notify.c \
	keys/opts.c \
	keys/policy.c \
	keys/program.c \
	keys/publish.c \
	keys/record.c \
	keys/reported.c \
	keys/rotate.c \
	keys/rotate_step.c \
	keys/rotated.c \
	keys/store.c

bin_PROGRAMS += keys/dkimkeygen
keys_dkimkeygen_LDFLAGS = $(usual_ldflags)
keys_dkimkeygen_SOURCES = \
	keys/adopt.c \
	keys/change.c \
	keys/check.c \
	keys/delete.c \
	keys/encrypt.c \
	keys/files.c \
	keys/list.c \
	keys/main.c \
	keys/new.c
keys_dkimkeygen_LDADD = keys/libkeys.a $(LDADD)
dist_man_MANS += keys/dkimkeygen.1 keys/dkimkeygen.conf.5
