check_SCRIPTS += test/conformance/authres.py
EXTRA_DIST += test/conformance/authres.py
# The suites, where they are: each runner skips, visibly, without its own.
CONFORMANCE = test/conformance/chasquid.py test/conformance/mail_dkim.py \
	test/conformance/opendkim.py test/conformance/rfc_samples.py
check_SCRIPTS += $(CONFORMANCE)
EXTRA_DIST += $(CONFORMANCE) test/conformance/historic.py
