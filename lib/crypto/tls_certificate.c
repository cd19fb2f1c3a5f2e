/* SPDX-License-Identifier: BSD-2-Clause */
/* The server's certificate against roots, name and time. */
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "crypto/tls_internal.h"

static void
add_name(struct tls_certificate *r, const ASN1_STRING *name)
{
	int length = name != NULL ? ASN1_STRING_length(name) : 0;
	size_t n = length > 0 ? (size_t)length : 0;

	if (n == 0 || r->names_n + n + 2 > sizeof(r->names)) {
		return;
	}
	if (r->names_n > 0) {
		memcpy(r->names + r->names_n, ", ", 2);
		r->names_n += 2;
	}
	memcpy(r->names + r->names_n, ASN1_STRING_get0_data(name), n);
	r->names_n += n;
}

/* The DNS names it is for, or else its common name. */
static void
read_names(X509 *leaf, struct tls_certificate *r)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name,
	    NULL, NULL);
	X509_NAME *subject = X509_get_subject_name(leaf);
	X509_NAME_ENTRY *entry;
	int i, at;

	for (i = 0; names != NULL && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS) {
			add_name(r, name->d.dNSName);
		}
	}
	GENERAL_NAMES_free(names);
	at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	entry = r->names_n == 0 && at >= 0 ? X509_NAME_get_entry(subject,
	    at) : NULL;
	if (entry != NULL) {
		add_name(r, X509_NAME_ENTRY_get_data(entry));
	}
}

static int64_t
read_end(const X509 *leaf)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(leaf), &tm) != 1) {
		return (INT64_MAX);
	}
	return ((int64_t)timegm(&tm));
}

/* X509_V_OK, or the first error of the chain. */
static int
verify_chain(const struct tls *tls, X509 *leaf, int64_t now_s,
    unsigned long flags)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int error = X509_V_ERR_OUT_OF_MEM;

	if (ctx != NULL && X509_STORE_CTX_init(ctx, tls->roots, leaf,
	    SSL_get_peer_cert_chain(tls->ssl)) == 1 &&
	    X509_STORE_CTX_set_default(ctx, "ssl_server") == 1) {
		X509_STORE_CTX_set_time(ctx, flags, (time_t)now_s);
		X509_STORE_CTX_set_flags(ctx, flags);
		error = X509_verify_cert(ctx) == 1 ? X509_V_OK :
		    X509_STORE_CTX_get_error(ctx);
	}
	X509_STORE_CTX_free(ctx);
	return (error);
}

static bool
is_about_dates(int error)
{
	return (error == X509_V_ERR_CERT_HAS_EXPIRED ||
	    error == X509_V_ERR_CERT_NOT_YET_VALID);
}

void
tls_certificate_get(const struct tls *tls, int64_t now_s,
    struct tls_certificate *r)
{
	X509 *leaf = SSL_get0_peer_certificate(tls->ssl);
	int error;

	*r = (struct tls_certificate){ .until_s = INT64_MAX,
		.trouble = "there is no certificate" };
	if (leaf == NULL) {
		return;
	}
	error = verify_chain(tls, leaf, now_s, 0);
	r->timely = !is_about_dates(error);
	if (!r->timely) {
		error = verify_chain(tls, leaf, now_s,
		    X509_V_FLAG_NO_CHECK_TIME);
	}
	r->trusted = error == X509_V_OK;
	r->trouble = r->trusted ? NULL : X509_verify_cert_error_string(error);
	r->name_fits = X509_check_host(leaf, tls->host, 0, 0, NULL) == 1;
	r->self_signed = X509_self_signed(leaf, 0) == 1;
	r->until_s = read_end(leaf);
	/* A chain without a root is not compared with the time. */
	r->timely &= r->until_s >= now_s;
	read_names(leaf, r);
	ERR_clear_error();
}
