/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "keystore/lock.h"
#include "keystore/private.h"

/* A lock of the open file where the system has it: two stores that one process
   has open exclude each other, too. */
#ifdef F_OFD_SETLK
#define SET_LOCK	F_OFD_SETLK
#else
#define SET_LOCK	F_SETLK
#endif

static enum status
fail_lock(const char *shown, struct diag *diag)
{
	diag_set(diag, shown, 0, "%s", strerror(errno));
	return (STATUS_IO);
}

/* Two domains with the same hash only wait for each other. */
static int
set_lock(const struct lock_file *lock, struct str domain, short type)
{
	struct flock range = { .l_type = type, .l_whence = SEEK_SET,
		.l_start = (off_t)(str_hash(domain) >> 2), .l_len = 1 };

	return (fcntl(lock->fd, SET_LOCK, &range));
}

enum status
lock_domain(struct lock_file *lock, int dir, const char *name,
    const char *shown, const struct files_owner *owner, struct str domain,
    unsigned timeout_s, struct diag *diag)
{
	const struct timespec step = { 0, KEYSTORE_LOCK_STEP_MS * 1000000L };
	unsigned left = timeout_s * 1000 / KEYSTORE_LOCK_STEP_MS;
	enum status status;

	if (lock->fd == -1) {
		status = files_open(dir, name, shown, 0600, owner, &lock->fd,
		    diag);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	while (set_lock(lock, domain, F_WRLCK) == -1) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR) {
			return (fail_lock(shown, diag));
		}
		if (left-- == 0) {
			return (keystore_locked(shown, domain, diag));
		}
		(void)nanosleep(&step, NULL);
	}
	return (STATUS_OK);
}

void
unlock_domain(struct lock_file *lock, struct str domain)
{
	(void)set_lock(lock, domain, F_UNLCK);
}

void
lock_file_close(struct lock_file *lock)
{
	if (lock->fd != -1) {
		(void)close(lock->fd);
		lock->fd = -1;
	}
}
