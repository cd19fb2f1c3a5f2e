/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * state: reads and writes a state file: after the version, a field and its
 * value on each line, in any order, each field once. An unknown field is an
 * error, so that the file of a newer version is not misread.
 */
#include <inttypes.h>

#include "keystore/fields.h"

#define VERSION		"mailseal-key 1"

static enum status
syntax_error(struct diag *diag, const char *file, unsigned line,
    const char *why)
{
	diag_set(diag, file, line, "%s", why);
	return (STATUS_SYNTAX);
}

static enum status
check_complete(const unsigned *lines, const char *file, struct diag *diag)
{
	unsigned i;

	for (i = 0; i < FIELDS_N; i++) {
		if (lines[i] == 0 && !field_is_optional((enum field)i)) {
			diag_set(diag, file, 0, "incomplete: no \"%s\"",
			    field_name((enum field)i));
			return (STATUS_SYNTAX);
		}
	}
	return (STATUS_OK);
}

/* lines: for each field the line that has it, 0: none. */
static enum status
parse_line(struct arena *arena, struct keystore_key *key, struct str line,
    unsigned *lines, const char *file, unsigned at, struct diag *diag)
{
	size_t space = str_find(line, ' ');
	enum field field = field_find(str_first(line, space));

	if (field == FIELDS_N) {
		return (syntax_error(diag, file, at, "unknown field"));
	}
	if (lines[field] != 0) {
		return (syntax_error(diag, file, at, "repeated field"));
	}
	lines[field] = at;
	return (field_set(arena, key, field, str_from_offset(line, space + 1),
	    file, at, diag));
}

enum status
keystore_state_parse(struct arena *arena, struct str text, const char *file,
    struct keystore_key *key, struct diag *diag)
{
	unsigned lines[FIELDS_N] = { 0 }, at;
	struct str rest = text, line;
	enum status status;

	*key = (struct keystore_key){ .seen_s = -1, .asked_s = -1 };
	if (text.n > KEYSTORE_STATE_MAX_BYTES) {
		return (syntax_error(diag, file, 0, "too large"));
	}
	if (!str_next(&rest, '\n', &line) || !str_eq(line, STR(VERSION))) {
		return (syntax_error(diag, file, 1,
		    "the first line is not \"" VERSION "\""));
	}
	for (at = 2; str_next(&rest, '\n', &line); at++) {
		if (line.n == 0) {
			continue;
		}
		status = parse_line(arena, key, line, lines, file, at, diag);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	return (check_complete(lines, file, diag));
}

static void
write_time(struct buf *out, enum field field, int64_t s)
{
	if (s >= 0) {
		buf_printf(out, "%s %" PRId64 "\n", field_name(field), s);
	}
}

static void
write_text(struct buf *out, enum field field, struct str text)
{
	if (text.n > 0) {
		buf_printf(out, "%s %.*s\n", field_name(field),
		    STR_FMT(text));
	}
}

void
keystore_state_write(struct buf *out, const struct keystore_key *key)
{
	buf_add_cstr(out, VERSION "\n");
	write_text(out, FIELD_DOMAIN, key->domain);
	write_text(out, FIELD_SELECTOR, key->selector);
	write_text(out, FIELD_TYPE, str_from(crypto_key_name(key->type)));
	write_time(out, FIELD_BITS, key->bits);
	write_text(out, FIELD_STAGE, str_from(key_stage_name(key->stage)));
	write_time(out, FIELD_CREATED, key->created_s);
	write_time(out, FIELD_SINCE, key->since_s);
	write_time(out, FIELD_SEEN, key->seen_s);
	write_time(out, FIELD_ASKED, key->asked_s);
	write_text(out, FIELD_RECORD, key->record);
	write_text(out, FIELD_NOTE, key->note);
}
