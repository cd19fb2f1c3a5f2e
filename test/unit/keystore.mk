UNIT += test/unit/t_keystore_entries
test_unit_t_keystore_entries_SOURCES = test/unit/t_keystore_entries.c
UNIT += test/unit/t_keystore_life test/unit/t_keystore_state test/unit/t_keystore_store
test_unit_t_keystore_life_SOURCES = test/unit/t_keystore_life.c
test_unit_t_keystore_state_SOURCES = test/unit/t_keystore_state.c
test_unit_t_keystore_store_SOURCES = test/unit/t_keystore_store.c
UNIT += test/unit/t_keystore_passphrase
test_unit_t_keystore_passphrase_SOURCES = test/unit/t_keystore_passphrase.c
