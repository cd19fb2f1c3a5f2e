lib_libmailseal_a_SOURCES += \
	lib/signers/age.c \
	lib/signers/cache.c \
	lib/signers/cache.h \
	lib/signers/find.c \
	lib/signers/given.c \
	lib/signers/glob.c \
	lib/signers/key_checks.c \
	lib/signers/key_checks.h \
	lib/signers/key_table.c \
	lib/signers/lost.c \
	lib/signers/named.c \
	lib/signers/named.h \
	lib/signers/overlap.c \
	lib/signers/private.h \
	lib/signers/reader.c \
	lib/signers/signers.c \
	lib/signers/sources.c \
	lib/signers/stored.c \
	lib/signers/stored.h \
	lib/signers/stored_private.h \
	lib/signers/stored_read.c \
	lib/signers/signers.h \
	lib/signers/signing_table.c \
	lib/signers/survey.c \
	lib/signers/survey.h \
	lib/signers/table.h \
	lib/signers/tables.c
