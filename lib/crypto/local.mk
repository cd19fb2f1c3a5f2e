lib_libmailseal_a_SOURCES += \
	lib/crypto/cms.h \
	lib/crypto/crypto.h \
	lib/crypto/internal.h \
	lib/crypto/cms.c \
	lib/crypto/crypto.c \
	lib/crypto/der.c \
	lib/crypto/digest.c \
	lib/crypto/hmac.c \
	lib/crypto/pem_kind.c \
	lib/crypto/pem_kind.h \
	lib/crypto/privkey.c \
	lib/crypto/privkey_remote.c \
	lib/crypto/pubkey.c \
	lib/crypto/self_test.c \
	lib/crypto/tls.c \
	lib/crypto/tls.h \
	lib/crypto/tls_certificate.c \
	lib/crypto/tls_dane.c \
	lib/crypto/tls_internal.h
