/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "base/strmap.h"
#include "tap.h"

#define MANY	5000

static void
test_many(void)
{
	static char names[MANY][16];
	struct strmap map;
	bool good = true;
	size_t i;
	void **at;

	strmap_init(&map);
	tap_ok(strmap_get(&map, STR("a")) == NULL, "an empty map");
	for (i = 0; i < MANY; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "k%zu.example", i);
		at = strmap_at(&map, str_from(names[i]));
		good = good && at != NULL && *at == NULL;
		if (at != NULL) {
			*at = names[i];
		}
	}
	tap_ok(good && map.n == MANY, "each new key has no value");
	for (i = 0; i < MANY; i++) {
		good = good && strmap_get(&map, str_from(names[i])) ==
		    names[i];
	}
	tap_ok(good, "each is found again, also when the map has grown");
	at = strmap_at(&map, STR("k7.example"));
	tap_ok(at != NULL && *at == names[7] && map.n == MANY,
	    "a key that is there is not added");
	tap_ok(strmap_get(&map, STR("K7.example")) == NULL, "case counts");
	tap_ok(strmap_get(&map, STR("")) == NULL, "the empty key, unknown");
	at = strmap_at(&map, STR(""));
	tap_ok(at != NULL && *at == NULL, "the empty key is one, too");
	strmap_fini(&map);
	tap_ok(strmap_get(&map, STR("k7.example")) == NULL, "emptied");
}

/* Against a plain array: half of the keys are removed, in an odd order. */
static void
test_remove(void)
{
	static char names[MANY][16];
	static bool gone[MANY];
	struct strmap map;
	size_t i, k, left = MANY;
	bool good = true;
	void **at;

	strmap_init(&map);
	strmap_remove(&map, STR("a"));
	for (i = 0; i < MANY; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "k%zu.example", i);
		at = strmap_at(&map, str_from(names[i]));
		if (at != NULL) {
			*at = names[i];
		}
	}
	strmap_remove(&map, STR("unknown"));
	tap_ok(map.n == MANY, "removing an unknown key");
	for (i = 0; i < MANY; i++) {
		k = i * 2887 % MANY;
		if (i % 2 == 0) {
			strmap_remove(&map, str_from(names[k]));
			gone[k] = true;
			left--;
		}
	}
	for (i = 0; i < MANY; i++) {
		good = good && strmap_get(&map, str_from(names[i])) ==
		    (gone[i] ? NULL : names[i]);
	}
	tap_ok(good && map.n == left, "half of the keys removed");
	for (i = 0; i < MANY; i++) {
		strmap_remove(&map, str_from(names[i]));
	}
	tap_ok(map.n == 0 && strmap_get(&map, STR("k7.example")) == NULL,
	    "all keys removed");
	strmap_fini(&map);
}

int
main(void)
{
	test_many();
	test_remove();
	return (tap_done());
}
