lib_libmailseal_a_SOURCES += \
	lib/iprev/iprev.c \
	lib/iprev/iprev.h
