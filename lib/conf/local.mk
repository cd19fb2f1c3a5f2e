lib_libmailseal_a_SOURCES += \
	lib/conf/conf.h \
	lib/conf/hosts.h
