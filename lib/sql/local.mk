lib_libmailseal_a_SOURCES += \
	lib/sql/postgres.c \
	lib/sql/private.h \
	lib/sql/sql.c \
	lib/sql/sql.h \
	lib/sql/sqlite.c
