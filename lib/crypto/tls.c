/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#include "crypto/tls_internal.h"

static void
explain_roots(const char *file, struct diag *diag)
{
	if (file != NULL && access(file, R_OK) == -1) {
		diag_set(diag, file, 0, "%s", strerror(errno));
	} else {
		diag_set(diag, file, 0, "it holds no certificate in PEM");
	}
}

enum status
tls_roots_new(const char *file, struct tls_roots **r, struct diag *diag)
{
	struct tls_roots *roots = calloc(1, sizeof(*roots));

	*r = NULL;
	if (roots != NULL) {
		roots->ctx = SSL_CTX_new(TLS_client_method());
	}
	if (roots == NULL || roots->ctx == NULL) {
		ERR_clear_error();
		tls_roots_free(roots);
		diag_set(diag, NULL, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	/* Certificates are judged after the handshake. */
	SSL_CTX_set_verify(roots->ctx, SSL_VERIFY_NONE, NULL);
	if ((file != NULL ? SSL_CTX_load_verify_file(roots->ctx, file) :
	    SSL_CTX_set_default_verify_paths(roots->ctx)) != 1) {
		ERR_clear_error();
		tls_roots_free(roots);
		explain_roots(file, diag);
		return (STATUS_IO);
	}
	*r = roots;
	return (STATUS_OK);
}

void
tls_roots_free(struct tls_roots *roots)
{
	if (roots != NULL) {
		SSL_CTX_free(roots->ctx);
		free(roots);
	}
}

/* False: no memory. */
static bool
open_ssl(struct tls *tls, const struct tls_roots *roots)
{
	tls->roots = SSL_CTX_get_cert_store(roots->ctx);
	tls->ssl = SSL_new(roots->ctx);
	tls->from = BIO_new(BIO_s_mem());
	tls->to = BIO_new(BIO_s_mem());
	if (tls->ssl == NULL || tls->from == NULL || tls->to == NULL) {
		BIO_free(tls->from);
		BIO_free(tls->to);
		return (false);
	}
	SSL_set_bio(tls->ssl, tls->from, tls->to);
	SSL_set_connect_state(tls->ssl);
	return (SSL_set_tlsext_host_name(tls->ssl, tls->host) == 1);
}

struct tls *
tls_new(const struct tls_roots *roots, struct str host)
{
	struct tls *tls;

	if (host.n == 0 || host.n >= TLS_HOST_BYTES ||
	    str_find(host, '\0') < host.n) {
		return (NULL);
	}
	tls = calloc(1, sizeof(*tls));
	if (tls == NULL) {
		return (NULL);
	}
	memcpy(tls->host, host.p, host.n);
	if (!open_ssl(tls, roots)) {
		ERR_clear_error();
		tls_free(tls);
		return (NULL);
	}
	return (tls);
}

void
tls_free(struct tls *tls)
{
	if (tls != NULL) {
		SSL_free(tls->ssl);
		free(tls);
	}
}

bool
tls_feed(struct tls *tls, struct str octets)
{
	return (octets.n <= INT_MAX && BIO_write(tls->from, octets.p,
	    (int)octets.n) == (int)octets.n);
}

size_t
tls_drain(struct tls *tls, char *p, size_t max)
{
	int n = max == 0 || BIO_ctrl_pending(tls->to) == 0 ? 0 :
	    BIO_read(tls->to, p, max > INT_MAX ? INT_MAX : (int)max);

	return (n > 0 ? (size_t)n : 0);
}

static void
note_trouble(struct tls *tls)
{
	unsigned long e = ERR_peek_error();
	const char *text = e != 0 ? ERR_reason_error_string(e) : NULL;

	(void)snprintf(tls->trouble, sizeof(tls->trouble), "%s", text != NULL ?
	    text : "the connection broke");
	ERR_clear_error();
}

/* What a result of 0 or less means. */
static enum tls_progress
classify_result(struct tls *tls, int result)
{
	switch (SSL_get_error(tls->ssl, result)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		ERR_clear_error();
		return (TLS_MORE);
	case SSL_ERROR_ZERO_RETURN:
		ERR_clear_error();
		return (TLS_ENDED);
	default:
		note_trouble(tls);
		return (TLS_FAILED);
	}
}

enum tls_progress
tls_handshake(struct tls *tls)
{
	int result;

	ERR_clear_error();
	result = SSL_do_handshake(tls->ssl);
	return (result == 1 ? TLS_OPEN : classify_result(tls, result));
}

enum tls_progress
tls_read(struct tls *tls, char *p, size_t max, size_t *n_r)
{
	int result;

	ERR_clear_error();
	*n_r = 0;
	result = SSL_read_ex(tls->ssl, p, max, n_r);
	return (result == 1 ? TLS_OPEN : classify_result(tls, result));
}

bool
tls_write(struct tls *tls, struct str octets)
{
	size_t n = 0;
	bool ok;

	ERR_clear_error();
	/* Into memory: all of it or nothing. */
	ok = SSL_write_ex(tls->ssl, octets.p, octets.n, &n) == 1 &&
	    n == octets.n;
	if (!ok) {
		note_trouble(tls);
	}
	return (ok);
}

const char *
tls_trouble(const struct tls *tls)
{
	return (tls->trouble);
}

const char *
tls_version(const struct tls *tls)
{
	return (SSL_get_version(tls->ssl));
}
