lib_libmailseal_a_SOURCES += \
	lib/base/access.h \
	lib/base/arena.h \
	lib/base/attr.h \
	lib/base/b64.h \
	lib/base/buf.h \
	lib/base/diag.h \
	lib/base/env.h \
	lib/base/escape.h \
	lib/base/ip.h \
	lib/base/file.h \
	lib/base/status.h \
	lib/base/str.h \
	lib/base/strmap.h \
	lib/base/utf8.h \
	lib/base/access.c \
	lib/base/arena.c \
	lib/base/b64.c \
	lib/base/buf.c \
	lib/base/diag.c \
	lib/base/env.c \
	lib/base/escape.c \
	lib/base/ip.c \
	lib/base/file.c \
	lib/base/status.c \
	lib/base/str.c \
	lib/base/strmap.c \
	lib/base/utf8.c
