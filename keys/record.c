/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/b64.h"
#include "keys/keys.h"
#include "mail/domain.h"

bool
key_name_make(struct arena *arena, const char *domain, const char *selector,
    struct key_name *r)
{
	if (domain_normalize(arena, str_from(domain), &r->domain) !=
	    STATUS_OK || domain_labels(r->domain) < 2) {
		(void)cli_fail("%s: not the name of a domain", domain);
		return (false);
	}
	if (domain_normalize(arena, str_from(selector), &r->selector) !=
	    STATUS_OK) {
		(void)cli_fail("%s: not a selector", selector);
		return (false);
	}
	r->owner = arena_printf(arena, "%.*s._domainkey.%.*s",
	    STR_FMT(r->selector), STR_FMT(r->domain));
	if (r->owner.p == NULL || r->owner.n > DOMAIN_MAX_BYTES) {
		(void)cli_fail("%s and %s together are too long for a name",
		    selector, domain);
		return (false);
	}
	return (true);
}

const char *
key_type_name(enum crypto_key_type type)
{
	switch (type) {
	case CRYPTO_RSA:
		return ("rsa");
	case CRYPTO_ED25519:
		return ("ed25519");
	}
	return ("unknown");
}

enum status
record_value(const struct privkey *key, const char *flags, struct buf *out)
{
	struct buf public;
	enum status status;

	buf_init(&public, CRYPTO_KEY_MAX_BYTES);
	status = privkey_public(key, &public);
	if (status == STATUS_OK) {
		buf_printf(out, "v=DKIM1; k=%s; ",
		    key_type_name(privkey_type(key)));
		if (flags[0] != '\0') {
			buf_printf(out, "t=%s; ", flags);
		}
		buf_add_cstr(out, "p=");
		b64_encode(out, public.p, public.n);
		status = out->status;
	}
	buf_fini(&public);
	return (status);
}

void
record_nsupdate(struct buf *out, const struct key_name *name,
    struct str value)
{
	buf_add_cstr(out, "update add ");
	buf_add_str(out, name->owner);
	buf_printf(out, ". %d IN TXT", KEYS_TTL_S);
	record_strings(out, value);
	buf_add_cstr(out, "\nsend\n");
}
