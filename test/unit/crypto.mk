UNIT += test/unit/t_crypto_digest test/unit/t_crypto_hmac \
	test/unit/t_crypto_privkey test/unit/t_crypto_pubkey
test_unit_t_crypto_digest_SOURCES = test/unit/t_crypto_digest.c
test_unit_t_crypto_hmac_SOURCES = test/unit/t_crypto_hmac.c
test_unit_t_crypto_privkey_SOURCES = test/unit/t_crypto_privkey.c
test_unit_t_crypto_pubkey_SOURCES = test/unit/t_crypto_pubkey.c
UNIT += test/unit/t_crypto_memory
test_unit_t_crypto_memory_SOURCES = test/unit/t_crypto_memory.c
test_unit_t_crypto_memory_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
EXTRA_DIST += test/unit/crypto_vectors.h
