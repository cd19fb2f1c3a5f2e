# Where the system has none, a file that says so.
if SANDBOX
sandbox_files = \
	milter/sandbox.c milter/sandbox.h milter/sandbox_private.h \
	milter/sandbox_ask.c \
	milter/sandbox_guard.c milter/sandbox_keys.c milter/sandbox_landlock.c \
	milter/sandbox_match.c milter/sandbox_places.c milter/sandbox_report.h \
	milter/sandbox_seccomp.c milter/sandbox_table.c
else
sandbox_files = milter/sandbox_none.c milter/sandbox.h
endif

mailseald_core = \
	milter/acknowledge.h \
	milter/apply.c milter/apply.h \
	milter/background.c milter/background.h \
	milter/board.c milter/board.h \
	milter/budget.c milter/budget.h \
	milter/callbacks.c milter/callbacks.h \
	milter/channels.c milter/channels.h \
	milter/check.c \
	milter/check_dns.c milter/check_dns.h \
	milter/child.c milter/child.h \
	milter/confine.c milter/confine.h \
	milter/control.c milter/control.h \
	milter/counters.c milter/counters.h \
	milter/daemon.c milter/daemon.h milter/private.h milter/survey.c \
	milter/exporter.c milter/exporter.h \
	milter/exporter_socket.c milter/exporter_socket.h \
	milter/finish.c milter/finish.h \
	milter/health.c milter/health.h \
	milter/kept_keys.c milter/kept_keys.h \
	milter/keys.c milter/keys.h \
	milter/listen.c milter/listen.h \
	milter/live.c milter/live.h \
	milter/log.c milter/log.h \
	milter/log_library.c \
	milter/log_queue.c milter/log_queue.h \
	milter/log_sink.c milter/log_sink.h \
	milter/logline.c milter/logline.h \
	milter/logline_json.c \
	milter/logline_text.c \
	milter/macros.c milter/macros.h \
	milter/mail.c milter/mail.h \
	milter/mark_key.c milter/mark_key.h \
	milter/memory.c milter/memory.h \
	milter/manager.c milter/manager.h \
	milter/meter.c milter/meter.h \
	milter/metrics.c milter/metrics.h \
	milter/negotiate.c milter/negotiate.h \
	milter/next.c milter/next.h \
	milter/peer.c milter/peer.h \
	milter/opener.c milter/opener.h \
	milter/parent.c milter/parent.h milter/parent_load.c \
	milter/parent_alive.c milter/parent_start.c \
	milter/presence.c milter/presence.h \
	milter/resolvers.c milter/resolvers.h \
	$(sandbox_files) \
	milter/serve.c milter/serve.h \
	milter/served_log.c milter/served_log.h \
	milter/signals.c milter/signals.h \
	milter/steps.c milter/steps.h \
	milter/syslog_now.c milter/syslog_now.h \
	milter/threads.c \
	milter/timer.h \
	milter/watch.c milter/watch.h
if QUICKACK
mailseald_core += milter/acknowledge.c
else
mailseald_core += milter/acknowledge_none.c
endif

sbin_PROGRAMS += milter/mailseald
milter_mailseald_LDFLAGS = $(usual_ldflags)
milter_mailseald_SOURCES = $(mailseald_core) milter/main.c
milter_mailseald_LDADD = $(LDADD) $(MILTER_LIBS) $(MICROHTTPD_LIBS) \
	$(SECCOMP_LIBS)
dist_man_MANS += milter/mailseald.8 milter/mailseald.conf.5
