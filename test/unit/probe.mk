UNIT += test/unit/t_probe_policy test/unit/t_probe_reply
test_unit_t_probe_policy_SOURCES = test/unit/t_probe_policy.c
test_unit_t_probe_reply_SOURCES = test/unit/t_probe_reply.c
