lib_libmailseal_a_SOURCES += \
	lib/report/collect.h \
	lib/report/failure.h \
	lib/report/failures.h \
	lib/report/kept.h \
	lib/report/read.h \
	lib/report/read_mbox.h \
	lib/report/read_private.h \
	lib/report/read_sources.h \
	lib/report/read_sources_private.h \
	lib/report/read_xml_names.h \
	lib/report/read_xml_selectors.h \
	lib/report/read_xml_values.h \
	lib/report/received.h \
	lib/report/report.h \
	lib/report/store.h \
	lib/report/store_private.h \
	lib/report/collect.c \
	lib/report/collect_table.c \
	lib/report/collect_table.h \
	lib/report/failure.c \
	lib/report/failures.c \
	lib/report/kept.c \
	lib/report/read_archive.c \
	lib/report/read_base64.c \
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
	lib/report/read_xml_selectors.c \
	lib/report/read_xml_values.c \
	lib/report/received_read.c \
	lib/report/received_write.c \
	lib/report/redact.c \
	lib/report/redact.h \
	lib/report/report.c \
	lib/report/store.c \
	lib/report/store_expire.c \
	lib/report/store_failures.c \
	lib/report/store_failures.h \
	lib/report/store_room.c \
	lib/report/store_write.c

# What mailseal report sends.
lib_libmailseal_a_SOURCES += \
	lib/report/bounce.h \
	lib/report/write.h \
	lib/report/write_mail.h \
	lib/report/write_private.h \
	lib/report/bounce.c \
	lib/report/store_failures_send.c \
	lib/report/store_read.c \
	lib/report/store_send.c \
	lib/report/write_clean.c \
	lib/report/write_gzip.c \
	lib/report/write_mail.c \
	lib/report/write_rows.c \
	lib/report/write_xml.c
