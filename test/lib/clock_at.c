/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock_at: preloaded into a program under test, gives it another time of day,
 * which stands still. CLOCK_AT names a file of eight octets: Unix time, in the
 * byte order of the machine. It may be written at any moment.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *now;

static void __attribute__((constructor))
begin(void)
{
	const char *path = getenv("CLOCK_AT");
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *p;

	if (fd == -1) {
		return;
	}
	p = mmap(NULL, sizeof(*now), PROT_READ, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED) {
		now = p;
	}
	(void)close(fd);
}

time_t
time(time_t *r)
{
	struct timespec ts = { 0, 0 };

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	if (now != NULL) {
		ts.tv_sec = (time_t)*now;
	}
	if (r != NULL) {
		*r = ts.tv_sec;
	}
	return (ts.tv_sec);
}
