/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdint.h>
#include <stdlib.h>

#include "base/strmap.h"

#define SLOTS_MIN	16

struct strmap_entry {
	struct str	 key;		/* absent: the slot is free */
	uint64_t	 hash;
	void		*value;
};

/* The slot of the key, or the free slot for it. */
static struct strmap_entry *
find_slot(const struct strmap *map, struct str key, uint64_t hash)
{
	size_t i = hash & (map->slots_n - 1);

	while (map->slots[i].key.p != NULL && (map->slots[i].hash != hash ||
	    !str_eq(map->slots[i].key, key))) {
		i = (i + 1) & (map->slots_n - 1);
	}
	return (&map->slots[i]);
}

static enum status
grow_slots(struct strmap *map)
{
	struct strmap old = *map;
	size_t i;

	map->slots_n = old.slots_n > 0 ? 2 * old.slots_n : SLOTS_MIN;
	map->slots = calloc(map->slots_n, sizeof(*map->slots));
	if (map->slots == NULL) {
		*map = old;
		return (STATUS_NOMEM);
	}
	for (i = 0; i < old.slots_n; i++) {
		if (old.slots[i].key.p != NULL) {
			*find_slot(map, old.slots[i].key, old.slots[i].hash) =
			    old.slots[i];
		}
	}
	free(old.slots);
	return (STATUS_OK);
}

void
strmap_init(struct strmap *map)
{
	*map = (struct strmap){ NULL, 0, 0 };
}

void
strmap_fini(struct strmap *map)
{
	free(map->slots);
	strmap_init(map);
}

void **
strmap_at(struct strmap *map, struct str key)
{
	uint64_t hash = str_hash(key);
	struct strmap_entry *e;

	/* At most three of four slots are in use. */
	if (4 * (map->n + 1) > 3 * map->slots_n &&
	    grow_slots(map) != STATUS_OK) {
		return (NULL);
	}
	e = find_slot(map, key, hash);
	if (e->key.p == NULL) {
		e->key = key;
		e->hash = hash;
		map->n++;
	}
	return (&e->value);
}

void *
strmap_get(const struct strmap *map, struct str key)
{
	return (map->n == 0 ? NULL : find_slot(map, key, str_hash(key))->value);
}

/* Moves each entry into the gap that a search would no longer reach. */
void
strmap_remove(struct strmap *map, struct str key)
{
	size_t mask = map->slots_n - 1, gap, i, home;

	if (map->n == 0) {
		return;
	}
	gap = (size_t)(find_slot(map, key, str_hash(key)) - map->slots);
	if (map->slots[gap].key.p == NULL) {
		return;
	}
	for (i = (gap + 1) & mask; map->slots[i].key.p != NULL;
	    i = (i + 1) & mask) {
		home = map->slots[i].hash & mask;
		if (((i - home) & mask) >= ((i - gap) & mask)) {
			map->slots[gap] = map->slots[i];
			gap = i;
		}
	}
	map->slots[gap] = (struct strmap_entry){ .key = STR_NONE };
	map->n--;
}

size_t
strmap_count(const struct strmap *map)
{
	return (map->slots_n);
}

void *
strmap_value(const struct strmap *map, size_t i)
{
	return (map->slots[i].key.p != NULL ? map->slots[i].value : NULL);
}
