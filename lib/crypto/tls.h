/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tls: the client's side of a TLS connection, for tools that look at servers.
 * The caller moves the octets, so that nothing blocks here: tls_feed() takes
 * what came from the network, tls_drain() gives what is to be sent.
 *
 * A handshake does not fail because of the certificate: that is judged
 * afterwards, against roots and name (RFC 5280, RFC 6125) and against TLSA
 * records (RFC 6698, RFC 7672). A connection belongs to one thread.
 */
#ifndef CRYPTO_TLS_H
#define CRYPTO_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/status.h"
#include "base/str.h"

#define TLS_NAMES_BYTES	256
#define TLS_TEXT_BYTES	128

struct tls_roots;		/* the certificates that are trusted */
struct tls;

enum tls_progress {
	TLS_MORE,		/* it waits for octets of the server */
	TLS_OPEN,		/* the handshake is done; octets were moved */
	TLS_ENDED,		/* the server has closed it */
	TLS_FAILED		/* tls_trouble() says why */
};

struct tls_certificate {	/* of the server */
	bool	 trusted;	/* a chain leads to a root, dates aside */
	bool	 timely;	/* all dates of that chain are right */
	bool	 name_fits;	/* it is for the host */
	bool	 self_signed;
	int64_t	 until_s;	/* its own end; INT64_MAX: not readable */
	char	 names[TLS_NAMES_BYTES];	/* whose it is; octets from
						   outside */
	size_t	 names_n;
	const char *trouble;	/* while not trusted: OpenSSL's phrase */
};

enum tls_dane {			/* of the TLSA records of a server */
	TLS_DANE_UNUSABLE,	/* none can be used for SMTP (RFC 7672 3.1) */
	TLS_DANE_MATCH,
	TLS_DANE_MISMATCH
};

/* file: PEM; NULL: those of the system. */
enum status	 tls_roots_new(const char *file, struct tls_roots **r,
		    struct diag *) ATTR_MUST_CHECK;
void		 tls_roots_free(struct tls_roots *);	/* NULL is valid */

/* The roots must outlive it. NULL: no memory, or no such host name. */
struct tls	*tls_new(const struct tls_roots *, struct str host);
void		 tls_free(struct tls *);		/* NULL is valid */
/* False: no memory. */
bool		 tls_feed(struct tls *, struct str octets) ATTR_MUST_CHECK;
/* How many octets were taken. */
size_t		 tls_drain(struct tls *, char *p, size_t max);
/* To be called again after each tls_feed() until it is not TLS_MORE. */
enum tls_progress	 tls_handshake(struct tls *);
enum tls_progress	 tls_read(struct tls *, char *p, size_t max,
			    size_t *n_r);
bool		 tls_write(struct tls *, struct str octets);
/* A phrase; valid as long as the connection. */
const char	*tls_trouble(const struct tls *);
/* "TLSv1.3"; valid as long as the connection. */
const char	*tls_version(const struct tls *);

/* After the handshake. now_s: the time that certificates are compared with. */
void		 tls_certificate_get(const struct tls *, int64_t now_s,
		    struct tls_certificate *r);
/* records: each the data of a TLSA record. */
enum tls_dane	 tls_dane_compare(const struct tls *,
		    const struct str *records, size_t n);
/* Appends what the TLSA record should be, "3 1 1 ...". */
void		 tls_dane_write(const struct tls *, struct buf *);

#endif
