lib_libmailseal_a_SOURCES += \
	lib/dkim/body.h \
	lib/dkim/cover.h \
	lib/dkim/header.h \
	lib/dkim/key.h \
	lib/dkim/result.h \
	lib/dkim/self_check.h \
	lib/dkim/sign.h \
	lib/dkim/sign_names.h \
	lib/dkim/sign_writer.h \
	lib/dkim/signature.h \
	lib/dkim/signature_value.h \
	lib/dkim/verify.h \
	lib/dkim/body.c \
	lib/dkim/cover.c \
	lib/dkim/header.c \
	lib/dkim/key.c \
	lib/dkim/result.c \
	lib/dkim/self_check.c \
	lib/dkim/sign.c \
	lib/dkim/sign_names.c \
	lib/dkim/sign_writer.c \
	lib/dkim/signature.c \
	lib/dkim/signature_value.c \
	lib/dkim/verify.c
