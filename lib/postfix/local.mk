lib_libmailseal_a_SOURCES += \
	lib/postfix/config.h \
	lib/postfix/config.c \
	lib/postfix/guards.h \
	lib/postfix/guards.c \
	lib/postfix/milters.h \
	lib/postfix/milters.c
