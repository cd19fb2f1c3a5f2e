check_SCRIPTS += test/integration/daemon.py
EXTRA_DIST += test/integration/daemon.py
noinst_PROGRAMS += test/integration/dns_ask
test_integration_dns_ask_SOURCES = test/integration/dns_ask.c
check_SCRIPTS += test/integration/dns_unbound.py
EXTRA_DIST += test/integration/dns_unbound.py
check_SCRIPTS += test/integration/dkimkeygen.py test/integration/mailseal.py
EXTRA_DIST += test/integration/dkimkeygen.py test/integration/mailseal.py
