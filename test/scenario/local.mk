# Whole messages through the daemon, from files that say what must come of it.
check_SCRIPTS += test/scenario/run.py
EXTRA_DIST += test/scenario/run.py \
	test/scenario/arc-seal.txt test/scenario/arc.txt \
	test/scenario/dmarc.txt \
	test/scenario/foreign-author.txt \
	test/scenario/forged-results.txt \
	test/scenario/internationalized.txt \
	test/scenario/keys.txt \
	test/scenario/long-field.txt \
	test/scenario/many-fields.txt \
	test/scenario/many-signatures.txt \
	test/scenario/modes.txt \
	test/scenario/odd-from.txt \
	test/scenario/odd-octets.txt \
	test/scenario/on-bad-signature.txt \
	test/scenario/on-dns-error.txt \
	test/scenario/outlawed.txt \
	test/scenario/oversigned.txt \
	test/scenario/riding.txt \
	test/scenario/sign-direction.txt \
	test/scenario/sign-domains.txt \
	test/scenario/sign-two-keys.txt \
	test/scenario/testing-key.txt \
	test/scenario/time.txt \
	test/scenario/verify-results.txt
