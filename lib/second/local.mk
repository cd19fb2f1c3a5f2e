lib_libmailseal_a_SOURCES += \
	lib/second/second.h
