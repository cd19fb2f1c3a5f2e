/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay: runs a fuzz target over files in a build without libFuzzer.
 *
 *	fuzz_NAME [FILE or FOLDER] ...
 *
 * Default: test/fuzz/corpus/NAME. One test point for each file; a target aborts
 * if a check fails.
 */
#include <dirent.h>
#include <stdbool.h>
#include <string.h>

#include "test/fuzz/fuzz.h"

#define FILE_MAX_BYTES	(4 * 1024 * 1024)

static unsigned points;

static void
report_point(bool ok, const char *name)
{
	printf("%sok %u - %s\n", ok ? "" : "not ", ++points, name);
	fflush(stdout);
}

/* The buffer has the size of the file, so that sanitizers see overreads. */
static bool
replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(FILE_MAX_BYTES), *fitted;
	size_t n;

	if (f == NULL || data == NULL) {
		perror(path);
		free(data);
		if (f != NULL) {
			fclose(f);
		}
		return (false);
	}
	n = fread(data, 1, FILE_MAX_BYTES, f);
	fclose(f);
	fitted = realloc(data, n > 0 ? n : 1);
	LLVMFuzzerTestOneInput(fitted != NULL ? fitted : data, n);
	free(fitted != NULL ? fitted : data);
	return (true);
}

static int
is_visible(const struct dirent *entry)
{
	return (entry->d_name[0] != '.');
}

static void
replay_path(const char *path)
{
	struct dirent **entries;
	char file[4096];
	int i, n = scandir(path, &entries, is_visible, alphasort);

	if (n < 0) {
		report_point(replay_file(path), path);
		return;
	}
	for (i = 0; i < n; i++) {
		snprintf(file, sizeof(file), "%s/%s", path,
		    entries[i]->d_name);
		report_point(replay_file(file), entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

static void
replay_own_corpus(const char *program)
{
	const char *top = getenv("top_srcdir");
	const char *name = strstr(program, "fuzz_");
	const char *next;
	char path[4096];

	/* The last "fuzz_": the path of a folder may have it, too. */
	while (name != NULL && (next = strstr(name + 1, "fuzz_")) != NULL) {
		name = next;
	}
	snprintf(path, sizeof(path), "%s/test/fuzz/corpus/%s",
	    top != NULL ? top : ".", name != NULL ? name + 5 : "");
	replay_path(path);
}

int
main(int argc, char *argv[])
{
	int i;

	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	report_point(true, "empty input");
	for (i = 1; i < argc; i++) {
		replay_path(argv[i]);
	}
	if (argc == 1) {
		replay_own_corpus(argv[0]);
	}
	if (points == 1) {
		report_point(false, "no corpus");
	}
	printf("1..%u\n", points);
	return (0);
}
