house_tests = test/unit/layers.sh test/unit/symbols.sh test/unit/style.sh \
	test/unit/packaging.sh test/unit/dockerfile.sh
check_SCRIPTS += $(house_tests)
EXTRA_DIST += $(house_tests) test/summary.sh

# With a container builder and a network; by hand.
check-docker:
	docker build -f $(srcdir)/etc/Dockerfile -t mailseal-check $(srcdir)
.PHONY: check-docker
