lib_libmailseal_a_SOURCES += \
	lib/cli/cli.h \
	lib/cli/dns.c \
	lib/cli/io.c \
	lib/cli/options.c \
	lib/cli/progress.c
