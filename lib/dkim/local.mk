lib_libmailseal_a_SOURCES += \
	lib/dkim/body.h \
	lib/dkim/header.h \
	lib/dkim/key.h \
	lib/dkim/result.h \
	lib/dkim/sign.h \
	lib/dkim/signature.h \
	lib/dkim/verify.h
