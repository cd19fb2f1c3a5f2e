/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For LD_PRELOAD: as alloc_fail.c, but the k-th call fails that asks the system
 * for a descriptor, a thread, a process, or to write.
 */
#include "config.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <fcntl.h>
#include <pthread.h>

#include "fault.h"

static int	(*next_socket)(int, int, int);
static int	(*next_open)(const char *, int, ...);
static int	(*next_openat)(int, const char *, int, ...);
static FILE	*(*next_fopen)(const char *, const char *);
static ssize_t	(*next_write)(int, const void *, size_t);
static ssize_t	(*next_writev)(int, const struct iovec *, int);
static ssize_t	(*next_send)(int, const void *, size_t, int);
static ssize_t	(*next_sendto)(int, const void *, size_t, int,
		    const struct sockaddr *, socklen_t);
static ssize_t	(*next_sendmsg)(int, const struct msghdr *, int);
static int	(*next_socketpair)(int, int, int, int[2]);
static int	(*next_pipe2)(int[2], int);
static int	(*next_dup)(int);
static int	(*next_memfd_create)(const char *, unsigned);
static pid_t	(*next_fork)(void);
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

	find_next("socket", &next_socket);
	find_next("open", &next_open);
	find_next("openat", &next_openat);
	find_next("fopen", &next_fopen);
	find_next("write", &next_write);
	find_next("writev", &next_writev);
	find_next("send", &next_send);
	find_next("sendto", &next_sendto);
	find_next("sendmsg", &next_sendmsg);
	find_next("socketpair", &next_socketpair);
	find_next("pipe2", &next_pipe2);
	find_next("dup", &next_dup);
	find_next("memfd_create", &next_memfd_create);
	find_next("fork", &next_fork);
	find_next("pthread_create", &next_create);
	fault_map(path != NULL ? next_open(path, O_RDWR | O_CLOEXEC) : -1);
}

/* A pipe inside the process is full or whole, and so is an eventfd, which has
   no type: libmilter and libmicrohttpd wake their threads by them. */
static bool
is_waker(int fd)
{
	struct stat st;

	return (fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) ||
	    (st.st_mode & S_IFMT) == 0));
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
	return (fault_happens(EMFILE) ? -1 : next_socket(domain, type,
	    protocol));
}

int
open(const char *path, int flags, ...)
{
	mode_t mode;

	GET_MODE(mode, flags);
	return (fault_happens(EMFILE) ? -1 : next_open(path, flags, mode));
}

int
openat(int dir, const char *path, int flags, ...)
{
	mode_t mode;

	GET_MODE(mode, flags);
	return (fault_happens(EMFILE) ? -1 : next_openat(dir, path, flags,
	    mode));
}

FILE *
fopen(const char *path, const char *mode)
{
	return (fault_happens(EMFILE) ? NULL : next_fopen(path, mode));
}

ssize_t
write(int fd, const void *p, size_t n)
{
	return (!is_waker(fd) && fault_happens(EIO) ? -1 : next_write(fd, p,
	    n));
}

ssize_t
writev(int fd, const struct iovec *v, int n)
{
	return (fault_happens(EIO) ? -1 : next_writev(fd, v, n));
}

ssize_t
send(int fd, const void *p, size_t n, int flags)
{
	return (fault_happens(EIO) ? -1 : next_send(fd, p, n, flags));
}

ssize_t
sendto(int fd, const void *p, size_t n, int flags, const struct sockaddr *to,
    socklen_t to_n)
{
	return (fault_happens(EIO) ? -1 : next_sendto(fd, p, n, flags, to,
	    to_n));
}

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	return (fault_happens(ENOBUFS) ? -1 : next_sendmsg(fd, message,
	    flags));
}

int
socketpair(int domain, int type, int protocol, int fds[2])
{
	return (fault_happens(EMFILE) ? -1 : next_socketpair(domain, type,
	    protocol, fds));
}

int
pipe2(int fds[2], int flags)
{
	return (fault_happens(EMFILE) ? -1 : next_pipe2(fds, flags));
}

int
dup(int fd)
{
	return (fault_happens(EMFILE) ? -1 : next_dup(fd));
}

int
memfd_create(const char *name, unsigned flags)
{
	return (fault_happens(EMFILE) ? -1 : next_memfd_create(name, flags));
}

pid_t
fork(void)
{
	return (fault_happens(EAGAIN) ? -1 : next_fork());
}

int
pthread_create(pthread_t *restrict thread,
    const pthread_attr_t *restrict attr, void *(*start)(void *),
    void *restrict arg)
{
	return (fault_happens(EAGAIN) ? EAGAIN : next_create(thread, attr,
	    start, arg));
}
