lib_libmailseal_a_SOURCES += \
	lib/report/read.h \
	lib/report/read_mbox.h \
	lib/report/read_private.h \
	lib/report/read_sources.h \
	lib/report/read_sources_private.h \
	lib/report/read_xml_names.h \
	lib/report/read_xml_values.h \
	lib/report/report.h \
	lib/report/read_archive.c \
	lib/report/read_domains.c \
	lib/report/read_feed.c \
	lib/report/read_feedback.c \
	lib/report/read_gzip.c \
	lib/report/read_input.c \
	lib/report/read_mail.c \
	lib/report/read_mbox.c \
	lib/report/read_sniff.c \
	lib/report/read_sources.c \
	lib/report/read_tls.c \
	lib/report/read_unit.c \
	lib/report/read_verdict.c \
	lib/report/read_xml.c \
	lib/report/read_xml_names.c \
	lib/report/read_xml_values.c \
	lib/report/report.c
