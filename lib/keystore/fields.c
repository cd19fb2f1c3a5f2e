/* SPDX-License-Identifier: BSD-2-Clause */
#include "keystore/fields.h"
#include "mail/domain.h"

static const char *const names[FIELDS_N] = {
	[FIELD_DOMAIN] = "domain", [FIELD_SELECTOR] = "selector",
	[FIELD_TYPE] = "type", [FIELD_BITS] = "bits",
	[FIELD_STAGE] = "stage", [FIELD_CREATED] = "created",
	[FIELD_SINCE] = "since", [FIELD_SEEN] = "seen",
	[FIELD_ASKED] = "asked", [FIELD_RECORD] = "record",
	[FIELD_NOTE] = "note",
};

const char *
field_name(enum field field)
{
	return (names[field]);
}

enum field
field_find(struct str name)
{
	unsigned i;

	for (i = 0; i < FIELDS_N; i++) {
		if (str_eq(name, str_from(names[i]))) {
			break;
		}
	}
	return ((enum field)i);
}

bool
field_is_optional(enum field field)
{
	return (field == FIELD_SEEN || field == FIELD_ASKED ||
	    field == FIELD_NOTE);
}

static enum status
syntax_unless(bool ok)
{
	return (ok ? STATUS_OK : STATUS_SYNTAX);
}

static enum status
parse_time(struct str value, int64_t *r)
{
	uint64_t s;

	if (!str_to_u64(value, &s) || s > INT64_MAX) {
		return (STATUS_SYNTAX);
	}
	*r = (int64_t)s;
	return (STATUS_OK);
}

static enum status
parse_name(struct arena *arena, struct str value, struct str *r)
{
	enum status status = domain_normalize(arena, value, r);

	return (status == STATUS_OK ? syntax_unless(str_eq(*r, value)) :
	    status);
}

static enum status
parse_type(struct str value, enum crypto_key_type *r)
{
	*r = str_eq(value, STR("rsa")) ? CRYPTO_RSA : CRYPTO_ED25519;
	return (syntax_unless(*r == CRYPTO_RSA ||
	    str_eq(value, STR("ed25519"))));
}

static enum status
parse_bits(struct str value, unsigned *r)
{
	uint64_t bits;

	if (!str_to_u64(value, &bits) || bits > CRYPTO_RSA_MAX_BITS) {
		return (STATUS_SYNTAX);
	}
	*r = (unsigned)bits;
	return (STATUS_OK);
}

/* Without control characters: it is written to DNS and to terminals. */
static enum status
parse_text(struct arena *arena, struct str value, struct str *r)
{
	size_t i;

	if (value.n > KEYSTORE_STATE_MAX_BYTES) {
		return (STATUS_SYNTAX);
	}
	for (i = 0; i < value.n; i++) {
		if ((unsigned char)value.p[i] < ' ' || value.p[i] == 0x7f) {
			return (STATUS_SYNTAX);
		}
	}
	*r = arena_dup(arena, value);
	return (r->p != NULL ? STATUS_OK : STATUS_NOMEM);
}

static enum status
parse_field(struct arena *arena, struct keystore_key *key, enum field field,
    struct str value)
{
	switch (field) {
	case FIELD_DOMAIN:
		return (parse_name(arena, value, &key->domain));
	case FIELD_SELECTOR:
		return (parse_name(arena, value, &key->selector));
	case FIELD_TYPE:
		return (parse_type(value, &key->type));
	case FIELD_BITS:
		return (parse_bits(value, &key->bits));
	case FIELD_STAGE:
		return (syntax_unless(key_stage_parse(value, &key->stage)));
	case FIELD_CREATED:
		return (parse_time(value, &key->created_s));
	case FIELD_SINCE:
		return (parse_time(value, &key->since_s));
	case FIELD_SEEN:
		return (parse_time(value, &key->seen_s));
	case FIELD_ASKED:
		return (parse_time(value, &key->asked_s));
	case FIELD_RECORD:
		return (parse_text(arena, value, &key->record));
	case FIELD_NOTE:
		return (parse_text(arena, value, &key->note));
	case FIELDS_N:
		break;
	}
	return (STATUS_SYNTAX);
}

enum status
field_set(struct arena *arena, struct keystore_key *key, enum field field,
    struct str value, const char *file, unsigned line, struct diag *diag)
{
	enum status status = value.n == 0 ? STATUS_SYNTAX :
	    parse_field(arena, key, field, value);

	if (status != STATUS_OK) {
		diag_set(diag, file, line, "%s: %s", names[field],
		    status == STATUS_SYNTAX ? "invalid value" :
		    status_text(status));
	}
	return (status);
}
