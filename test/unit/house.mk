UNIT_SCRIPTS = test/unit/layers.sh test/unit/symbols.sh test/unit/style.sh
check_SCRIPTS += $(UNIT_SCRIPTS)
EXTRA_DIST += $(UNIT_SCRIPTS) test/summary.sh
