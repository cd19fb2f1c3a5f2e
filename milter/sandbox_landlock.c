/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Landlock by its system calls: libc has no functions for them. The headers may
 * be older than the kernel, so what came later is defined here.
 */
#include "config.h"

#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <linux/landlock.h>

#include "milter/sandbox_private.h"

/* linux/landlock.h of 5.19, 6.2, 6.7 and 6.12 */
#define FS_REFER	(1ULL << 13)
#define FS_TRUNCATE	(1ULL << 14)
#define NET_CONNECT_TCP	(1ULL << 1)
#define RULE_NET_PORT	2
#define ABI_REFER	2
#define ABI_TRUNCATE	3
#define SCOPE_ABSTRACT	(1ULL << 0)	/* sockets of others without a path */
#define SCOPE_SIGNAL	(1ULL << 1)	/* to others */
#define ABI_NET		4
#define ABI_SCOPE	6

#define FS_READ		(LANDLOCK_ACCESS_FS_READ_FILE | \
			    LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_MAKE		(LANDLOCK_ACCESS_FS_MAKE_REG | \
			    LANDLOCK_ACCESS_FS_MAKE_SOCK | \
			    LANDLOCK_ACCESS_FS_REMOVE_FILE)
/* All that Landlock knew first: its bits 0 to 12. */
#define FS_FIRST	((1ULL << 13) - 1)
/* What a rule about a file, not a folder, may hold. */
#define FS_OF_FILE	(LANDLOCK_ACCESS_FS_READ_FILE | \
			    LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE)

struct ruleset_attr {
	uint64_t	fs;
	uint64_t	net;
	uint64_t	scoped;
};

struct net_port_attr {
	uint64_t	access;
	uint64_t	port;
};

static long
landlock_abi(void)
{
	return (syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION));
}

static uint64_t
known_rights(long abi)
{
	return (FS_FIRST | (abi >= ABI_REFER ? FS_REFER : 0) |
	    (abi >= ABI_TRUNCATE ? FS_TRUNCATE : 0));
}

/* folder: of a file. An editor replaces it by renaming. */
static bool
copy_path(const struct sandbox_place *place, bool folder, char path_r[PATH_MAX])
{
	size_t n = place->n;

	if (place->is_replaced && folder) {
		while (n > 1 && place->path[n - 1] != '/') {
			n--;
		}
	}
	if (n >= PATH_MAX) {
		return (false);
	}
	memcpy(path_r, place->path, n);
	path_r[n] = '\0';
	return (true);
}

static uint64_t
rights_of(unsigned may)
{
	uint64_t rights = 0;

	if ((may & (SANDBOX_READ | SANDBOX_LOAD)) != 0) {
		rights |= FS_READ;
	}
	if ((may & SANDBOX_LISTEN) != 0) {
		rights |= LANDLOCK_ACCESS_FS_MAKE_SOCK |
		    LANDLOCK_ACCESS_FS_REMOVE_FILE;
	}
	if ((may & SANDBOX_WRITE) != 0) {
		rights |= LANDLOCK_ACCESS_FS_WRITE_FILE | FS_MAKE | FS_TRUNCATE;
	}
	return (rights);
}

static int
add_rule(int ruleset, int fd, uint64_t rights)
{
	struct landlock_path_beneath_attr attr = { .parent_fd = fd,
		.allowed_access = rights };

	return ((int)syscall(SYS_landlock_add_rule, ruleset,
	    LANDLOCK_RULE_PATH_BENEATH, &attr, 0));
}

/* What is not there, or is out of reach, is not admitted. */
static enum status
add_place(int ruleset, const struct sandbox_place *place, bool files,
    uint64_t known, struct diag *diag)
{
	bool folder = !files || (place->may & SANDBOX_LISTEN) != 0;
	uint64_t rights = rights_of(place->may) & known;
	char path[PATH_MAX];
	int fd, error = 0;

	if (rights == 0 || !copy_path(place, folder, path)) {
		return (STATUS_OK);
	}
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd == -1) {
		return (STATUS_OK);
	}
	/* EINVAL: the place is a file, for which some rights have no sense. */
	if (add_rule(ruleset, fd, rights) == -1 && (errno != EINVAL ||
	    add_rule(ruleset, fd, rights & FS_OF_FILE) == -1)) {
		error = errno;
	}
	close(fd);
	if (error != 0) {
		diag_set(diag, path, 0, "Landlock: %s", strerror(error));
		return (STATUS_IO);
	}
	return (STATUS_OK);
}

static enum status
add_port(int ruleset, uint16_t port, struct diag *diag)
{
	struct net_port_attr attr = { .access = NET_CONNECT_TCP,
		.port = port };

	if (syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &attr, 0) ==
	    -1) {
		diag_set(diag, NULL, 0, "Landlock: port %u: %s", port,
		    strerror(errno));
		return (STATUS_IO);
	}
	return (STATUS_OK);
}

static enum status
fill_ruleset(int ruleset, const struct sandbox_places *places, bool files,
    long abi, struct diag *diag)
{
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; i < places->n && status == STATUS_OK; i++) {
		status = add_place(ruleset, &places->v[i], files,
		    known_rights(abi), diag);
	}
	if (abi < ABI_NET) {
		return (status);
	}
	for (i = 0; i < places->ports_n && status == STATUS_OK; i++) {
		status = add_port(ruleset, places->ports[i], diag);
	}
	return (status);
}

/* A kernel refuses what it does not know. */
static size_t
attr_size(long abi)
{
	return (abi >= ABI_SCOPE ? sizeof(struct ruleset_attr) :
	    abi >= ABI_NET ? offsetof(struct ruleset_attr, scoped) :
	    offsetof(struct ruleset_attr, net));
}

enum status
sandbox_landlock(const struct sandbox_places *places, bool files,
    unsigned *parts_r, struct diag *diag)
{
	long abi = landlock_abi();
	struct ruleset_attr attr = { known_rights(abi), NET_CONNECT_TCP,
		SCOPE_ABSTRACT | SCOPE_SIGNAL };
	enum status status;
	int ruleset;

	if (abi < 1) {
		return (STATUS_OK);
	}
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr,
	    attr_size(abi), 0);
	if (ruleset == -1) {
		diag_set(diag, NULL, 0, "Landlock: %s", strerror(errno));
		return (STATUS_IO);
	}
	status = fill_ruleset(ruleset, places, files, abi, diag);
	if (status == STATUS_OK &&
	    syscall(SYS_landlock_restrict_self, ruleset, 0) == -1) {
		diag_set(diag, NULL, 0, "Landlock: %s", strerror(errno));
		status = STATUS_IO;
	}
	close(ruleset);
	if (status == STATUS_OK) {
		*parts_r |= SANDBOX_FILES | (abi >= ABI_NET ? SANDBOX_PORTS :
		    0);
	}
	return (status);
}
