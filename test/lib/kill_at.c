/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kill_at: preloaded into a program under test, kills it (SIGKILL) just before
 * the write to a file or a socket, or the sync, that KILL_AT counts to. Its
 * children go on unharmed.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static long left = -1;

static void __attribute__((constructor))
begin(void)
{
	const char *at = getenv("KILL_AT");

	if (at != NULL) {
		left = strtol(at, NULL, 10);
	}
	(void)unsetenv("LD_PRELOAD");
	(void)unsetenv("KILL_AT");
}

static void
count(void)
{
	if (left > 0 && --left == 0) {
		(void)kill(getpid(), SIGKILL);
	}
}

static void *
find(const char *name)
{
	return (dlsym(RTLD_NEXT, name));
}

ssize_t	pwrite64(int, const void *, size_t, off64_t);
ssize_t	pwrite(int, const void *, size_t, off_t);
int	fdatasync(int);
ssize_t	send(int, const void *, size_t, int);

ssize_t
pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	union { void *p; ssize_t (*f)(int, const void *, size_t, off64_t); } u;

	u.p = find("pwrite64");
	count();
	return (u.f(fd, p, n, at));
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	union { void *p; ssize_t (*f)(int, const void *, size_t, off_t); } u;

	u.p = find("pwrite");
	count();
	return (u.f(fd, p, n, at));
}

int
fdatasync(int fd)
{
	union { void *p; int (*f)(int); } u;

	u.p = find("fdatasync");
	count();
	return (u.f(fd));
}

/* libpq's, to the server. */
ssize_t
send(int fd, const void *p, size_t n, int flags)
{
	union { void *p; ssize_t (*f)(int, const void *, size_t, int); } u;

	u.p = find("send");
	count();
	return (u.f(fd, p, n, flags));
}
