lib_libmailseal_a_SOURCES += \
	lib/probe/https.c \
	lib/probe/policy.c \
	lib/probe/policy.h \
	lib/probe/private.h \
	lib/probe/probe.c \
	lib/probe/probe.h \
	lib/probe/reply.c \
	lib/probe/reply.h \
	lib/probe/smtp.c \
	lib/probe/wire.c
