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

int
main(void)
{
	test_many();
	return (tap_done());
}
