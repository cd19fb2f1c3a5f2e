lib_libmailseal_a_SOURCES += \
	lib/dmarc/address.h \
	lib/dmarc/dmarc.h \
	lib/dmarc/external.h \
	lib/dmarc/private.h \
	lib/dmarc/psl.h \
	lib/dmarc/record.h \
	lib/dmarc/uri.h \
	lib/dmarc/walk.h \
	lib/dmarc/address.c \
	lib/dmarc/align.c \
	lib/dmarc/discover.c \
	lib/dmarc/dmarc.c \
	lib/dmarc/external.c \
	lib/dmarc/psl.c \
	lib/dmarc/record.c \
	lib/dmarc/uri.c \
	lib/dmarc/walk.c
