lib_libmailseal_a_SOURCES += \
	lib/arc/arc.c \
	lib/arc/arc.h \
	lib/arc/check.c \
	lib/arc/private.h \
	lib/arc/seal.c \
	lib/arc/seal.h \
	lib/arc/sets.c
