lib_libmailseal_a_SOURCES += \
	lib/base/arena.h \
	lib/base/attr.h \
	lib/base/b64.h \
	lib/base/buf.h \
	lib/base/diag.h \
	lib/base/env.h \
	lib/base/escape.h \
	lib/base/status.h \
	lib/base/str.h \
	lib/base/status.c
