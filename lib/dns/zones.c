/* SPDX-License-Identifier: BSD-2-Clause */
#include <libpsl.h>
#include <stdlib.h>
#include <string.h>

#include "dns/zones.h"

/* Labels of the part of a reverse tree that counts as registrable. */
#define REVERSE4_LABELS	5	/* 2.0.192.in-addr.arpa */
#define REVERSE6_LABELS	14	/* 12 nibbles of ip6.arpa */

bool
dns_zones_init(struct dns_zones *zones, uint32_t seed)
{
	zones->seed = seed;
	zones->v = calloc(ZONES_SETS * ZONES_WAYS, sizeof(*zones->v));
	return (zones->v != NULL);
}

void
dns_zones_fini(struct dns_zones *zones)
{
	free(zones->v);
	zones->v = NULL;
}

/* Where the last n labels begin; 0: it has no more. */
static size_t
last_labels_at(struct str name, unsigned n)
{
	size_t at = name.n;

	while (at > 0) {
		if (name.p[at - 1] == '.' && --n == 0) {
			break;
		}
		at--;
	}
	return (at);
}

static size_t
registrable_at(struct str name)
{
	char text[DNS_NAME_MAX_BYTES + 1];
	const char *domain;

	if (str_ends_ci(name, STR(".in-addr.arpa"))) {
		return (last_labels_at(name, REVERSE4_LABELS));
	}
	if (str_ends_ci(name, STR(".ip6.arpa"))) {
		return (last_labels_at(name, REVERSE6_LABELS));
	}
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	domain = psl_registrable_domain(psl_builtin(), text);
	return (domain != NULL ? (size_t)(domain - text) : 0);
}

void
dns_zone_path(const struct dns_name *name, struct zone_path *r)
{
	struct str text = dns_name_str(name);
	size_t at = registrable_at(text);

	r->n = 0;
	for (;;) {
		r->at[r->n++] = at;
		if (at == 0 || r->n == ZONE_LEVELS) {
			return;
		}
		/* Before the dot in front of this one. */
		at = last_labels_at(str_first(text, at - 1), 1);
	}
}

static struct str
zone_name(const struct dns_name *name, const struct zone_path *path,
    size_t level)
{
	return (str_from_offset(dns_name_str(name), path->at[level]));
}

static struct dns_zone *
zone_set(struct dns_zones *zones, struct str name)
{
	uint64_t hash = (str_hash(name) ^ zones->seed) *
	    UINT64_C(0x9e3779b97f4a7c15);

	return (zones->v + (hash >> 32) % ZONES_SETS * ZONES_WAYS);
}

static struct dns_zone *
find_zone(struct dns_zones *zones, struct str name)
{
	struct dns_zone *set = zone_set(zones, name);
	size_t i;

	for (i = 0; i < ZONES_WAYS; i++) {
		if (set[i].name.n > 0 &&
		    str_eq(dns_name_str(&set[i].name), name)) {
			return (&set[i]);
		}
	}
	return (NULL);
}

/* The least recently used one of a set without questions; NULL: none. */
static struct dns_zone *
find_idle_zone(struct dns_zone *set)
{
	struct dns_zone *zone = NULL;
	size_t i;

	for (i = 0; i < ZONES_WAYS; i++) {
		if (set[i].flights == 0 && TAILQ_EMPTY(&set[i].waiting) &&
		    (zone == NULL || set[i].used_us < zone->used_us)) {
			zone = &set[i];
		}
	}
	return (zone);
}

/* Finds the zone, or puts it in place of an idle one. */
static struct dns_zone *
make_zone(struct dns_zones *zones, struct str name, uint64_t now_us)
{
	struct dns_zone *zone = find_zone(zones, name);

	if (zone == NULL) {
		zone = find_idle_zone(zone_set(zones, name));
		if (zone == NULL) {
			return (NULL);
		}
		*zone = (struct dns_zone){ .name = { .n = name.n } };
		memcpy(zone->name.p, name.p, name.n);
		TAILQ_INIT(&zone->waiting);
	}
	zone->used_us = now_us;
	return (zone);
}

