# Unit tests: t_<module>_<file>.c tests lib/<module>/<file>.c.
UNIT =
include test/unit/base.mk
include test/unit/mail.mk
include test/unit/crypto.mk
include test/unit/dns.mk
include test/unit/wanted.mk
include test/unit/dkim.mk
include test/unit/spf.mk
include test/unit/iprev.mk
include test/unit/authres.mk
include test/unit/conf.mk
include test/unit/dmarc.mk
include test/unit/arc.mk
include test/unit/check.mk
include test/unit/postfix.mk
include test/unit/probe.mk
include test/unit/report.mk
include test/unit/second.mk
include test/unit/signers.mk
include test/unit/remote.mk
include test/unit/engine.mk
include test/unit/milter.mk
include test/unit/tools.mk
include test/unit/keys.mk
include test/unit/keystore.mk
include test/unit/house.mk
check_PROGRAMS += $(UNIT)
EXTRA_DIST += test/unit/alloc_fail.h test/unit/dns_lab.h \
	test/unit/files.h test/unit/tap.h
