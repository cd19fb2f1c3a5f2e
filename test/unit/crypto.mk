# UNIT += test/unit/t_crypto_FILE
# test_unit_t_crypto_FILE_SOURCES = test/unit/t_crypto_FILE.c
