/* SPDX-License-Identifier: BSD-2-Clause */
/* The server's certificates against its TLSA records (RFC 6698, RFC 7672). */
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "crypto/tls_internal.h"

enum { USAGE_TA = 2, USAGE_EE = 3 };
enum { SELECT_CERTIFICATE, SELECT_KEY };
enum { MATCH_FULL, MATCH_SHA256, MATCH_SHA512 };

struct tlsa {			/* a record that can be used */
	unsigned	 usage;
	unsigned	 selector;
	unsigned	 matching;
	struct str	 data;
};

/* RFC 7672 3.1.3: usages 0 and 1 are not for SMTP. */
static bool
read_tlsa(struct str record, struct tlsa *r)
{
	if (record.n < 4) {
		return (false);
	}
	*r = (struct tlsa){ (unsigned char)record.p[0],
		(unsigned char)record.p[1], (unsigned char)record.p[2],
		str_from_offset(record, 3) };
	return ((r->usage == USAGE_TA || r->usage == USAGE_EE) &&
	    r->selector <= SELECT_KEY && (r->matching == MATCH_FULL ||
	    (r->matching == MATCH_SHA256 && r->data.n ==
	    SHA256_DIGEST_LENGTH) || (r->matching == MATCH_SHA512 &&
	    r->data.n == SHA512_DIGEST_LENGTH)));
}

static bool
is_der(const struct tlsa *t, const unsigned char *der, int n)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned hash_n = 0;

	if (n <= 0) {
		return (false);
	}
	if (t->matching == MATCH_FULL) {
		return (str_eq(str_mem(der, (size_t)n), t->data));
	}
	return (EVP_Digest(der, (size_t)n, hash, &hash_n, t->matching ==
	    MATCH_SHA256 ? EVP_sha256() : EVP_sha512(), NULL) == 1 &&
	    str_eq(str_mem(hash, hash_n), t->data));
}

static bool
is_certificate(const struct tlsa *t, X509 *certificate)
{
	unsigned char *der = NULL;
	int n = t->selector == SELECT_KEY ? i2d_X509_PUBKEY(
	    X509_get_X509_PUBKEY(certificate), &der) :
	    i2d_X509(certificate, &der);
	bool is = is_der(t, der, n);

	OPENSSL_free(der);
	return (is);
}

/* A chain from the server's certificate to that one. Dates count (RFC 7672
   3.1.2), and the name. */
static bool
leads_to(const struct tls *tls, X509 *leaf, X509 *anchor)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	bool ok;

	ok = store != NULL && ctx != NULL &&
	    X509_STORE_add_cert(store, anchor) == 1 &&
	    X509_STORE_CTX_init(ctx, store, leaf,
	    SSL_get_peer_cert_chain(tls->ssl)) == 1;
	if (ok) {
		X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_PARTIAL_CHAIN);
		ok = X509_verify_cert(ctx) == 1 &&
		    X509_check_host(leaf, tls->host, 0, 0, NULL) == 1;
	}
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return (ok);
}

static bool
has_anchor(const struct tls *tls, X509 *leaf, const struct tlsa *t)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(tls->ssl);
	int i;

	for (i = 0; chain != NULL && i < sk_X509_num(chain); i++) {
		if (is_certificate(t, sk_X509_value(chain, i)) &&
		    leads_to(tls, leaf, sk_X509_value(chain, i))) {
			return (true);
		}
	}
	return (false);
}

enum tls_dane
tls_dane_compare(const struct tls *tls, const struct str *records, size_t n)
{
	X509 *leaf = SSL_get0_peer_certificate(tls->ssl);
	enum tls_dane result = TLS_DANE_UNUSABLE;
	struct tlsa t;
	size_t i;

	for (i = 0; i < n && result != TLS_DANE_MATCH; i++) {
		if (!read_tlsa(records[i], &t)) {
			continue;
		}
		result = leaf != NULL && (t.usage == USAGE_EE ?
		    is_certificate(&t, leaf) : has_anchor(tls, leaf, &t)) ?
		    TLS_DANE_MATCH : TLS_DANE_MISMATCH;
	}
	ERR_clear_error();
	return (result);
}

/* 3 1 1, as RFC 7672 3.1.1 advises: it outlives a renewal with the same key. */
void
tls_dane_write(const struct tls *tls, struct buf *out)
{
	X509 *leaf = SSL_get0_peer_certificate(tls->ssl);
	unsigned char *der = NULL, hash[EVP_MAX_MD_SIZE];
	unsigned hash_n = 0, i;
	int n = leaf == NULL ? 0 : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf),
	    &der);

	if (n <= 0 || EVP_Digest(der, (size_t)n, hash, &hash_n, EVP_sha256(),
	    NULL) != 1) {
		out->status = STATUS_NOMEM;
	}
	buf_add_cstr(out, "3 1 1 ");
	for (i = 0; i < hash_n; i++) {
		buf_printf(out, "%02x", hash[i]);
	}
	OPENSSL_free(der);
	ERR_clear_error();
}
