/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "signers/key_checks.h"

#include "tap.h"

#define OWNER	STR("s1._domainkey.example.com")

static const struct row {
	const char	*name;
	int64_t		 at_s;
	uint64_t	 key_id;
	bool		 set;		/* else get */
	enum key_state	 state;		/* to set; or what is known */
	bool		 ask;		/* of a get */
} rows[] = {
	{ "at first nothing is known", 0, 7, false, KEY_UNKNOWN, true },
	{ "and each asks until one knows", 0, 7, false, KEY_UNKNOWN, true },
	{ "no answer", 5, 7, true, KEY_UNKNOWN, false },
	{ "is left alone for a while", 64, 7, false, KEY_UNKNOWN, false },
	{ "then asked for again", 65, 7, false, KEY_UNKNOWN, true },
	{ "an answer", 66, 7, true, KEY_GOOD, false },
	{ "serves", 67, 7, false, KEY_GOOD, false },
	{ "for an hour", 3665, 7, false, KEY_GOOD, false },
	{ "then one asks", 3666, 7, false, KEY_GOOD, true },
	{ "and only one", 3666, 7, false, KEY_GOOD, false },
	{ "an old answer outlives silence", 3670, 7, true, KEY_UNKNOWN,
	    false },
	{ "until the next", 3729, 7, false, KEY_GOOD, false },
	{ "which is bad", 3730, 7, true, KEY_BAD, false },
	{ "and stays so", 3731, 7, false, KEY_BAD, false },
	{ "another key of that name", 3732, 8, false, KEY_UNKNOWN, true },
};

int
main(void)
{
	struct key_checks *checks = key_checks_new();
	enum key_state state;
	size_t i;
	bool ask;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];

		if (row->set) {
			(void)key_checks_set(checks, OWNER, row->key_id,
			    row->at_s, row->state);
			continue;
		}
		state = key_checks_get(checks, OWNER, row->key_id, row->at_s,
		    &ask);
		tap_num(state, row->state, row->name);
		tap_num(ask, row->ask, row->name);
	}
	tap_num(key_checks_set(checks, OWNER, 8, 4000, KEY_GOOD), KEY_UNKNOWN,
	    "what was known before a first answer");
	tap_num(key_checks_set(checks, OWNER, 8, 4000, KEY_BAD), KEY_GOOD,
	    "and before the next one");
	tap_num(key_checks_get(checks, STR("s2._domainkey.example.com"), 8,
	    4000, &ask), KEY_UNKNOWN, "another name is another key");
	key_checks_free(checks);
	key_checks_free(NULL);
	return (tap_done());
}
