/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "milter/memory.h"

#define SEALS	(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static bool
write_all(int fd, struct str s)
{
	ssize_t n;

	while (s.n > 0) {
		n = write(fd, s.p, s.n);
		if (n == -1 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return (false);
		}
		s = str_mem(s.p + n, s.n - (size_t)n);
	}
	return (true);
}

enum status
memory_write(const char *name, struct str s, int *fd_r)
{
	*fd_r = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*fd_r == -1) {
		return (STATUS_NOMEM);
	}
	if (!write_all(*fd_r, s) || fcntl(*fd_r, F_ADD_SEALS, SEALS) == -1) {
		(void)close(*fd_r);
		*fd_r = -1;
		return (STATUS_NOMEM);
	}
	return (STATUS_OK);
}

/* Whoever sent it could shrink it under the mapping, were it not sealed. */
enum status
memory_map(int fd, struct str *r)
{
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);
	void *p;

	*r = STR("");
	if (seals == -1 || (seals & SEALS) != SEALS) {
		errno = seals == -1 ? errno : EINVAL;
		return (STATUS_IO);
	}
	if (fstat(fd, &st) == -1) {
		return (STATUS_IO);
	}
	if (st.st_size <= 0) {
		return (STATUS_OK);
	}
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED) {
		return (STATUS_IO);
	}
	*r = str_mem(p, (size_t)st.st_size);
	return (STATUS_OK);
}

void
memory_unmap(struct str s)
{
	if (s.n > 0) {
		(void)munmap((void *)(uintptr_t)s.p, s.n);
	}
}
