lib_libmailseal_a_SOURCES += \
	lib/authres/authres.h
