lib_libmailseal_a_SOURCES += \
	lib/authres/authres.h \
	lib/authres/scan.h \
	lib/authres/forged.c \
	lib/authres/parse.c \
	lib/authres/read.c \
	lib/authres/scan.c \
	lib/authres/write.c
