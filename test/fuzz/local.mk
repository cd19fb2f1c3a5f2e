# Fuzz targets. In a usual build each is a test that replays its corpus. With
# ./configure --enable-fuzz CC=clang it is a libFuzzer program:
#	make fuzz	runs each for FUZZ_SECONDS (60); with FUZZ_CHANGED=FILE
#			only those that exercise a source file listed in FILE
#	make fuzz-long	runs each for FUZZ_SECONDS (900)
# To add a target:
#	FUZZ_TARGETS += test/fuzz/fuzz_NAME
#	test_fuzz_fuzz_NAME_SOURCES = test/fuzz/fuzz_NAME.c $(fuzz_main)
#	test_fuzz_fuzz_NAME_LDFLAGS = $(fuzz_ldflags)
# and files in test/fuzz/corpus/NAME/.
FUZZ_TARGETS =
fuzz_ldflags = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += test/fuzz/corpus test/fuzz/fuzz.h test/fuzz/packets.h \
	test/fuzz/report.h test/fuzz/run.sh

if FUZZ
fuzz_main =
noinst_PROGRAMS += $(FUZZ_TARGETS)
else
fuzz_main = test/fuzz/replay.c
check_PROGRAMS += $(FUZZ_TARGETS)
endif

.PHONY: fuzz fuzz-long
fuzz: $(FUZZ_TARGETS)
if FUZZ
	top_srcdir='$(top_srcdir)' FUZZ_CHANGED='$(FUZZ_CHANGED)' \
	    $(SHELL) $(top_srcdir)/test/fuzz/run.sh $(FUZZ_TARGETS)
else
	@echo 'make fuzz needs ./configure --enable-fuzz CC=clang' >&2; exit 1
endif
fuzz-long:
	FUZZ_SECONDS="$${FUZZ_SECONDS:-900}" $(MAKE) $(AM_MAKEFLAGS) fuzz

FUZZ_TARGETS += test/fuzz/fuzz_probe
test_fuzz_fuzz_probe_SOURCES = test/fuzz/fuzz_probe.c $(fuzz_main)
test_fuzz_fuzz_probe_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_postfix
test_fuzz_fuzz_postfix_SOURCES = test/fuzz/fuzz_postfix.c $(fuzz_main)
test_fuzz_fuzz_postfix_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_taglist
test_fuzz_fuzz_taglist_SOURCES = test/fuzz/fuzz_taglist.c $(fuzz_main)
test_fuzz_fuzz_taglist_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_kept
test_fuzz_fuzz_kept_SOURCES = test/fuzz/fuzz_kept.c $(fuzz_main)
test_fuzz_fuzz_kept_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_redact
test_fuzz_fuzz_redact_SOURCES = test/fuzz/fuzz_redact.c $(fuzz_main)
test_fuzz_fuzz_redact_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_b64
test_fuzz_fuzz_b64_SOURCES = test/fuzz/fuzz_b64.c $(fuzz_main)
test_fuzz_fuzz_b64_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_addr
test_fuzz_fuzz_addr_SOURCES = test/fuzz/fuzz_addr.c $(fuzz_main)
test_fuzz_fuzz_addr_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_received
test_fuzz_fuzz_received_SOURCES = test/fuzz/fuzz_received.c $(fuzz_main)
test_fuzz_fuzz_received_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_engine
test_fuzz_fuzz_engine_SOURCES = test/fuzz/fuzz_engine.c $(fuzz_main)
test_fuzz_fuzz_engine_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_canon
test_fuzz_fuzz_canon_SOURCES = test/fuzz/fuzz_canon.c $(fuzz_main)
test_fuzz_fuzz_canon_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_domain
test_fuzz_fuzz_domain_SOURCES = test/fuzz/fuzz_domain.c $(fuzz_main)
test_fuzz_fuzz_domain_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_escape
test_fuzz_fuzz_escape_SOURCES = test/fuzz/fuzz_escape.c $(fuzz_main)
test_fuzz_fuzz_escape_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_field
test_fuzz_fuzz_field_SOURCES = test/fuzz/fuzz_field.c $(fuzz_main)
test_fuzz_fuzz_field_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_message
test_fuzz_fuzz_message_SOURCES = test/fuzz/fuzz_message.c $(fuzz_main)
test_fuzz_fuzz_message_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_authres
test_fuzz_fuzz_authres_SOURCES = test/fuzz/fuzz_authres.c $(fuzz_main)
test_fuzz_fuzz_authres_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_authres_read
test_fuzz_fuzz_authres_read_SOURCES = test/fuzz/fuzz_authres_read.c \
	test/unit/authres_oracle.h $(fuzz_main)
