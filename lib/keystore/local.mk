lib_libmailseal_a_SOURCES += \
	lib/keystore/dir.c \
	lib/keystore/dir.h \
	lib/keystore/dir_list.c \
	lib/keystore/dir_write.c \
	lib/keystore/entries.c \
	lib/keystore/entries.h \
	lib/keystore/fields.c \
	lib/keystore/fields.h \
	lib/keystore/files.c \
	lib/keystore/files.h \
	lib/keystore/keystore.c \
	lib/keystore/keystore.h \
	lib/keystore/life.c \
	lib/keystore/life.h \
	lib/keystore/lock.c \
	lib/keystore/lock.h \
	lib/keystore/passphrase.c \
	lib/keystore/passphrase.h \
	lib/keystore/postgres.c \
	lib/keystore/private.h \
	lib/keystore/sql.c \
	lib/keystore/sql.h \
	lib/keystore/sqlite.c \
	lib/keystore/state.c
