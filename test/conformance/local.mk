check_SCRIPTS += test/conformance/authres.py
check_DATA += tools/mailseal$(EXEEXT)
EXTRA_DIST += test/conformance/authres.py
