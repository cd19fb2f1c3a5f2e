lib_libmailseal_a_SOURCES += \
	lib/mail/addr.h \
	lib/mail/addr_read.h \
	lib/mail/addr_scan.h \
	lib/mail/canon.h \
	lib/mail/domain.h \
	lib/mail/encoded.h \
	lib/mail/field.h \
	lib/mail/message.h \
	lib/mail/taglist.h \
	lib/mail/addr.c \
	lib/mail/addr_read.c \
	lib/mail/addr_scan.c \
	lib/mail/addr_form.c \
	lib/mail/addr_form.h \
	lib/mail/canon_body.c \
	lib/mail/lines.c \
	lib/mail/lines.h \
	lib/mail/lines_field.c \
	lib/mail/canon_header.c \
	lib/mail/domain.c \
	lib/mail/encoded.c \
	lib/mail/field.c \
	lib/mail/message.c \
	lib/mail/received.c \
	lib/mail/received.h \
	lib/mail/taglist.c
