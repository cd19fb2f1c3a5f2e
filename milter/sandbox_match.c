/* SPDX-License-Identifier: BSD-2-Clause */
/* Comparisons that a signal handler may make. */
#include "config.h"

#include <limits.h>
#include <string.h>

#include "milter/sandbox_private.h"

/* The place itself, or beneath it. */
static bool
is_at(const struct sandbox_place *place, const char *path)
{
	return (strncmp(path, place->path, place->n) == 0 &&
	    (path[place->n] == '\0' || path[place->n] == '/' ||
	    place->n == 1));
}

/* Whether a component is "..": where that leads is the kernel's to say. */
static bool
has_parent(const char *path)
{
	const char *p;

	for (p = strstr(path, ".."); p != NULL; p = strstr(p + 1, "..")) {
		if ((p == path || p[-1] == '/') &&
		    (p[2] == '\0' || p[2] == '/')) {
			return (true);
		}
	}
	return (false);
}

/* False: it does not fit. */
static bool
make_absolute(const struct sandbox_places *places, const char *path,
    char whole_r[PATH_MAX])
{
	const char *cwd = places->cwd != NULL ? places->cwd : "";
	size_t before = strlen(cwd), n = strlen(path);

	while (path[0] == '.' && path[1] == '/') {
		path += 2;
		n -= 2;
	}
	if (before + 1 + n >= PATH_MAX) {
		return (false);
	}
	memcpy(whole_r, cwd, before);
	whole_r[before] = '/';
	memcpy(whole_r + before + 1, path, n + 1);
	return (true);
}

bool
sandbox_places_have(const struct sandbox_places *places, const char *path,
    unsigned may)
{
	char whole[PATH_MAX];
	size_t i;

	if (path[0] != '/') {
		if (!make_absolute(places, path, whole)) {
			return (false);
		}
		path = whole;
	}
	if (has_parent(path)) {
		return (true);
	}
	for (i = 0; i < places->n; i++) {
		if ((places->v[i].may & may) != 0 &&
		    is_at(&places->v[i], path)) {
			return (true);
		}
	}
	return (false);
}

bool
sandbox_places_have_port(const struct sandbox_places *places, uint16_t port)
{
	size_t i;

	for (i = 0; i < places->ports_n; i++) {
		if (places->ports[i] == port) {
			return (true);
		}
	}
	return (false);
}
