/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report_holder: the names under which processes claim periods. A name holds
 * what tells the processes of one boot of one machine, and of one container,
 * from all others, where the system says it (Linux): a claim of a process that
 * was killed there can be taken over at once, others end with their lease.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/report_send.h"

#define BOOT_ID		"/proc/sys/kernel/random/boot_id"
#define PID_NAMESPACE	"/proc/self/ns/pid"
#define PLACE_BYTES	80
#define RANDOM_BYTES	17

void
report_random(const struct env *env, char *text_r, size_t n)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint32_t bits = 0;
	size_t i;

	for (i = 0; i + 1 < n; i++) {
		bits = i % 6 == 0 ? env_random(env) : bits >> 5;
		text_r[i] = letters[bits & 31];
	}
	text_r[i] = '\0';
}

/* "boot-id.namespace.", or "" where there is no such thing. */
static void
find_place(char place_r[PLACE_BYTES])
{
	int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
	char boot[40] = "";
	struct stat st;
	ssize_t n;

	place_r[0] = '\0';
	if (fd == -1) {
		return;
	}
	n = read(fd, boot, sizeof(boot) - 1);
	(void)close(fd);
	if (n < 36 || stat(PID_NAMESPACE, &st) == -1) {
		return;
	}
	boot[36] = '\0';
	(void)snprintf(place_r, PLACE_BYTES, "%s.%ju.", boot,
	    (uintmax_t)st.st_ino);
}

void
report_holder_name(const struct env *env, char text_r[REPORT_HOLDER_BYTES])
{
	char place[PLACE_BYTES], name[RANDOM_BYTES];

	find_place(place);
	report_random(env, name, sizeof(name));
	(void)snprintf(text_r, REPORT_HOLDER_BYTES, "%s%ld.%s", place,
	    (long)getpid(), name);
}

bool
report_holder_is_dead(struct str holder)
{
	char place[PLACE_BYTES];
	uint64_t pid;

	find_place(place);
	if (place[0] == '\0' || !str_starts(holder, str_from(place))) {
		return (false);
	}
	holder = str_from_offset(holder, strlen(place));
	return (str_to_u64(str_first(holder, str_find(holder, '.')), &pid) &&
	    pid > 1 && pid < INT32_MAX && kill((pid_t)pid, 0) == -1 &&
	    errno == ESRCH);
}
