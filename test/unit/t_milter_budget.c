/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory of all messages together, and where its limit comes from. */
#include <sys/stat.h>

#include <limits.h>
#include <stdlib.h>

#include "milter/budget.h"
#include "test/unit/tap.h"

#define MIB	(1024LL * 1024)

static void
test_limit(void)
{
	struct budget budget = { .used_bytes = 0 };
	bool begins;

	budget_set_max(&budget, 100);
	tap_ok(budget_take(&budget, 100, &begins) && !begins,
	    "up to the limit");
	tap_ok(!budget_take(&budget, 1, &begins) && begins,
	    "one more octet: refused, an episode begins");
	tap_ok(!budget_take(&budget, 1, &begins) && !begins,
	    "the second refusal belongs to it");
	budget_give(&budget, 20);
	tap_ok(budget_take(&budget, 20, &begins),
	    "what was given back can be taken");
	tap_ok(!budget_take(&budget, 1, &begins) && !begins,
	    "above three quarters the episode goes on");
	budget_give(&budget, 100);
	tap_ok(budget_take(&budget, 100, &begins) &&
	    !budget_take(&budget, 1, &begins) && begins,
	    "below, the next refusal begins another");
	tap_num((long long)budget.refusals, 4, "all refusals are counted");
	tap_ok(!budget_take(&budget, SIZE_MAX, &begins),
	    "a sum that overflows is refused");
}

static void
put_file(const char *root, const char *path, const char *text)
{
	char name[PATH_MAX], *slash;
	FILE *file;

	snprintf(name, sizeof(name), "%s/%s", root, path);
	for (slash = strchr(name + strlen(root) + 1, '/'); slash != NULL;
	    slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(name, 0700);
		*slash = '/';
	}
	file = fopen(name, "w");
	if (file != NULL) {
		fputs(text, file);
		fclose(file);
	}
}

static const struct {
	const char	*name, *cgroup, *file, *limit;
	long long	 want;		/* 0: as without any */
} rows[] = {
	{ "version 2: its own limit", "0::/a/b\n",
	    "sys/fs/cgroup/a/b/memory.max", "67108864\n", 16 * MIB },
	{ "version 2: the limit of one above", "0::/a/b\n",
	    "sys/fs/cgroup/a/memory.max", "33554432\n", 8 * MIB },
	{ "version 2: the path is the host's, the limit the container's",
	    "0::/docker/1\n", "sys/fs/cgroup/memory.max", "67108864\n",
	    16 * MIB },
	{ "version 2: max", "0::/a\n", "sys/fs/cgroup/a/memory.max", "max\n",
	    0 },
	{ "version 1: memory", "4:cpu:/c\n7:memory:/a\n",
	    "sys/fs/cgroup/memory/a/memory.limit_in_bytes", "67108864\n",
	    16 * MIB },
	{ "version 1: not that of another controller", "4:cpu:/a\n",
	    "sys/fs/cgroup/a/memory.max", "67108864\n", 0 },
	{ "no line", "", "sys/fs/cgroup/memory.max", "67108864\n", 0 },
	{ "no colon", "0\n", "sys/fs/cgroup/memory.max", "67108864\n", 0 },
	{ "an empty limit", "0::/a\n", "sys/fs/cgroup/a/memory.max", "", 0 },
};

static void
test_default(void)
{
	size_t without = budget_default_max("/nonexistent"), i;
	char command[PATH_MAX];

	tap_ok(without > 0, "without a cgroup: of the physical memory");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char root[] = "/tmp/t_budget.XXXXXX";

		if (mkdtemp(root) == NULL) {
			tap_ok(false, "a directory");
			return;
		}
		put_file(root, "proc/self/cgroup", rows[i].cgroup);
		put_file(root, rows[i].file, rows[i].limit);
		tap_num((long long)budget_default_max(root),
		    rows[i].want != 0 ? rows[i].want : (long long)without,
		    rows[i].name);
		snprintf(command, sizeof(command), "rm -rf %s", root);
		if (system(command) != 0) {
			tap_ok(false, "rm");
		}
	}
}

int
main(void)
{
	test_limit();
	test_default();
	return (tap_done());
}
