/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For LD_PRELOAD: pthread_create() fails while the file that FAIL_THREADS names
 * exists. The file gets one octet for each failure.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int	 creator(pthread_t *, const pthread_attr_t *,
	    void *(*)(void *), void *);

int
pthread_create(pthread_t *restrict thread,
    const pthread_attr_t *restrict attr, void *(*start)(void *),
    void *restrict arg)
{
	const char *path = getenv("FAIL_THREADS");
	void *next = dlsym(RTLD_NEXT, "pthread_create");
	creator *create;
	int fd = path != NULL ? open(path, O_WRONLY | O_APPEND | O_CLOEXEC) :
	    -1;

	if (fd != -1) {
		(void)!write(fd, ".", 1);
		close(fd);
		return (EAGAIN);
	}
	memcpy(&create, &next, sizeof(create));
	return (create(thread, attr, start, arg));
}
