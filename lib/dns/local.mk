lib_libmailseal_a_SOURCES += \
	lib/dns/dns.h