test_fuzz_fuzz_authres_read_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_conf
test_fuzz_fuzz_conf_SOURCES = test/fuzz/fuzz_conf.c $(fuzz_main)
test_fuzz_fuzz_conf_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_key
test_fuzz_fuzz_key_SOURCES = test/fuzz/fuzz_key.c $(fuzz_main)
test_fuzz_fuzz_key_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_keystore
test_fuzz_fuzz_keystore_SOURCES = test/fuzz/fuzz_keystore.c $(fuzz_main)
test_fuzz_fuzz_keystore_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_policy
test_fuzz_fuzz_policy_SOURCES = test/fuzz/fuzz_policy.c keys/policy.c $(fuzz_main)
test_fuzz_fuzz_policy_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_signature
test_fuzz_fuzz_signature_SOURCES = test/fuzz/fuzz_signature.c $(fuzz_main)
test_fuzz_fuzz_signature_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_player
test_fuzz_fuzz_player_SOURCES = test/fuzz/fuzz_player.c $(fuzz_main) \
	tools/edit.c tools/edit.h
test_fuzz_fuzz_player_LDFLAGS = $(fuzz_ldflags)
test_fuzz_fuzz_player_LDADD = tools/libplayer.a $(LDADD)
FUZZ_TARGETS += test/fuzz/fuzz_zone
test_fuzz_fuzz_zone_SOURCES = test/fuzz/fuzz_zone.c $(fuzz_main)
test_fuzz_fuzz_zone_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_rdata
test_fuzz_fuzz_rdata_SOURCES = test/fuzz/fuzz_rdata.c $(fuzz_main)
test_fuzz_fuzz_rdata_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_spf_record
test_fuzz_fuzz_spf_record_SOURCES = test/fuzz/fuzz_spf_record.c $(fuzz_main)
test_fuzz_fuzz_spf_record_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_spf_macro
test_fuzz_fuzz_spf_macro_SOURCES = test/fuzz/fuzz_spf_macro.c $(fuzz_main)
test_fuzz_fuzz_spf_macro_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_spf_check
test_fuzz_fuzz_spf_check_SOURCES = test/fuzz/fuzz_spf_check.c $(fuzz_main)
test_fuzz_fuzz_spf_check_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_dmarc_record
test_fuzz_fuzz_dmarc_record_SOURCES = test/fuzz/fuzz_dmarc_record.c $(fuzz_main)
test_fuzz_fuzz_dmarc_record_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_arc
test_fuzz_fuzz_arc_SOURCES = test/fuzz/fuzz_arc.c $(fuzz_main)
test_fuzz_fuzz_arc_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_tables
test_fuzz_fuzz_tables_SOURCES = test/fuzz/fuzz_tables.c $(fuzz_main)
test_fuzz_fuzz_tables_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_import
test_fuzz_fuzz_import_SOURCES = test/fuzz/fuzz_import.c $(fuzz_main)
test_fuzz_fuzz_import_LDADD = tools/libimport.a $(LDADD)
test_fuzz_fuzz_import_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_packet
test_fuzz_fuzz_packet_SOURCES = test/fuzz/fuzz_packet.c $(fuzz_main)
test_fuzz_fuzz_packet_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_check
test_fuzz_fuzz_check_SOURCES = test/fuzz/fuzz_check.c $(fuzz_main)
test_fuzz_fuzz_check_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_lines
test_fuzz_fuzz_lines_SOURCES = test/fuzz/fuzz_lines.c $(fuzz_main)
test_fuzz_fuzz_lines_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_report_any
test_fuzz_fuzz_report_any_SOURCES = test/fuzz/fuzz_report_any.c $(fuzz_main)
test_fuzz_fuzz_report_any_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_report_archive
test_fuzz_fuzz_report_archive_SOURCES = test/fuzz/fuzz_report_archive.c $(fuzz_main)
test_fuzz_fuzz_report_archive_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_report_mail
test_fuzz_fuzz_report_mail_SOURCES = test/fuzz/fuzz_report_mail.c $(fuzz_main)
test_fuzz_fuzz_report_mail_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_report_xml
test_fuzz_fuzz_report_xml_SOURCES = test/fuzz/fuzz_report_xml.c $(fuzz_main)
test_fuzz_fuzz_report_xml_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_report_bounce
test_fuzz_fuzz_report_bounce_SOURCES = test/fuzz/fuzz_report_bounce.c \
	$(fuzz_main)
test_fuzz_fuzz_report_bounce_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_report_write
test_fuzz_fuzz_report_write_SOURCES = test/fuzz/fuzz_report_write.c \
	$(fuzz_main)
test_fuzz_fuzz_report_write_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_remote
test_fuzz_fuzz_remote_SOURCES = test/fuzz/fuzz_remote.c milter/control.c \
	$(fuzz_main)
test_fuzz_fuzz_remote_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_remote_client
test_fuzz_fuzz_remote_client_SOURCES = test/fuzz/fuzz_remote_client.c \
	$(fuzz_main)
test_fuzz_fuzz_remote_client_LDFLAGS = $(fuzz_ldflags)
FUZZ_TARGETS += test/fuzz/fuzz_remote_server
test_fuzz_fuzz_remote_server_SOURCES = test/fuzz/fuzz_remote_server.c \
	$(fuzz_main)
test_fuzz_fuzz_remote_server_LDFLAGS = $(fuzz_ldflags)
