# The MTA's side of the milter protocol, for mailseal try and the bench.
noinst_LIBRARIES += tools/libplayer.a
tools_libplayer_a_SOURCES = \
	tools/player.h \
	tools/player_conn.h \
	tools/player_io.h \
	tools/player_wire.h \
	tools/player.c \
	tools/player_io.c \
	tools/player_play.c \
	tools/player_script.c \
	tools/player_wire.c

# mailseal import; a library for the sake of its tests.
noinst_LIBRARIES += tools/libimport.a
tools_libimport_a_SOURCES = \
	tools/import.h \
	tools/import_compare.h \
	tools/import.c \
	tools/import_cases.c \
	tools/import_compare.c \
	tools/import_headers.c \
	tools/import_hosts.c \
	tools/import_judging.c tools/import_judging_notes.c \
	tools/import_list.c \
	tools/import_note.c \
	tools/import_old.c \
	tools/import_options.c \
	tools/import_options_more.c \
	tools/import_others.c \
	tools/import_postfix.c \
	tools/import_read.c \
	tools/import_senders.c \
	tools/import_settings.c \
	tools/import_signing.c \
	tools/import_sql.c \
	tools/import_tables.c \
	tools/import_translate.c \
	tools/import_verifying.c \
	tools/import_write.c

bin_PROGRAMS += tools/mailseal
tools_mailseal_LDFLAGS = $(usual_ldflags)
tools_mailseal_SOURCES = \
	tools/added.h \
	tools/check.h \
	tools/check_connect.h \
	tools/check_host.h \
	tools/check_servers.h \
	tools/check_watch.h \
	tools/edit.h \
	tools/handover.h \
	tools/judge.h \
	tools/mailseal.h \
	tools/offline.h \
	tools/report.h \
	tools/report_db.h \
	tools/report_html.h \
	tools/report_send.h \
	tools/seal.h \
	tools/setup.h \
	tools/setup_play.h \
	tools/sendmail_cf.h \
	tools/setup_state.h \
	tools/sign.h \
	tools/try.h \
	tools/added.c \
	tools/authres.c \
	tools/check.c \
	tools/check_connect.c \
	tools/check_connect_judge.c \
	tools/check_connect_sts.c \
	tools/check_finding.c \
	tools/check_formats.c \
	tools/check_host.c \
	tools/check_json.c \
	tools/check_mta.c \
	tools/exec.c \
	tools/exec.h \
	tools/mta.c \
	tools/mta.h \
	tools/mta_review.c \
	tools/check_opts.c \
	tools/check_servers.c \
	tools/check_text.c \
	tools/check_watch.c \
	tools/dmarc.c \
	tools/edit.c \
	tools/explain.c \
	tools/handover.c \
	tools/handover_file.c \
	tools/handover_sendmail.c \
	tools/handover_smtp.c \
	tools/judge.c \
	tools/judge_conf.c \
	tools/main.c \
	tools/offline.c \
	tools/report.c \
	tools/report_bounce.c \
	tools/report_common.c \
	tools/report_csv.c \
	tools/report_db.c \
	tools/report_filter.c \
	tools/report_held.c \
	tools/report_holder.c \
	tools/report_html.c \
	tools/report_json.c \
	tools/report_list.c \
	tools/report_names.c \
	tools/report_own.c \
	tools/report_read.c \
	tools/report_send.c \
	tools/report_send_build.c \
	tools/report_send_check.c \
	tools/report_send_deliver.c \
	tools/report_send_failures.c \
	tools/report_send_period.c \
	tools/report_send_record.c \
	tools/report_send_show.c \
	tools/report_send_targets.c \
	tools/report_show.c \
	tools/report_stored.c \
	tools/report_style.c \
	tools/report_suppress.c \
	tools/report_svg.c \
	tools/report_text.c \
	tools/seal.c \
	tools/seal_results.c \
	tools/sendmail_cf.c \
	tools/setup.c \
	tools/setup_daemon.c \
	tools/setup_dns.c \
	tools/setup_edit.c \
	tools/setup_exec.c \
	tools/setup_files.c \
	tools/setup_host.c \
	tools/setup_keys.c \
	tools/setup_make.c \
	tools/setup_opts.c \
	tools/setup_plan.c \
	tools/setup_play.c \
	tools/setup_postfix.c \
	tools/setup_probe.c \
	tools/setup_prove.c \
	tools/setup_publish.c \
	tools/setup_say.c \
	tools/setup_state.c \
	tools/setup_undo.c \
	tools/setup_wait.c \
	tools/setup_wanted.c \
	tools/setup_wire.c \
	tools/sign.c \
	tools/sign_opts.c \
	tools/spf.c \
	tools/try.c \
	tools/try_print.c \
	tools/verify.c \
	tools/verify_print.c
tools_mailseal_LDADD = tools/libimport.a tools/libplayer.a keys/libkeys.a \
	$(LDADD)
dist_man_MANS += tools/mailseal.1 tools/mailseal-report.1 \
	tools/mailseal-setup.1

bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = tools/mailseal.bash keys/dkimkeygen.bash
EXTRA_DIST += tools/demo.sh
