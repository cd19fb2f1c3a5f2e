# In the order in which make starts the tests: what takes long comes first.
include test/lib/local.mk
include test/cross/local.mk
include test/sweep/local.mk
include test/integration/local.mk
include test/scenario/local.mk
include test/conformance/local.mk
include test/unit/local.mk
include test/fuzz/local.mk
include test/bench/local.mk
include test/soak/local.mk

# The Debian package in a bare chroot; by hand, as root.
EXTRA_DIST += test/deb/boot.sh test/deb/check.sh test/deb/traffic.py
check-deb:
	cd $(srcdir) && ./setup deb && sh test/deb/check.sh mailseal_*.deb
.PHONY: check-deb
