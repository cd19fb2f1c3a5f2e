/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/resource.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "milter/budget.h"

#define SHARE	4		/* of the memory, for messages */
#define LINE_MAX_BYTES	256	/* of a cgroup file's limit */

void
budget_set_max(struct budget *budget, size_t max_bytes)
{
	atomic_store(&budget->max_bytes, max_bytes);
}

bool
budget_take(struct budget *budget, size_t bytes, bool *begins_r)
{
	size_t max = atomic_load(&budget->max_bytes);

	*begins_r = false;
	if (bytes <= max) {
		if (atomic_fetch_add(&budget->used_bytes, bytes) <=
		    max - bytes) {
			return (true);
		}
		atomic_fetch_sub(&budget->used_bytes, bytes);
	}
	atomic_fetch_add(&budget->refusals, 1);
	*begins_r = !atomic_exchange(&budget->exceeded, true);
	return (false);
}

void
budget_give(struct budget *budget, size_t bytes)
{
	size_t used = atomic_fetch_sub(&budget->used_bytes, bytes) - bytes;

	if (used < atomic_load(&budget->max_bytes) / 4 * 3 &&
	    atomic_load(&budget->exceeded)) {
		atomic_store(&budget->exceeded, false);
	}
}

static uint64_t
least_of(uint64_t a, uint64_t b)
{
	return (a < b ? a : b);
}

/* UINT64_MAX: "max", or no such file. */
static uint64_t
read_limit(const char *path)
{
	char line[LINE_MAX_BYTES], *end;
	unsigned long long n = ULLONG_MAX;
	FILE *file = fopen(path, "re");

	if (file == NULL) {
		return (UINT64_MAX);
	}
	if (fgets(line, sizeof(line), file) != NULL) {
		n = strtoull(line, &end, 10);
		n = end == line ? ULLONG_MAX : n;
	}
	fclose(file);
	return ((uint64_t)n);
}

/* The limits of the cgroup and of those above it. path: "/a/b", "/a", "/". */
static uint64_t
read_cgroup_limits(const char *root, const char *file, char *path)
{
	uint64_t limit = UINT64_MAX;
	char name[PATH_MAX];
	char *slash;

	for (;;) {
		if (snprintf(name, sizeof(name), "%s/sys/fs/cgroup%s/%s", root,
		    path, file) < (int)sizeof(name)) {
			limit = least_of(limit, read_limit(name));
		}
		slash = strrchr(path, '/');
		if (slash == NULL) {
			return (limit);
		}
		*slash = '\0';
	}
}

/*
 * A line is "0::/path" (version 2) or "7:memory:/path" (version 1). In a
 * container the path may not be visible, its end is.
 */
static uint64_t
read_cgroup_line(const char *root, char *line)
{
	char path[PATH_MAX];
	char *colon = strchr(line, ':');
	char *second = colon != NULL ? strchr(colon + 1, ':') : NULL;
	bool memory;

	if (second == NULL) {
		return (UINT64_MAX);
	}
	*second++ = '\0';
	second[strcspn(second, "\n")] = '\0';
	memory = strcmp(colon + 1, "memory") == 0;
	if (!memory && colon[1] != '\0') {
		return (UINT64_MAX);
	}
	if (snprintf(path, sizeof(path), "%s%s", memory ? "/memory" : "",
	    second) >= (int)sizeof(path)) {
		return (UINT64_MAX);
	}
	return (read_cgroup_limits(root, memory ? "memory.limit_in_bytes" :
	    "memory.max", path));
}

static uint64_t
cgroup_limit(const char *root)
{
	uint64_t limit = UINT64_MAX;
	char line[PATH_MAX];
	FILE *file;

	if (snprintf(line, sizeof(line), "%s/proc/self/cgroup", root) >=
	    (int)sizeof(line)) {
		return (limit);
	}
	file = fopen(line, "re");
	if (file == NULL) {
		return (limit);
	}
	while (fgets(line, sizeof(line), file) != NULL) {
		limit = least_of(limit, read_cgroup_line(root, line));
	}
	fclose(file);
	return (limit);
}

static uint64_t
physical_bytes(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);

	return (pages > 0 && bytes > 0 ? (uint64_t)pages * (uint64_t)bytes :
	    UINT64_MAX);
}

size_t
budget_default_max(const char *root)
{
	uint64_t limit = least_of(physical_bytes(), cgroup_limit(root));
	struct rlimit space;

	if (getrlimit(RLIMIT_AS, &space) == 0 &&
	    space.rlim_cur != RLIM_INFINITY) {
		limit = least_of(limit, space.rlim_cur);
	}
	return ((size_t)least_of(limit / SHARE, SIZE_MAX));
}
