/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "keystore/keystore.h"

#include "oom.h"
#include "tap.h"

#define HEAD	"mailseal-key 1\ndomain example.com\nselector s1\n"
#define REST	"bits 2048\nstage active\ncreated 1700000000\n" \
	"since 1700000001\nrecord v=DKIM1; k=rsa; p=AAAA\n"
#define WHOLE	HEAD "type rsa\n" REST

static const struct row {
	const char	*name;
	const char	*text;
	const char	*why;		/* NULL: well; else part of the diag */
} rows[] = {
	{ "whole", WHOLE, NULL },
	{ "with all", WHOLE "seen 5\nasked 6\nnote waits for ns1\n", NULL },
	{ "an empty line", WHOLE "\n\n", NULL },
	{ "no line end", HEAD REST "type ed25519", NULL },
	{ "empty", "", "f:1: the first line is not" },
	{ "another version", "mailseal-key 2\n", "f:1: the first line is not" },
	{ "cut short", HEAD, "f: incomplete: no \"type\"" },
	{ "an unknown name", WHOLE "colour red\n", "f:10: unknown field" },
	{ "twice", WHOLE "bits 1024\n", "f:10: repeated field" },
	{ "no value", HEAD REST "type\n", "f:9: type: invalid value" },
	{ "an empty value", HEAD REST "type \n", "f:9: type: invalid value" },
	{ "an unknown type", HEAD "type dsa\n" REST,
	    "f:4: type: invalid value" },
	{ "an unknown stage", WHOLE "stage dead\n", "f:10: repeated field" },
	{ "a time below zero", WHOLE "seen -1\n", "f:10: seen: invalid value" },
	{ "a time too large", WHOLE "seen 9223372036854775808\n",
	    "f:10: seen: invalid value" },
	{ "too many bits", HEAD "type rsa\nbits 99999\n",
	    "f:5: bits: invalid value" },
	{ "a domain that is a path", "mailseal-key 1\ndomain ../etc\n",
	    "f:2: domain: invalid value" },
	{ "a domain with a slash", "mailseal-key 1\ndomain a/b.example\n",
	    "f:2: domain: invalid value" },
	{ "a domain that is not normal", "mailseal-key 1\ndomain A.example\n",
	    "f:2: domain: invalid value" },
	{ "a record with control characters", HEAD "record a\tb\n",
	    "f:4: record: invalid value" },
	{ "a note with an escape", WHOLE "note \033[2J\n",
	    "f:10: note: invalid value" },
};

static bool
contains(const char *s, const char *part)
{
	return (strstr(s, part) != NULL);
}

static void
check_row(const struct row *row)
{
	struct keystore_key key;
	enum status status;
	struct arena arena;
	struct diag diag;

	diag_init(&diag);
	arena_init(&arena, 1 << 20);
	status = keystore_state_parse(&arena, str_from(row->text), "f", &key,
	    &diag);
	tap_num(status, row->why == NULL ? STATUS_OK : STATUS_SYNTAX,
	    row->name);
	if (!tap_ok(contains(diag.text, row->why != NULL ? row->why : ""),
	    "its reason")) {
		printf("# %s\n", diag.text);
	}
	arena_fini(&arena);
}

static void
check_round(void)
{
	struct keystore_key key = { .domain = STR("example.com"),
		.selector = STR("202611e"), .type = CRYPTO_ED25519,
		.bits = 256, .stage = KEY_RETIRED, .created_s = 10,
		.since_s = 20, .seen_s = -1, .asked_s = 40,
		.record = STR("v=DKIM1; k=ed25519; p=AAAA") }, r;
	struct arena arena;
	struct diag diag;
	struct buf text;

	diag_init(&diag);
	arena_init(&arena, 1 << 20);
	buf_init(&text, KEYSTORE_STATE_MAX_BYTES);
	keystore_state_write(&text, &key);
	tap_num(keystore_state_parse(&arena, buf_str(&text), "f", &r, &diag),
	    STATUS_OK, "what was written can be read");
	tap_str(r.domain, key.domain, "domain");
	tap_str(r.selector, key.selector, "selector");
	tap_num(r.type, key.type, "type");
	tap_num(r.bits, key.bits, "bits");
	tap_num(r.stage, key.stage, "stage");
	tap_num(r.created_s, 10, "created");
	tap_num(r.since_s, 20, "since");
	tap_num(r.seen_s, -1, "seen: not yet");
	tap_num(r.asked_s, 40, "asked");
	tap_str(r.record, key.record, "record");
	tap_ok(r.note.p == NULL, "no note");
	buf_fini(&text);
	arena_fini(&arena);
}

static void
check_limit(void)
{
	struct keystore_key key;
	struct arena arena;
	struct diag diag;
	struct buf text;
	size_t n;

	diag_init(&diag);
	arena_init(&arena, 1 << 20);
	buf_init(&text, 1 << 20);
	buf_add_cstr(&text, WHOLE "note ");
	n = KEYSTORE_STATE_MAX_BYTES - text.n;
	while (n-- > 0) {
		buf_add_char(&text, 'x');
	}
	tap_num(keystore_state_parse(&arena, buf_str(&text), "f", &key, &diag),
	    STATUS_OK, "as large as may be");
	buf_add_char(&text, 'x');
	tap_num(keystore_state_parse(&arena, buf_str(&text), "f", &key, &diag),
	    STATUS_SYNTAX, "one octet more");
	buf_fini(&text);
	arena_fini(&arena);
}

static enum status
parse_in(struct arena *arena)
{
	struct keystore_key key;
	struct diag diag;

	diag_init(&diag);
	return (keystore_state_parse(arena, STR(WHOLE "note n\n"), "f", &key,
	    &diag));
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(&rows[i]);
	}
	check_round();
	check_limit();
	oom_check(parse_in, "a state");
	return (tap_done());
}
