lib_libmailseal_a_SOURCES += \
	lib/signers/given.c \
	lib/signers/key_checks.c \
	lib/signers/key_checks.h \
	lib/signers/private.h \
	lib/signers/signers.c \
	lib/signers/signers.h
