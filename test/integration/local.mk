check_SCRIPTS += test/integration/daemon.py
EXTRA_DIST += test/integration/daemon.py
