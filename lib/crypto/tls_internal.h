/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files tls*.c. */
#ifndef CRYPTO_TLS_INTERNAL_H
#define CRYPTO_TLS_INTERNAL_H

#include <openssl/ssl.h>

#include "crypto/tls.h"

#define TLS_HOST_BYTES	256

struct tls_roots {
	SSL_CTX	*ctx;
};

struct tls {
	SSL		*ssl;
	BIO		*from;		/* of the server; owned by ssl */
	BIO		*to;		/* for it; owned by ssl */
	X509_STORE	*roots;		/* borrowed */
	char		 host[TLS_HOST_BYTES];
	char		 trouble[TLS_TEXT_BYTES];
};

#endif
