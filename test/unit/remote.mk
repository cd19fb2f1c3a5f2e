UNIT += test/unit/t_remote_client
test_unit_t_remote_client_SOURCES = test/unit/t_remote_client.c
UNIT += test/unit/t_remote_tally
test_unit_t_remote_tally_SOURCES = test/unit/t_remote_tally.c
UNIT += test/unit/t_remote_server
test_unit_t_remote_server_SOURCES = test/unit/t_remote_server.c
