/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"


#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keystore/entries.h"
#include "tap.h"

#define FILES	400		/* several blocks of entries */
#define NAME	"%03d-a-long-name-that-fills-a-block-of-entries-early-" \
		"0123456789-0123456789-0123456789-0123456789-0123456789-" \
		"0123456789-0123456789-0123456789-0123456789-0123456789"

static char top[] = "/tmp/t_entries.XXXXXX";

static int
open_folder(void)
{
	int fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1) {
		printf("Bail out! %s\n", top);
		exit(1);
	}
	return (fd);
}

static void
make_files(int folder)
{
	char name[256];
	int i, fd;

	for (i = 0; i < FILES; i++) {
		(void)snprintf(name, sizeof(name), NAME, i);
		fd = openat(folder, name, O_WRONLY | O_CREAT, 0600);
		if (fd == -1) {
			printf("Bail out! %s\n", name);
			exit(1);
		}
		(void)close(fd);
	}
}

static void
remove_files(int folder)
{
	char name[256];
	int i;

	for (i = 0; i < FILES; i++) {
		(void)snprintf(name, sizeof(name), NAME, i);
		(void)unlinkat(folder, name, 0);
	}
}

/* Each name is there once, as it was made. */
static void
check_all(int folder)
{
	unsigned seen[FILES] = { 0 }, once = 0, other = 0;
	struct entries entries;
	const char *name;
	char want[256];
	size_t blocks = 0;
	int i;

	entries_init(&entries, folder);
	while (entries_next(&entries, &name) == STATUS_OK && name != NULL) {
		blocks += entries.at == ((const struct dirent64 *)(const void *)
		    entries.block.octets)->d_reclen;
		i = (int)strtol(name, NULL, 10);
		(void)snprintf(want, sizeof(want), NAME, i);
		if (i >= 0 && i < FILES && strcmp(name, want) == 0) {
			seen[i]++;
		} else if (name[0] != '.') {
			other++;
		}
	}
	for (i = 0; i < FILES; i++) {
		once += seen[i] == 1;
	}
	tap_num(once, FILES, "each name once");
	tap_num(other, 0, "no other name");
	tap_ok(blocks > 1, "more than one block: %zu", blocks);
	tap_num(entries_next(&entries, &name), STATUS_OK, "after the end");
	tap_ok(name == NULL, "there are no more");
}

static void
check_failure(int fd, int want, const char *what)
{
	struct entries entries;
	const char *name = "";

	entries_init(&entries, fd);
	errno = 0;
	tap_num(entries_next(&entries, &name), STATUS_IO, what);
	tap_num(errno, want, what);
	tap_ok(name == NULL, "%s: no name", what);
}

int
main(void)
{
	int folder, file;
	struct entries entries;
	const char *name;

	if (mkdtemp(top) == NULL) {
		printf("Bail out! mkdtemp\n");
		return (1);
	}
	folder = open_folder();
	make_files(folder);
	check_all(folder);
	remove_files(folder);
	file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	check_failure(file, ENOTDIR, "not a folder");
	check_failure(-1, EBADF, "no descriptor");
	(void)close(file);
	(void)close(folder);
	folder = open_folder();
	tap_num(rmdir(top), 0, "the folder is deleted");
	entries_init(&entries, folder);
	tap_num(entries_next(&entries, &name), STATUS_OK, "a deleted folder");
	tap_ok(name == NULL, "a deleted folder has no entries");
	(void)close(folder);
	return (tap_done());
}
