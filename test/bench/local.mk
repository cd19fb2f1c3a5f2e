# The load generator is built with the tests, which use it too; `make bench`
# sets mailseald beside the programs that it replaces.
noinst_PROGRAMS += test/bench/load test/bench/null test/bench/pick \
	test/bench/slowdns
test_bench_null_SOURCES = test/bench/null.c milter/listen.c milter/negotiate.c
test_bench_null_LDADD = $(LDADD) $(MILTER_LIBS)
test_bench_pick_SOURCES = test/bench/pick.c
test_bench_load_SOURCES = test/bench/load.c test/bench/chain.c \
	test/bench/chain.h
test_bench_load_LDADD = tools/libplayer.a $(LDADD)
test_bench_slowdns_SOURCES = test/bench/slowdns.c

EXTRA_DIST += test/bench/arc.py test/bench/bench.py \
	test/bench/daemons.py test/bench/keep.py test/bench/latency.py \
	test/bench/namespace.py test/bench/owed.py \
	test/bench/postfix.py test/bench/report.py \
	test/bench/rotate.py test/bench/stores.py test/bench/tables.py \
	test/bench/world.py

.PHONY: bench
bench: all
	top_builddir='$(abs_top_builddir)' top_srcdir='$(abs_top_srcdir)' \
	    $(PYTHON) $(top_srcdir)/test/bench/bench.py
