/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For LD_PRELOAD: as alloc_fail.c, but the k-th call from now on fails that
 * asks the system for a descriptor, a thread, or to write.
 */
#include "config.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct control {
	_Atomic int64_t	 left;		/* until the failure; 0: none */
	_Atomic int64_t	 count;		/* of calls */
};

static struct control nothing;
static struct control *control = &nothing;

static int	(*next_socket)(int, int, int);
static int	(*next_open)(const char *, int, ...);
static int	(*next_openat)(int, const char *, int, ...);
static FILE	*(*next_fopen)(const char *, const char *);
static ssize_t	(*next_write)(int, const void *, size_t);
static ssize_t	(*next_writev)(int, const struct iovec *, int);
static ssize_t	(*next_send)(int, const void *, size_t, int);
static ssize_t	(*next_sendto)(int, const void *, size_t, int,
		    const struct sockaddr *, socklen_t);
static int	(*next_create)(pthread_t *, const pthread_attr_t *,
		    void *(*)(void *), void *);

static void
find_next(const char *name, void *r)
{
	void *function = dlsym(RTLD_NEXT, name);

	memcpy(r, &function, sizeof(function));
}

static void __attribute__((constructor))
init_calls(void)
{
	const char *path = getenv("CALL_CONTROL");
	void *p;
	int fd;

	find_next("socket", &next_socket);
	find_next("open", &next_open);
	find_next("openat", &next_openat);
	find_next("fopen", &next_fopen);
	find_next("write", &next_write);
	find_next("writev", &next_writev);
	find_next("send", &next_send);
	find_next("sendto", &next_sendto);
	find_next("pthread_create", &next_create);
	fd = path != NULL ? next_open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd == -1) {
		return;
	}
	p = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	close(fd);
	if (p != MAP_FAILED) {
		control = p;
	}
}

static bool
fails(int error)
{
	atomic_fetch_add(&control->count, 1);
	if (atomic_load(&control->left) <= 0 ||
	    atomic_fetch_sub(&control->left, 1) != 1) {
		return (false);
	}
	errno = error;
	return (true);
}

/* A pipe inside the process is full or whole; libmilter wakes its threads by
   one. */
static bool
is_pipe(int fd)
{
	struct stat st;

	return (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode));
}

/* The third argument of open(2), if there is one. */
#define GET_MODE(mode, flags) do {					\
	va_list ap;							\
									\
	va_start(ap, flags);						\
	(mode) = ((flags) & (O_CREAT | O_TMPFILE)) != 0 ?		\
	    va_arg(ap, mode_t) : 0;					\
	va_end(ap);							\
} while (0)

int
socket(int domain, int type, int protocol)
{
	return (fails(EMFILE) ? -1 : next_socket(domain, type, protocol));
}

int
open(const char *path, int flags, ...)
{
	mode_t mode;

	GET_MODE(mode, flags);
	return (fails(EMFILE) ? -1 : next_open(path, flags, mode));
}

int
openat(int dir, const char *path, int flags, ...)
{
	mode_t mode;

	GET_MODE(mode, flags);
	return (fails(EMFILE) ? -1 : next_openat(dir, path, flags, mode));
}

FILE *
fopen(const char *path, const char *mode)
{
	return (fails(EMFILE) ? NULL : next_fopen(path, mode));
}

ssize_t
write(int fd, const void *p, size_t n)
{
	return (!is_pipe(fd) && fails(EIO) ? -1 : next_write(fd, p, n));
}

ssize_t
writev(int fd, const struct iovec *v, int n)
{
	return (fails(EIO) ? -1 : next_writev(fd, v, n));
}

ssize_t
send(int fd, const void *p, size_t n, int flags)
{
	return (fails(EIO) ? -1 : next_send(fd, p, n, flags));
}

ssize_t
sendto(int fd, const void *p, size_t n, int flags, const struct sockaddr *to,
    socklen_t to_n)
{
	return (fails(EIO) ? -1 : next_sendto(fd, p, n, flags, to, to_n));
}

int
pthread_create(pthread_t *restrict thread,
    const pthread_attr_t *restrict attr, void *(*start)(void *),
    void *restrict arg)
{
	return (fails(EAGAIN) ? EAGAIN : next_create(thread, attr, start,
	    arg));
}
