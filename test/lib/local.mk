# What the tests written in Python share, and the library as their co-process.
EXTRA_PROGRAMS += test/lib/batch
test_lib_batch_SOURCES = test/lib/batch.c test/lib/fields.c test/lib/fields.h
check_DATA += test/lib/batch$(EXEEXT)
CLEANFILES += test/lib/batch$(EXEEXT)
EXTRA_DIST += test/lib/kept.py test/lib/pictured.h
# Key pairs for tests: they sign for nobody.
EXTRA_DIST += test/lib/keys/e1.pem test/lib/keys/r1.pem test/lib/keys/r2.pem
EXTRA_DIST += test/lib/Fields.pm test/lib/hostile.py test/lib/knot.py \
	test/lib/manual.py test/lib/milter.py test/lib/piped.py \
	test/lib/paste.py test/lib/point.sh test/lib/proc.py test/lib/pydkim.py \
	test/lib/reports.py test/lib/resolver.py test/lib/seal.py \
	test/lib/seald.py test/lib/stem.py test/lib/suites.py test/lib/tap.py \
	test/lib/tree.py test/lib/tsan.supp test/lib/zone.py

# Preloaded into a program under test. Without libtool: a program in name only.
EXTRA_PROGRAMS += test/lib/threads_fail.so
test_lib_threads_fail_so_SOURCES = test/lib/threads_fail.c
test_lib_threads_fail_so_CFLAGS = $(AM_CFLAGS) -fPIC
test_lib_threads_fail_so_LDFLAGS = -shared
test_lib_threads_fail_so_LDADD =
EXTRA_PROGRAMS += test/lib/stem_main.so
test_lib_stem_main_so_SOURCES = test/lib/stem_main.c
test_lib_stem_main_so_CFLAGS = $(AM_CFLAGS) -fPIC
test_lib_stem_main_so_LDFLAGS = -shared
test_lib_stem_main_so_LDADD = -ldl
check_DATA += test/lib/stem_main.so
CLEANFILES += test/lib/stem_main.so
EXTRA_PROGRAMS += test/lib/cleanup_hang.so
test_lib_cleanup_hang_so_SOURCES = test/lib/cleanup_hang.c
test_lib_cleanup_hang_so_CFLAGS = $(AM_CFLAGS) -fPIC
test_lib_cleanup_hang_so_LDFLAGS = -shared
test_lib_cleanup_hang_so_LDADD =
check_DATA += test/lib/threads_fail.so test/lib/cleanup_hang.so
CLEANFILES += test/lib/threads_fail.so test/lib/cleanup_hang.so
EXTRA_PROGRAMS += test/lib/kill_at.so
test_lib_kill_at_so_SOURCES = test/lib/kill_at.c
test_lib_kill_at_so_CFLAGS = $(AM_CFLAGS) -fPIC
test_lib_kill_at_so_LDFLAGS = -shared
test_lib_kill_at_so_LDADD = -ldl
check_DATA += test/lib/kill_at.so
CLEANFILES += test/lib/kill_at.so
EXTRA_DIST += test/lib/report_store.py
EXTRA_PROGRAMS += test/lib/clock_at.so
test_lib_clock_at_so_SOURCES = test/lib/clock_at.c
test_lib_clock_at_so_CFLAGS = $(AM_CFLAGS) -fPIC
test_lib_clock_at_so_LDFLAGS = -shared
test_lib_clock_at_so_LDADD =
check_DATA += test/lib/clock_at.so
CLEANFILES += test/lib/clock_at.so
EXTRA_PROGRAMS += test/lib/planted.so
test_lib_planted_so_SOURCES = test/lib/planted.c
test_lib_planted_so_CFLAGS = $(AM_CFLAGS) -fPIC
test_lib_planted_so_LDFLAGS = -shared
test_lib_planted_so_LDADD = -ldl
check_DATA += test/lib/planted.so
CLEANFILES += test/lib/planted.so
EXTRA_DIST += test/lib/roles.py
