UNIT += test/unit/t_mail_addr
test_unit_t_mail_addr_SOURCES = test/unit/t_mail_addr.c
UNIT += test/unit/t_mail_canon_body
test_unit_t_mail_canon_body_SOURCES = test/unit/t_mail_canon_body.c
UNIT += test/unit/t_mail_canon_header
test_unit_t_mail_canon_header_SOURCES = test/unit/t_mail_canon_header.c
UNIT += test/unit/t_mail_domain
test_unit_t_mail_domain_SOURCES = test/unit/t_mail_domain.c
UNIT += test/unit/t_mail_field
test_unit_t_mail_field_SOURCES = test/unit/t_mail_field.c
UNIT += test/unit/t_mail_message
test_unit_t_mail_message_SOURCES = test/unit/t_mail_message.c
UNIT += test/unit/t_mail_taglist
test_unit_t_mail_taglist_SOURCES = test/unit/t_mail_taglist.c
EXTRA_DIST += test/unit/canon_ref.h test/unit/guard.h \
	test/unit/oom.h
UNIT += test/unit/t_mail_received
test_unit_t_mail_received_SOURCES = test/unit/t_mail_received.c
