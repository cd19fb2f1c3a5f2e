# Each allocation, and each call for a descriptor, a thread or to write, fails
# once. `make check' samples them, `make sweep' takes all.
EXTRA_PROGRAMS += test/sweep/alloc_fail.so
test_sweep_alloc_fail_so_SOURCES = test/sweep/alloc_fail.c \
	test/sweep/fault.h
test_sweep_alloc_fail_so_CFLAGS = $(AM_CFLAGS) -fPIC
test_sweep_alloc_fail_so_LDFLAGS = -shared
test_sweep_alloc_fail_so_LDADD =
EXTRA_PROGRAMS += test/sweep/call_fail.so
test_sweep_call_fail_so_SOURCES = test/sweep/call_fail.c test/sweep/fault.h
test_sweep_call_fail_so_CFLAGS = $(AM_CFLAGS) -fPIC
test_sweep_call_fail_so_LDFLAGS = -shared
test_sweep_call_fail_so_LDADD =
check_DATA += test/sweep/alloc_fail.so test/sweep/call_fail.so
CLEANFILES += test/sweep/alloc_fail.so test/sweep/call_fail.so
check_SCRIPTS += test/sweep/sweep.py
EXTRA_DIST += test/sweep/sweep.py

sweep: all $(check_DATA)
	$(AM_TESTS_ENVIRONMENT) MAILSEAL_SWEEP=all \
	    $(PYTHON) $(srcdir)/test/sweep/sweep.py
.PHONY: sweep
