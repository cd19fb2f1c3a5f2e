# No script here may be called authres.py: python3-dkim imports that name.
check_SCRIPTS += test/conformance/ar_mimekit.py
EXTRA_DIST += test/conformance/ar_mimekit.py
# The suites, where they are: each runner skips, visibly, without its own.
CONFORMANCE = test/conformance/arc_valimail.py \
	test/conformance/chasquid.py \
	test/conformance/domain_check.py \
	test/conformance/dmarc_rfc9989.py test/conformance/mail_dkim.py \
	test/conformance/opendkim.py test/conformance/reports_auth.py \
	test/conformance/reports_read.py \
	test/conformance/rfc_samples.py test/conformance/spf_rfc7208.py
check_SCRIPTS += $(CONFORMANCE)
EXTRA_DIST += $(CONFORMANCE) test/conformance/historic.py
