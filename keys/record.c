/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/types.h>

#include <stdio.h>

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

bool
record_format_parse(const char *value, enum record_format *r)
{
	static const struct {
		const char		*name;
		enum record_format	 format;
	} formats[] = {
		{ "zone", RECORD_ZONE }, { "value", RECORD_VALUE },
		{ "json", RECORD_JSON }, { "nsupdate", RECORD_NSUPDATE },
		{ "form", RECORD_FORM },
	};
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(value, formats[i].name) == 0) {
			*r = formats[i].format;
			return (true);
		}
	}
	(void)cli_fail("--format: %s is not zone, value, form, json or "
	    "nsupdate", value);
	return (false);
}

bool
record_provider_parse(const char *value, const struct provider **r)
{
	const struct provider *p;
	struct buf names;

	*r = provider_named(value);
	if (*r != NULL) {
		return (true);
	}
	buf_init(&names, KEYS_TEXT_MAX_BYTES);
	for (p = provider_table(); p->name != NULL; p++) {
		buf_printf(&names, " %s", p->name);
	}
	(void)cli_fail("--provider: %s is not known; leave it out, or name "
	    "one of:%.*s", value, STR_FMT(buf_str(&names)));
	buf_fini(&names);
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
	record_update_add(out, shown->name.owner, shown->ttl_s, "TXT",
	    shown->value);
	buf_add_cstr(out, "send\n");
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
	    "algorithm", crypto_key_name(shown->type),
	    "bits", (int)shown->bits, "ttl", (int)shown->ttl_s,
	    "private_file", shown->files != NULL ?
		cli_json_cstr(shown->files->private_path) : json_null(),
	    "record_file", shown->files != NULL ?
		cli_json_cstr(shown->files->record_path) : json_null(),
	    "store", cli_json_cstr(shown->store),
	    "stage", cli_json_cstr(shown->stage)));
}

bool
record_print(const struct record_opts *o, const struct record_shown *shown)
{
	struct buf out;
	bool ok;

	buf_init(&out, KEYS_TEXT_MAX_BYTES);
	switch (o->format) {
	case RECORD_JSON:
		return (cli_json_print(shown_json(shown)));
	case RECORD_ZONE:
		record_zone_line(&out, shown->name.owner, "TXT",
		    shown->value);
		break;
	case RECORD_VALUE:
		buf_add_str(&out, shown->value);
		buf_add_char(&out, '\n');
		break;
	case RECORD_FORM:
		provider_form(o->provider, &out, shown->name.domain,
		    shown->name.owner, "TXT", shown->value);
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
    const struct record_opts *o)
{
	bool revoked = life_record(key->stage) >= LIFE_RECORD_REVOKED;
	struct record_shown shown = { .value = revoked ? STR(WANTED_REVOKED) :
		key->record,
		.type = key->type, .bits = key->bits,
		.ttl_s = store->policy.record_ttl_s, .store = store->name,
		.stage = key_stage_name(key->stage) };

	return (key_name_make(&store->arena, key->domain.p, key->selector.p,
	    &shown.name) && record_print(o, &shown));
}
