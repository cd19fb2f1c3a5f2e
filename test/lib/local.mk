# What the tests written in Python share, and the library as their co-process.
EXTRA_PROGRAMS += test/lib/batch
test_lib_batch_SOURCES = test/lib/batch.c test/lib/fields.c test/lib/fields.h
check_DATA += test/lib/batch$(EXEEXT)
CLEANFILES += test/lib/batch$(EXEEXT)
EXTRA_DIST += test/lib/knot.py test/lib/manual.py test/lib/milter.py test/lib/proc.py \
	test/lib/pydkim.py test/lib/resolver.py test/lib/seal.py test/lib/seald.py \
	test/lib/suites.py test/lib/tap.py test/lib/tree.py \
	test/lib/tsan.supp test/lib/zone.py
