lib_libmailseal_a_SOURCES += \
	lib/postfix/milters.h \
	lib/postfix/milters.c
