house_tests = test/unit/layers.sh test/unit/symbols.sh test/unit/style.sh \
	test/unit/packaging.sh
check_SCRIPTS += $(house_tests)
EXTRA_DIST += $(house_tests) test/summary.sh
