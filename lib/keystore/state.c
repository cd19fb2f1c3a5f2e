/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text of a state file: a name and a value by line, in any order but for
 * the first, each once. What is not known is an error: a newer program's file
 * is not to be misread.
 */
#include <inttypes.h>

#include "keystore/private.h"
#include "mail/domain.h"

#define VERSION		"mailseal-key 1"

enum name {
	DOMAIN, SELECTOR, TYPE, BITS, STAGE, CREATED, SINCE, SEEN, ASKED,
	RECORD, NOTE, NAMES_N
};

static const char *const names[NAMES_N] = {
	[DOMAIN] = "domain", [SELECTOR] = "selector", [TYPE] = "type",
	[BITS] = "bits", [STAGE] = "stage", [CREATED] = "created",
	[SINCE] = "since", [SEEN] = "seen", [ASKED] = "asked",
	[RECORD] = "record", [NOTE] = "note",
};

/* What may be missing. */
static bool
is_optional(enum name name)
{
	return (name == SEEN || name == ASKED || name == NOTE);
}

static enum status
verdict(bool ok)
{
	return (ok ? STATUS_OK : STATUS_SYNTAX);
}

static enum status
take_time(struct str value, int64_t *r)
{
	uint64_t s;

	if (!str_to_u64(value, &s) || s > INT64_MAX) {
		return (STATUS_SYNTAX);
	}
	*r = (int64_t)s;
	return (STATUS_OK);
}

static enum status
take_name(struct arena *arena, struct str value, struct str *r)
{
	enum status status = domain_normalize(arena, value, r);

	return (status == STATUS_OK ? verdict(str_eq(*r, value)) : status);
}

static enum status
take_type(struct str value, enum crypto_key_type *r)
{
	*r = str_eq(value, STR("rsa")) ? CRYPTO_RSA : CRYPTO_ED25519;
	return (verdict(*r == CRYPTO_RSA || str_eq(value, STR("ed25519"))));
}

static enum status
take_bits(struct str value, unsigned *r)
{
	uint64_t bits;

	if (!str_to_u64(value, &bits) || bits > CRYPTO_RSA_MAX_BITS) {
		return (STATUS_SYNTAX);
	}
	*r = (unsigned)bits;
	return (STATUS_OK);
}

/* One line of printable octets: it goes into DNS and onto terminals. */
static enum status
take_text(struct arena *arena, struct str value, struct str *r)
{
	size_t i;

	for (i = 0; i < value.n; i++) {
		if ((unsigned char)value.p[i] < ' ' || value.p[i] == 0x7f) {
			return (STATUS_SYNTAX);
		}
	}
	*r = arena_dup(arena, value);
	return (r->p != NULL ? STATUS_OK : STATUS_NOMEM);
}

static enum status
take(struct arena *arena, struct keystore_key *key, enum name name,
    struct str value)
{
	switch (name) {
	case DOMAIN:
		return (take_name(arena, value, &key->domain));
	case SELECTOR:
		return (take_name(arena, value, &key->selector));
	case TYPE:
		return (take_type(value, &key->type));
	case BITS:
		return (take_bits(value, &key->bits));
	case STAGE:
		return (verdict(key_stage_parse(value, &key->stage)));
	case CREATED:
		return (take_time(value, &key->created_s));
	case SINCE:
		return (take_time(value, &key->since_s));
	case SEEN:
		return (take_time(value, &key->seen_s));
	case ASKED:
		return (take_time(value, &key->asked_s));
	case RECORD:
		return (take_text(arena, value, &key->record));
	case NOTE:
		return (take_text(arena, value, &key->note));
	case NAMES_N:
		break;
	}
	return (STATUS_SYNTAX);
}

static enum name
find(struct str word)
{
	unsigned i;

	for (i = 0; i < NAMES_N; i++) {
		if (str_eq(word, str_from(names[i]))) {
			break;
		}
	}
	return ((enum name)i);
}

static enum status
refuse(struct diag *diag, const char *file, unsigned line, const char *why)
{
	diag_set(diag, file, line, "%s", why);
	return (STATUS_SYNTAX);
}

static enum status
check_all(const unsigned *lines, const char *file, struct diag *diag)
{
	unsigned i;

	for (i = 0; i < NAMES_N; i++) {
		if (lines[i] == 0 && !is_optional((enum name)i)) {
			diag_set(diag, file, 0, "no \"%s\": it is not whole",
			    names[i]);
			return (STATUS_SYNTAX);
		}
	}
	return (STATUS_OK);
}

/* One line; lines[]: where each name stands already. */
static enum status
take_line(struct arena *arena, struct keystore_key *key, struct str line,
    unsigned *lines, const char *file, unsigned at, struct diag *diag)
{
	size_t space = str_find(line, ' ');
	struct str value = str_from_offset(line, space + 1);
	enum name name = find(str_first(line, space));
	enum status status = STATUS_SYNTAX;

	if (name == NAMES_N) {
		return (refuse(diag, file, at, "an unknown name"));
	}
	if (lines[name] != 0) {
		return (refuse(diag, file, at, "a name for the second time"));
	}
	lines[name] = at;
	if (value.n > 0) {
		status = take(arena, key, name, value);
	}
	if (status != STATUS_OK) {
		diag_set(diag, file, at, "%s: %s", names[name],
		    status == STATUS_SYNTAX ? "not a value that it takes" :
		    status_text(status));
	}
	return (status);
}

enum status
keystore_state_parse(struct arena *arena, struct str text, const char *file,
    struct keystore_key *key, struct diag *diag)
{
	unsigned lines[NAMES_N] = { 0 }, at;
	struct str rest = text, line;
	enum status status = STATUS_OK;

	*key = (struct keystore_key){ .seen_s = -1, .asked_s = -1 };
	if (text.n > KEYSTORE_STATE_MAX_BYTES) {
		return (refuse(diag, file, 0, "too large"));
	}
	if (!str_next(&rest, '\n', &line) || !str_eq(line, STR(VERSION))) {
		return (refuse(diag, file, 1,
		    "the first line is not \"" VERSION "\""));
	}
	for (at = 2; status == STATUS_OK && str_next(&rest, '\n', &line);
	    at++) {
		if (line.n > 0) {
			status = take_line(arena, key, line, lines, file, at,
			    diag);
		}
	}
	return (status == STATUS_OK ? check_all(lines, file, diag) : status);
}

static void
put_time(struct buf *out, enum name name, int64_t s)
{
	if (s >= 0) {
		buf_printf(out, "%s %" PRId64 "\n", names[name], s);
	}
}

static void
put_text(struct buf *out, enum name name, struct str text)
{
	if (text.n > 0) {
		buf_printf(out, "%s %.*s\n", names[name], STR_FMT(text));
	}
}

void
keystore_state_write(struct buf *out, const struct keystore_key *key)
{
	buf_add_cstr(out, VERSION "\n");
	put_text(out, DOMAIN, key->domain);
	put_text(out, SELECTOR, key->selector);
	buf_printf(out, "%s %s\n%s %u\n%s %s\n", names[TYPE],
	    key->type == CRYPTO_RSA ? "rsa" : "ed25519", names[BITS],
	    key->bits, names[STAGE], key_stage_name(key->stage));
	put_time(out, CREATED, key->created_s);
	put_time(out, SINCE, key->since_s);
	put_time(out, SEEN, key->seen_s);
	put_time(out, ASKED, key->asked_s);
	put_text(out, RECORD, key->record);
	put_text(out, NOTE, key->note);
}
