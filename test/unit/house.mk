house_tests = test/unit/layers.sh test/unit/symbols.sh test/unit/style.sh
check_SCRIPTS += $(house_tests)
EXTRA_DIST += $(house_tests) test/summary.sh