/* The label of the name below the zone; the zone's own name is one, too. */
static uint32_t
child_hash(const struct dns_name *name, size_t zone_at)
{
	struct str label = str_first(dns_name_str(name),
	    zone_at > 0 ? zone_at - 1 : 0);

	return ((uint32_t)str_hash(str_from_offset(label,
	    last_labels_at(label, 1))));
}

bool
dns_zones_fail(struct dns_zones *zones, const struct dns_name *name,
    const struct zone_path *path, uint64_t now_us, enum dns_result *r)
{
	struct dns_zone *zone;
	size_t i;

	for (i = 0; i < path->n; i++) {
		zone = find_zone(zones, zone_name(name, path, i));
		if (zone != NULL && zone->failing &&
		    now_us < zone->until_us) {
			zone->used_us = now_us;
			*r = zone->result;
			return (true);
		}
	}
	return (false);
}

bool
dns_zones_probe(struct dns_zones *zones, const struct dns_name *name,
    const struct zone_path *path, uint64_t now_us, uint64_t lease_us)
{
	struct dns_zone *zone;
	bool probe = false;
	size_t i;

	for (i = 0; i < path->n; i++) {
		zone = find_zone(zones, zone_name(name, path, i));
		if (zone != NULL && zone->failing) {
			zone->used_us = now_us;
			zone->until_us = now_us + lease_us;
			probe = true;
		}
	}
	return (probe);
}

static void
forget_failures(struct dns_zone *zone, uint64_t now_us)
{
	zone->failing = false;
	zone->children_n = 0;
	zone->backoff_us = 0;
	zone->good_us = now_us;
}

void
dns_zones_good(struct dns_zones *zones, const struct dns_name *name,
    const struct zone_path *path, uint64_t now_us)
{
	struct dns_zone *zone;
	size_t i;

	(void)dns_zones_get(zones, name, path, now_us);
	for (i = 0; i < path->n; i++) {
		zone = find_zone(zones, zone_name(name, path, i));
		if (zone != NULL) {
			forget_failures(zone, now_us);
		}
	}
}

/* True when enough different labels failed. */
static bool
count_child(struct dns_zone *zone, uint32_t child)
{
	unsigned i;

	for (i = 0; i < zone->children_n; i++) {
		if (zone->children[i] == child) {
			return (false);
		}
	}
	zone->children[zone->children_n++] = child;
	return (zone->children_n == ZONE_FAILS);
}

static void
back_off(struct dns_zone *zone, enum dns_result result, uint64_t now_us)
{
	zone->backoff_us = zone->backoff_us == 0 ? ZONE_BACKOFF_MIN_US :
	    2 * zone->backoff_us;
	if (zone->backoff_us > ZONE_BACKOFF_MAX_US) {
		zone->backoff_us = ZONE_BACKOFF_MAX_US;
	}
	zone->failing = true;
	zone->until_us = now_us + zone->backoff_us;
	zone->result = result;
}

void
dns_zones_bad(struct dns_zones *zones, const struct dns_name *name,
    const struct zone_path *path, bool probe, enum dns_result result,
    uint64_t now_us)
{
	struct dns_zone *zone;
	size_t i;

	for (i = 0; i < path->n; i++) {
		zone = make_zone(zones, zone_name(name, path, i), now_us);
		if (zone == NULL || (zone->good_us > 0 &&
		    now_us - zone->good_us < ZONE_GOOD_US)) {
			continue;
		}
		if (zone->failing ? probe : count_child(zone,
		    child_hash(name, path->at[i]))) {
			back_off(zone, result, now_us);
		}
	}
}

struct dns_zone *
dns_zones_get(struct dns_zones *zones, const struct dns_name *name,
    const struct zone_path *path, uint64_t now_us)
{
	return (make_zone(zones, zone_name(name, path, 0), now_us));
}
