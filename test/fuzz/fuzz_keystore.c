/* SPDX-License-Identifier: BSD-2-Clause */
/* State file of a key: an accepted state is the same when read back. */
#include "keystore/keystore.h"
#include "test/fuzz/fuzz.h"

static void
check_round(struct arena *arena, const struct keystore_key *key)
{
	struct keystore_key again;
	struct diag diag;
	struct buf text;

	diag_init(&diag);
	buf_init(&text, 2 * KEYSTORE_STATE_MAX_BYTES);
	keystore_state_write(&text, key);
	FUZZ_CHECK(text.status == STATUS_OK);
	FUZZ_CHECK(text.n > KEYSTORE_STATE_MAX_BYTES ||
	    keystore_state_parse(arena, buf_str(&text), "f", &again, &diag) ==
	    STATUS_OK);
	if (text.n <= KEYSTORE_STATE_MAX_BYTES) {
		FUZZ_CHECK(str_eq(again.record, key->record));
		FUZZ_CHECK(again.stage == key->stage);
		FUZZ_CHECK(again.seen_s == key->seen_s);
	}
	buf_fini(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct keystore_key key;
	enum status status;
	struct arena arena;
	struct diag diag;

	diag_init(&diag);
	arena_init(&arena, 1 << 20);
	status = keystore_state_parse(&arena, str_mem(data, n), "f", &key,
	    &diag);
	FUZZ_CHECK(status == STATUS_OK || status == STATUS_SYNTAX);
	FUZZ_CHECK((status == STATUS_OK) == (diag.text[0] == '\0'));
	if (status == STATUS_OK) {
		check_round(&arena, &key);
	}
	arena_fini(&arena);
	return (0);
}
