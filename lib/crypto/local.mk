lib_libmailseal_a_SOURCES += \
	lib/crypto/crypto.h
