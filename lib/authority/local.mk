lib_libmailseal_a_SOURCES += \
	lib/authority/authority.c \
	lib/authority/authority.h
