/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "crypto/pem_kind.h"

struct kind {
	const char	*mark;
	const char	*text;
};

/* The first mark that the text holds decides. */
static const struct kind kinds[] = {
	{ "BEGIN ENCRYPTED PRIVATE KEY", "a private key with a passphrase: "
	    "remove it, with openssl pkey -in OLD -out NEW" },
	{ "Proc-Type: 4,ENCRYPTED", "a private key with a passphrase: remove "
	    "it, with openssl pkey -in OLD -out NEW" },
	{ "BEGIN OPENSSH PRIVATE KEY", "a key of OpenSSH, not in PEM: make one "
	    "with dkimkeygen new" },
	{ "PuTTY-User-Key-File", "a key of PuTTY, not in PEM: make one with "
	    "dkimkeygen new" },
	{ "ssh-", "a public key of OpenSSH: the private one is needed here, in "
	    "PEM" },
	{ "BEGIN PGP", "a key of OpenPGP, not in PEM: make one with dkimkeygen "
	    "new" },
	{ "PUBLIC KEY-----", "a public key: the private one is needed here" },
	{ "BEGIN CERTIFICATE REQUEST", "a certificate request: the private key "
	    "is needed here" },
	{ "BEGIN CERTIFICATE", "a certificate: the private key is needed "
	    "here" },
	{ "v=DKIM1", "a DNS record: the private key is needed here, "
	    "SELECTOR.private" },
};

static bool
has_mark(struct str text, const char *mark)
{
	return (text.n > 0 && memmem(text.p, text.n, mark, strlen(mark)) !=
	    NULL);
}

static bool
is_blank(struct str text)
{
	size_t i;

	for (i = 0; i < text.n; i++) {
		if (!char_is_fws(text.p[i])) {
			return (false);
		}
	}
	return (true);
}

static bool
is_base64(struct str text)
{
	size_t i;

	for (i = 0; i < text.n; i++) {
		if (!char_is_fws(text.p[i]) && !char_is_alpha(text.p[i]) &&
		    !char_is_digit(text.p[i]) &&
		    memchr("+/=", text.p[i], 3) == NULL) {
			return (false);
		}
	}
	return (true);
}

/* A SEQUENCE that is as long as the text. */
static bool
is_der(struct str text)
{
	if (text.n < 2 || text.p[0] != '\x30') {
		return (false);
	}
	return ((text.p[1] & 0x80) != 0 ||
	    (size_t)(unsigned char)text.p[1] + 2 == text.n);
}

/* RFC 7292 4: its version is 3, a key's is 0 or 1. */
static bool
is_pkcs12(struct str text)
{
	size_t head = text.n > 1 && (text.p[1] & 0x80) != 0 ?
	    2 + (size_t)(text.p[1] & 0x7f) : 2;

	return (is_der(text) && str_starts(str_from_offset(text, head),
	    STR("\x02\x01\x03")));
}

static const char *
private_key_text(struct str text)
{
	if (!has_mark(text, "-----END")) {
		return ("a private key that is cut off: its END line is "
		    "missing");
	}
	if (str_starts(text, STR("\xef\xbb\xbf"))) {
		return ("a private key after a byte order mark: save it "
		    "without one");
	}
	return ("a private key that is damaged, or of an unknown kind");
}

const char *
pem_kind_text(struct str text)
{
	size_t i;

	if (is_blank(text)) {
		return ("empty: it holds no private key");
	}
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (has_mark(text, kinds[i].mark)) {
			return (kinds[i].text);
		}
	}
	if (has_mark(text, "PRIVATE KEY-----")) {
		return (private_key_text(text));
	}
	if (is_pkcs12(text)) {
		return ("a container of PKCS#12: take the key out, with "
		    "openssl pkcs12 -nocerts -nodes -in OLD -out NEW");
	}
	if (is_der(text)) {
		return ("in DER, not in PEM: convert it, with openssl pkey "
		    "-inform DER -in OLD -out NEW");
	}
	return (is_base64(text) ? "base64 without the BEGIN and END lines of "
	    "a private key in PEM" :
	    "no private key in PEM, which begins with -----BEGIN PRIVATE "
	    "KEY-----");
}
