/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/types.h>

#include <stdio.h>

#include "base/b64.h"
#include "keys/record.h"
#include "mail/domain.h"

bool
key_name_make(struct arena *arena, const char *domain, const char *selector,
    struct key_name *r)
{
	*r = (struct key_name){ STR_NONE, STR_NONE, STR_NONE };
	if (domain != NULL && (domain_normalize(arena, str_from(domain),
	    &r->domain) != STATUS_OK || domain_labels(r->domain) < 2)) {
		(void)cli_fail("%s: not a domain name", domain);
		return (false);
	}
	if (selector != NULL && domain_normalize(arena, str_from(selector),
	    &r->selector) != STATUS_OK) {
		(void)cli_fail("%s: not a selector", selector);
		return (false);
	}
	if (domain == NULL || selector == NULL) {
		return (true);
	}
	r->owner = domain_key_name(arena, r->selector, r->domain);
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

bool
record_format_parse(const char *value, enum record_format *r)
{
	static const struct {
		const char		*name;
		enum record_format	 format;
	} formats[] = {
		{ "zone", RECORD_ZONE }, { "value", RECORD_VALUE },
		{ "json", RECORD_JSON }, { "nsupdate", RECORD_NSUPDATE },
	};
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(value, formats[i].name) == 0) {
			*r = formats[i].format;
			return (true);
		}
	}
	(void)cli_fail("--format: %s is not zone, value, json or nsupdate",
	    value);
	return (false);
}

json_t *
record_json_strings(struct str value)
{
	json_t *list = json_array();

	for (; value.n > 0;
	    value = str_from_offset(value, RECORD_STRING_MAX_BYTES)) {
		if (json_array_append_new(list, cli_json_text(str_first(value,
		    RECORD_STRING_MAX_BYTES))) == -1) {
			json_decref(list);
			return (NULL);
		}
	}
	return (list);
}

static void
add_nsupdate(struct buf *out, const struct record_shown *shown)
{
	buf_printf(out, "update add %.*s. %u IN TXT",
	    STR_FMT(shown->name.owner), shown->ttl_s);
	record_strings(out, shown->value);
	buf_add_cstr(out, "\nsend\n");
}

static json_t *
shown_json(const struct record_shown *shown)
{
	const struct key_name *name = &shown->name;

	return (json_pack(
	    "{s:o, s:o, s:o, s:s, s:o, s:o, s:s, s:i, s:i, s:o, s:o, s:o,"
	    " s:o}",
	    "domain", cli_json_text(name->domain),
	    "selector", cli_json_text(name->selector),
	    "name", cli_json_text(name->owner), "type", "TXT",
	    "value", cli_json_text(shown->value),
	    "strings", record_json_strings(shown->value),
	    "algorithm", key_type_name(shown->type),
	    "bits", (int)shown->bits, "ttl", (int)shown->ttl_s,
	    "private_file", shown->files != NULL ?
		cli_json_cstr(shown->files->private_path) : json_null(),
	    "record_file", shown->files != NULL ?
		cli_json_cstr(shown->files->record_path) : json_null(),
	    "store", cli_json_cstr(shown->store),
	    "stage", cli_json_cstr(shown->stage)));
}

bool
record_print(enum record_format format, const struct record_shown *shown)
{
	struct buf out;
	bool ok;

	buf_init(&out, KEYS_TEXT_MAX_BYTES);
	switch (format) {
	case RECORD_JSON:
		return (cli_json_print(shown_json(shown)));
	case RECORD_ZONE:
		record_zone_line(&out, shown->name.owner, shown->value);
		break;
	case RECORD_VALUE:
		buf_add_str(&out, shown->value);
		buf_add_char(&out, '\n');
		break;
	case RECORD_NSUPDATE:
		add_nsupdate(&out, shown);
		break;
	}
	ok = out.status == STATUS_OK &&
	    fwrite(out.p, 1, out.n, stdout) == out.n;
	buf_fini(&out);
	return (cli_flush() && ok);
}

bool
record_print_stored(struct store *store, const struct keystore_key *key,
    enum record_format format)
{
	bool revoked = life_record(key->stage) >= LIFE_RECORD_REVOKED;
	struct record_shown shown = { .value = revoked ? STR(RECORD_REVOKED) :
		key->record,
		.type = key->type, .bits = key->bits,
		.ttl_s = store->policy.record_ttl_s, .store = store->name,
		.stage = key_stage_name(key->stage) };

	return (key_name_make(&store->arena, key->domain.p, key->selector.p,
	    &shown.name) && record_print(format, &shown));
}
