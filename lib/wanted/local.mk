lib_libmailseal_a_SOURCES += \
	lib/wanted/provider.c \
	lib/wanted/provider.h \
	lib/wanted/record.c \
	lib/wanted/record.h \
	lib/wanted/wanted.c \
	lib/wanted/wanted.h
