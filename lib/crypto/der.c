/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * der: a minimal DER parser for RSA public keys. OpenSSL's decoder would accept
 * every kind of key that its providers know from a remote DNS zone.
 */
#include "crypto/internal.h"

#define DER_INTEGER	0x02
#define DER_BIT_STRING	0x03
#define DER_SEQUENCE	0x30

/* Content of AlgorithmIdentifier: rsaEncryption, and NULL or nothing. */
#define RSA_OID		"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
#define DER_NULL	"\x05\x00"

/* A length of at most two octets, in its shortest form (X.690 10.1). */
static bool
take_length(struct str *in, size_t *n_r)
{
	const unsigned char *p = (const unsigned char *)in->p;

	if (in->n >= 1 && p[0] < 0x80) {
		*n_r = p[0];
		*in = str_from_offset(*in, 1);
		return (true);
	}
	if (in->n >= 2 && p[0] == 0x81 && p[1] >= 0x80) {
		*n_r = p[1];
		*in = str_from_offset(*in, 2);
		return (true);
	}
	if (in->n >= 3 && p[0] == 0x82 && p[1] != 0) {
		*n_r = (size_t)p[1] << 8 | p[2];
		*in = str_from_offset(*in, 3);
		return (true);
	}
	return (false);
}

/* Splits one element with this tag off *in. */
static bool
take_element(struct str *in, unsigned char tag, struct str *content_r)
{
	struct str rest;
	size_t n;

	if (in->n == 0 || (unsigned char)in->p[0] != tag) {
		return (false);
	}
	rest = str_from_offset(*in, 1);
	if (!take_length(&rest, &n) || n > rest.n) {
		return (false);
	}
	*content_r = str_first(rest, n);
	*in = str_from_offset(rest, n);
	return (true);
}

static bool
rsa_public_key(struct str in, struct str *n_r, struct str *e_r)
{
	struct str numbers;

	return (take_element(&in, DER_SEQUENCE, &numbers) && in.n == 0 &&
	    take_element(&numbers, DER_INTEGER, n_r) &&
	    take_element(&numbers, DER_INTEGER, e_r) && numbers.n == 0);
}

static bool
subject_public_key_info(struct str in, struct str *key_r)
{
	struct str info, algorithm, bits;

	if (!take_element(&in, DER_SEQUENCE, &info) || in.n != 0 ||
	    !take_element(&info, DER_SEQUENCE, &algorithm) ||
	    !take_element(&info, DER_BIT_STRING, &bits) || info.n != 0) {
		return (false);
	}
	if (!str_eq(algorithm, STR(RSA_OID DER_NULL)) &&
	    !str_eq(algorithm, STR(RSA_OID))) {
		return (false);
	}
	/* The first octet counts the unused bits of the last one. */
	if (bits.n == 0 || bits.p[0] != 0) {
		return (false);
	}
	*key_r = str_from_offset(bits, 1);
	return (true);
}

enum status
der_rsa_public(struct str der, struct str *n_r, struct str *e_r)
{
	struct str key = der;

	if (rsa_public_key(der, n_r, e_r) ||
	    (subject_public_key_info(der, &key) &&
	    rsa_public_key(key, n_r, e_r))) {
		return (STATUS_OK);
	}
	return (STATUS_SYNTAX);
}
