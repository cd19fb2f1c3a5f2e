/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file of the program that the first octet says, or of any. Every line
 * of output is a comment, blank, or an option with its value, and has no
 * terminal controls.
 */
#include "config.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "conf/table.h"
#include "test/fuzz/fuzz.h"
#include "tools/import.h"

#define ARENA_BYTES	((size_t)64 * 1024 * 1024)

/* The import must not read other files that the input names. */
static bool
names_files(const uint8_t *data, size_t n)
{
	static const char *const words[] = { "include", "table", "dsn" };
	size_t i, k;

	for (k = 0; k < sizeof(words) / sizeof(words[0]); k++) {
		for (i = 0; i + strlen(words[k]) <= n; i++) {
			if (strncasecmp((const char *)data + i, words[k],
			    strlen(words[k])) == 0) {
				return (true);
			}
		}
	}
	return (false);
}

static void
check_line(struct str line)
{
	size_t i;

	for (i = 0; i < line.n; i++) {
		FUZZ_CHECK((unsigned char)line.p[i] >= ' ' ||
		    line.p[i] == '\t');
		FUZZ_CHECK(line.p[i] != 0x7f);
	}
	if (line.n > 0 && line.p[0] != '#') {
		FUZZ_CHECK(conf_option_find(&conf_daemon_options,
		    str_first(line, str_find(line, ' '))) != NULL);
	}
}

static void
translate_file(struct import *im, const char *path,
    enum import_program program)
{
	struct str rest, line;
	struct diag diag;

	diag_init(&diag);
	if (import_read(im, program, path, &diag) != STATUS_OK) {
		FUZZ_CHECK(diag.text[0] != '\0');
		return;
	}
	FUZZ_CHECK(import_translate(im) == STATUS_OK);
	FUZZ_CHECK(im->settings_n > 0);
	rest = buf_str(&im->out);
	while (str_next(&rest, '\n', &line)) {
		check_line(line);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct import im = { .n = 0 };
	struct env env;
	char path[32];
	int fd;

	if (n == 0 || n > IMPORT_MAX_BYTES || names_files(data, n)) {
		return (0);
	}
	fd = memfd_create("import", MFD_CLOEXEC);
	FUZZ_CHECK(fd != -1 && write(fd, data + 1, n - 1) == (ssize_t)(n - 1));
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	env_init_system(&env);
	im.env = &env;
	arena_init(&im.arena, ARENA_BYTES);
	buf_init(&im.out, ARENA_BYTES);
	translate_file(&im, path, data[0] % (IMPORT_PROGRAMS + 1));
	buf_fini(&im.out);
	arena_fini(&im.arena);
	(void)close(fd);
	return (0);
}
