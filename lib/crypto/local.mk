lib_libmailseal_a_SOURCES += \
	lib/crypto/crypto.h \
	lib/crypto/internal.h \
	lib/crypto/crypto.c \
	lib/crypto/der.c \
	lib/crypto/digest.c \
	lib/crypto/hmac.c \
	lib/crypto/pem_kind.c \
	lib/crypto/pem_kind.h \
	lib/crypto/privkey.c \
	lib/crypto/pubkey.c \
	lib/crypto/self_test.c
