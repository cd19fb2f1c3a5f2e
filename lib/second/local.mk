lib_libmailseal_a_SOURCES += \
	lib/second/dmarc.c \
	lib/second/dmarc.h \
	lib/second/lookup.c \
	lib/second/private.h \
	lib/second/results.c \
	lib/second/second.c \
	lib/second/second.h
