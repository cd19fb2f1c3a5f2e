UNIT += test/unit/t_dkim_body test/unit/t_dkim_header test/unit/t_dkim_key \
	test/unit/t_dkim_self_check test/unit/t_dkim_sign test/unit/t_dkim_signature \
	test/unit/t_dkim_verify
test_unit_t_dkim_body_SOURCES = test/unit/t_dkim_body.c
test_unit_t_dkim_header_SOURCES = test/unit/t_dkim_header.c
test_unit_t_dkim_key_SOURCES = test/unit/t_dkim_key.c
test_unit_t_dkim_self_check_SOURCES = test/unit/t_dkim_self_check.c
test_unit_t_dkim_sign_SOURCES = test/unit/t_dkim_sign.c
test_unit_t_dkim_signature_SOURCES = test/unit/t_dkim_signature.c
test_unit_t_dkim_verify_SOURCES = test/unit/t_dkim_verify.c
UNIT += test/unit/t_dkim_additions
test_unit_t_dkim_additions_SOURCES = test/unit/t_dkim_additions.c
EXTRA_DIST += test/unit/dkim_lab.h test/unit/dkim_vectors.h
