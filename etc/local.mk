# Samples. Files of the operator are never overwritten.
examplesdir = $(docdir)/examples

# The texts name the files of this tree and of the default prefix; what is
# installed names where they are.
fix_paths = sed -e 's|/usr/local/etc|$(sysconfdir)|g' \
	-e 's|/usr/local/var|$(localstatedir)|g' \
	-e 's|/usr/local/bin|$(bindir)|g' -e 's|/usr/local/sbin|$(sbindir)|g' \
	-e 's|\([ (]\)etc/|\1$(examplesdir)/|g'
install_fixed = fix() { $(fix_paths) "$$1" >"$$2.tmp" && \
	chmod 644 "$$2.tmp" && mv -f "$$2.tmp" "$$2"; }
install_data_hooks = install-fixed-texts
install-data-hook:
	$(MAKE) $(AM_MAKEFLAGS) $(install_data_hooks)
.PHONY: install-fixed-texts
install-fixed-texts:
	$(install_fixed); set -e; \
	for f in $(dist_man_MANS); do \
	    fix "$(srcdir)/$$f" "$(DESTDIR)$(mandir)/man$${f##*.}/$${f##*/}"; \
	done; \
	for f in $(dist_examples_DATA); do \
	    fix "$(srcdir)/$$f" "$(DESTDIR)$(examplesdir)/$${f##*/}"; \
	done; \
	for f in $(dist_doc_DATA); do \
	    fix "$(srcdir)/$$f" "$(DESTDIR)$(docdir)/$${f##*/}"; \
	done

dist_examples_DATA = etc/mailseald.conf etc/dkimkeygen.conf \
	etc/apparmor.mailseald \
	etc/grafana-dashboard.json \
	etc/keys-postgres.sql etc/keys-sqlite.sql etc/postfix-main.cf \
	etc/reports-postgres.sql etc/reports-sqlite.sql \
	etc/prometheus-alerts.yml etc/sendmail.mc

# Installs the sample as the configuration unless that exists. Removes it only if
# it is unchanged.
install-data-local: install-configuration
uninstall-local: uninstall-configuration
configuration = '$(DESTDIR)$(sysconfdir)/mailseald.conf'
.PHONY: install-configuration uninstall-configuration
install-configuration:
	$(MKDIR_P) '$(DESTDIR)$(sysconfdir)'
	$(install_fixed); test -e $(configuration) || \
	    fix $(srcdir)/etc/mailseald.conf $(configuration)
uninstall-configuration:
	! $(fix_paths) $(srcdir)/etc/mailseald.conf | \
	    cmp -s - $(configuration) || rm -f $(configuration)

EXTRA_DIST += etc/Dockerfile etc/Dockerfile.dockerignore etc/docker.conf \
	etc/debian etc/mailseald.service.in etc/mailseal.sysusers \
	etc/mailseal.tmpfiles etc/dkimkeygen.service.in etc/dkimkeygen.timer \
	etc/mailseal-check.service.in etc/mailseal-check.timer \
	etc/mailseal-report.service.in etc/mailseal-report.timer \
	etc/mailseal-failures.service.in etc/mailseal-failures.timer

if SYSTEMD
systemdsystemunit_DATA = etc/mailseald.service etc/dkimkeygen.service \
	etc/dkimkeygen.timer etc/mailseal-check.service \
	etc/mailseal-check.timer etc/mailseal-report.service \
	etc/mailseal-report.timer etc/mailseal-failures.service \
	etc/mailseal-failures.timer
CLEANFILES += etc/mailseald.service etc/dkimkeygen.service \
	etc/mailseal-check.service etc/mailseal-report.service \
	etc/mailseal-failures.service
sysusersdir = $(prefix)/lib/sysusers.d
tmpfilesdir = $(prefix)/lib/tmpfiles.d

# Both are installed as mailseal.conf.
install_data_hooks += install-systemd-snippets
uninstall-hook: uninstall-systemd-snippets
install-systemd-snippets:
	$(MKDIR_P) '$(DESTDIR)$(sysusersdir)' '$(DESTDIR)$(tmpfilesdir)'
	$(INSTALL_DATA) $(srcdir)/etc/mailseal.sysusers \
	    '$(DESTDIR)$(sysusersdir)/mailseal.conf'
	sed -e 's|@localstatedir[@]|$(localstatedir)|' \
	    $(srcdir)/etc/mailseal.tmpfiles \
	    >'$(DESTDIR)$(tmpfilesdir)/mailseal.conf'
uninstall-systemd-snippets:
	rm -f '$(DESTDIR)$(sysusersdir)/mailseal.conf' \
	    '$(DESTDIR)$(tmpfilesdir)/mailseal.conf'
endif

etc/mailseald.service: etc/mailseald.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) etc && sed -e 's|@sbindir[@]|$(sbindir)|' \
	    -e 's|@sysconfdir[@]|$(sysconfdir)|' \
	    -e 's|@localstatedir[@]|$(localstatedir)|' \
	    $(srcdir)/etc/mailseald.service.in >$@

etc/dkimkeygen.service: etc/dkimkeygen.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) etc && sed -e 's|@bindir[@]|$(bindir)|' \
	    -e 's|@sysconfdir[@]|$(sysconfdir)|' \
	    -e 's|@localstatedir[@]|$(localstatedir)|' \
	    $(srcdir)/etc/dkimkeygen.service.in >$@

etc/mailseal-check.service: etc/mailseal-check.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) etc && sed -e 's|@bindir[@]|$(bindir)|' \
	    -e 's|@localstatedir[@]|$(localstatedir)|' \
	    $(srcdir)/etc/mailseal-check.service.in >$@

etc/mailseal-report.service: etc/mailseal-report.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) etc && sed -e 's|@bindir[@]|$(bindir)|' \
	    $(srcdir)/etc/mailseal-report.service.in >$@

etc/mailseal-failures.service: etc/mailseal-failures.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) etc && sed -e 's|@bindir[@]|$(bindir)|' \
	    $(srcdir)/etc/mailseal-failures.service.in >$@
