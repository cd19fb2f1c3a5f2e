lib_libmailseal_a_SOURCES += \
	lib/check/check.h \
	lib/check/private.h \
	lib/check/ask.c \
	lib/check/check.c \
	lib/check/dkim.c \
	lib/check/dkim_mend.c \
	lib/check/dmarc.c \
	lib/check/dmarc_mend.c \
	lib/check/dmarc_rua.c \
	lib/check/dmarc_tags.c \
	lib/check/dnsbl.c \
	lib/check/domain.c \
	lib/check/finding.c \
	lib/check/fix.c \
	lib/check/helo.c \
	lib/check/hosts.c \
	lib/check/ids.c \
	lib/check/mx.c \
	lib/check/ptr_generic.c \
	lib/check/spf.c \
	lib/check/spf_covers.c \
	lib/check/spf_edit.c \
	lib/check/spf_mend.c \
	lib/check/spf_merge.c \
	lib/check/spf_terms.c \
	lib/check/transport.c \
	lib/check/verdict.c
