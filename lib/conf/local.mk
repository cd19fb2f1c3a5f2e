lib_libmailseal_a_SOURCES += \
	lib/conf/conf.h \
	lib/conf/hosts.h \
	lib/conf/logins.h \
	lib/conf/names.h \
	lib/conf/table.h \
	lib/conf/authserv.c \
	lib/conf/check.c \
	lib/conf/file.c \
	lib/conf/hide.c \
	lib/conf/hosts.c \
	lib/conf/key.c \
	lib/conf/lists.c \
	lib/conf/load.c \
	lib/conf/logins.c \
	lib/conf/names.c \
	lib/conf/nearest.c \
	lib/conf/options.c \
	lib/conf/reader.c \
	lib/conf/reports.c \
	lib/conf/values.c
