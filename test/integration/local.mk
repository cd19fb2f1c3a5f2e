check_SCRIPTS += test/integration/daemon.py test/integration/faults.py
EXTRA_DIST += test/integration/daemon.py test/integration/faults.py
noinst_PROGRAMS += test/integration/dns_ask
test_integration_dns_ask_SOURCES = test/integration/dns_ask.c
check_SCRIPTS += test/integration/dns_drought.py \
	test/integration/dns_stub.py test/integration/dns_unbound.py
EXTRA_DIST += test/integration/dns_drought.py \
	test/integration/dns_stub.py test/integration/dns_unbound.py
check_SCRIPTS += test/integration/dkimkeygen.py test/integration/keys.py \
	test/integration/quiet.py \
	test/integration/old_store.py test/integration/rotate.py
EXTRA_DIST += test/integration/dkimkeygen.py test/integration/keys.py \
	test/integration/quiet.py \
	test/integration/old_store.py test/integration/rotate.py
check_SCRIPTS += test/integration/manager.py test/integration/numbers.py \
	test/integration/orders.py test/integration/processes.py \
	test/integration/stops.py
EXTRA_DIST += test/integration/manager.py test/integration/numbers.py \
	test/integration/orders.py test/integration/processes.py \
	test/integration/stops.py
check_SCRIPTS += test/integration/mailseal.py
EXTRA_DIST += test/integration/mailseal.py

# With a chroot that holds Sendmail, named by MAILSEAL_SENDMAIL_ROOT; by hand.
EXTRA_DIST += test/integration/sendmail.py
check-sendmail: all
	$(AM_TESTS_ENVIRONMENT) $(PYTHON) $(srcdir)/test/integration/sendmail.py
.PHONY: check-sendmail

# Under a systemd of its own, in namespaces; by hand, as root.
EXTRA_DIST += test/integration/systemd.py \
	test/integration/setup_systemd.py
check-systemd: all
	$(AM_TESTS_ENVIRONMENT) $(PYTHON) $(srcdir)/test/integration/systemd.py
	$(AM_TESTS_ENVIRONMENT) $(PYTHON) \
	    $(srcdir)/test/integration/setup_systemd.py
.PHONY: check-systemd
check_SCRIPTS += test/integration/check.py \
	test/integration/check_fixes.py test/integration/check_servers.py \
	test/integration/connect.py test/integration/lacks.py \
	test/integration/setup.py test/integration/setup_kill.py \
	test/integration/setup_odd.py
EXTRA_DIST += test/integration/check.py \
	test/integration/check_fixes.py test/integration/check_servers.py \
	test/integration/connect.py test/integration/lacks.py \
	test/integration/setting.py test/integration/setup.py \
	test/integration/setup_kill.py test/integration/setup_odd.py
check_SCRIPTS += test/integration/blogposts.py \
	test/integration/import.py test/integration/migration.py \
	test/integration/migration_styles.py test/integration/phoenix.py \
	test/integration/tables.py
EXTRA_DIST += test/integration/import.py test/integration/letters.py \
	test/integration/blogposts.py test/integration/migration.py \
	test/integration/migration_styles.py test/integration/moved.py \
	test/integration/old.py test/integration/phoenix.py \
	test/integration/styles.py test/integration/tables.py
check_SCRIPTS += test/integration/report_keep.py
EXTRA_DIST += test/integration/report_keep.py
check_SCRIPTS += test/integration/report_odd.py test/integration/report_read.py \
	test/integration/report_stored.py
EXTRA_DIST += test/integration/report_odd.py test/integration/report_read.py \
	test/integration/report_stored.py
check_SCRIPTS += test/integration/tcp.py
EXTRA_DIST += test/integration/tcp.py
check_SCRIPTS += test/integration/mounts.py test/integration/unsigned.py
EXTRA_DIST += test/integration/mounts.py test/integration/unsigned.py

# A private Postfix, nsd and mailseald between a client and a sink.
POSTFIX_TESTS = test/integration/arc.py test/integration/breaks.py \
	test/integration/follow.py \
	test/integration/inbound.py test/integration/lifecycle.py \
	test/integration/lines.py test/integration/spoof.py \
	test/integration/outbound.py test/integration/policy.py \
	test/integration/returned.py
check_SCRIPTS += $(POSTFIX_TESTS)
EXTRA_DIST += $(POSTFIX_TESTS) test/integration/life.py \
	test/integration/mta.py test/integration/nameserver.py \
	test/integration/postgres.py test/integration/sink.py \
	test/integration/smtp.py test/integration/world.py

# What runs threads, for a thread sanitizer: the others are slow there, and have
# nothing for it to find.
THREADED = test/integration/daemon.py \
	test/integration/dns_drought.py test/integration/dns_stub.py \
	test/integration/dns_unbound.py test/integration/manager.py \
	test/integration/numbers.py test/soak/load.py test/soak/mail.py \
	$(POSTFIX_TESTS)
check_SCRIPTS += test/integration/errors.py test/integration/messages.py
EXTRA_DIST += test/integration/errors.py test/integration/messages.py
check_SCRIPTS += test/integration/report_failures.py \
	test/integration/retire.py
EXTRA_DIST += test/integration/report_failures.py \
	test/integration/retire.py
check_SCRIPTS += test/integration/report_days.py \
	test/integration/report_events.py \
	test/integration/report_mail.py \
	test/integration/report_send.py
EXTRA_DIST += test/integration/report_days.py \
	test/integration/report_events.py \
	test/integration/report_mail.py \
	test/integration/report_send.py

# The three processes of mailseald.
check_SCRIPTS += test/integration/confined.py \
	test/integration/planted.py test/integration/secrets.py
EXTRA_DIST += test/integration/confined.py \
	test/integration/killed.py test/integration/planted.py \
	test/integration/reloads.py \
	test/integration/secrets.py
check_SCRIPTS += test/integration/killed.py test/integration/reloads.py

# Each process killed 50 times under mail.
check-killed: all
	$(AM_TESTS_ENVIRONMENT) KILLS=50 \
	    $(PYTHON) $(srcdir)/test/integration/killed.py
.PHONY: check-killed
