# The load generator is built with the tests, which use it too; `make bench`
# sets mailseald beside OpenDKIM.
noinst_PROGRAMS += test/bench/load
test_bench_load_SOURCES = test/bench/load.c test/bench/chain.c \
	test/bench/chain.h
test_bench_load_LDADD = tools/libplayer.a $(LDADD)

EXTRA_DIST += test/bench/bench.py

.PHONY: bench
bench: all
	top_builddir='$(abs_top_builddir)' $(PYTHON) \
	    $(top_srcdir)/test/bench/bench.py
