# What must hold for long, in parts: each lasts a few seconds in `make check'
# and SOAK_SECONDS in `make soak'; SOAK_ONLY="mail blocked" takes some of them.
check_SCRIPTS += test/soak/blocked.py test/soak/load.py test/soak/mail.py
EXTRA_DIST += test/soak/blocked.py test/soak/load.py test/soak/mail.py \
	test/soak/resolve.py

soak: all $(check_DATA) test/bench/load
	$(AM_TESTS_ENVIRONMENT) \
	    SOAK_SECONDS="$${SOAK_SECONDS:-600}"; export SOAK_SECONDS; \
	    status=0; for part in $${SOAK_ONLY:-load mail blocked}; do \
		echo "# $$part, $$SOAK_SECONDS s"; \
		$(PYTHON) $(srcdir)/test/soak/$$part.py || status=1; \
	    done; exit $$status
.PHONY: soak
