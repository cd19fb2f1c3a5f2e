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

static void
check_count(const struct key_checks *checks, int64_t mono_s, uint64_t unknown,
    uint64_t good, uint64_t bad, const char *name)
{
	uint64_t n[KEY_STATES];

	key_checks_count(checks, mono_s, n);
	if (!tap_ok(n[KEY_UNKNOWN] == unknown && n[KEY_GOOD] == good &&
	    n[KEY_BAD] == bad, "%s", name)) {
		printf("# %d %d %d\n", (int)n[0], (int)n[1], (int)n[2]);
	}
}

static void
test_count(void)
{
	struct key_checks *checks = key_checks_new();
	bool ask;

	check_count(checks, 0, 0, 0, 0, "no key");
	(void)key_checks_get(checks, STR("a"), 1, 10, &ask);
	check_count(checks, 10, 0, 0, 0, "one that was not asked about");
	(void)key_checks_set(checks, STR("a"), 1, 10, KEY_UNKNOWN);
	check_count(checks, 10, 1, 0, 0, "no answer");
	(void)key_checks_set(checks, STR("a"), 1, 20, KEY_GOOD);
	(void)key_checks_set(checks, STR("b"), 2, 20, KEY_BAD);
	(void)key_checks_set(checks, STR("c"), 3, 20, KEY_BAD);
	check_count(checks, 20, 0, 1, 2, "answers");
	check_count(checks, 20 + KEY_CHECKS_AGAIN_S + KEY_CHECKS_RECENT_S - 1,
	    0, 1, 2, "they count for a day after they should be repeated");
	(void)key_checks_set(checks, STR("b"), 2, 90000, KEY_GOOD);
	check_count(checks, 20 + KEY_CHECKS_AGAIN_S + KEY_CHECKS_RECENT_S,
	    0, 1, 0, "then only if the key has signed since");
	key_checks_free(checks);
}

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
	test_count();
	return (tap_done());
}
