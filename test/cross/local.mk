# Cross-checks against independent implementations, on random messages.
EXTRA_PROGRAMS += test/cross/opendkim_peer
test_cross_opendkim_peer_SOURCES = test/cross/opendkim_peer.c \
	test/lib/fields.c test/lib/fields.h
check_DATA += test/cross/opendkim_peer$(EXEEXT)
CLEANFILES += test/cross/opendkim_peer$(EXEEXT)
check_SCRIPTS += test/cross/arc.py test/cross/cross.py test/cross/spf_cross.py \
	test/cross/spf_merge.py
EXTRA_DIST += test/cross/arc.py test/cross/craft.py test/cross/cross.py \
	test/cross/mail_dkim_peer.pl test/cross/messages.py \
	test/cross/peers.py test/cross/rules.py test/cross/spf_cross.py \
	test/cross/spf_merge.py \
	test/cross/spf_random.py
# The same for DMARC with the public suffix list.
EXTRA_PROGRAMS += test/cross/opendmarc_peer
test_cross_opendmarc_peer_SOURCES = test/cross/opendmarc_peer.c \
	test/lib/fields.c test/lib/fields.h
test_cross_opendmarc_peer_LDADD = $(LDADD) $(OPENDMARC_LIBS)
check_DATA += test/cross/opendmarc_peer$(EXEEXT)
CLEANFILES += test/cross/opendmarc_peer$(EXEEXT)
check_SCRIPTS += test/cross/dmarc.py
EXTRA_DIST += test/cross/dmarc.py test/cross/dmarc_rules.py
# Our Authentication-Results as other programs read it.
check_SCRIPTS += test/cross/readers.py
EXTRA_DIST += test/cross/readers.py test/cross/readers_peer.pl
# And for the authors of a From field.
check_SCRIPTS += test/cross/from.py
EXTRA_DIST += test/cross/from.py test/cross/from_peer.pl
