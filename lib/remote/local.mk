lib_libmailseal_a_SOURCES += \
	lib/remote/client.c \
	lib/remote/client.h \
	lib/remote/message.c \
	lib/remote/message.h \
	lib/remote/server.c \
	lib/remote/server.h \
	lib/remote/tally.c \
	lib/remote/tally.h
