/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/mman.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "milter/board.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE	0x0010	/* of Linux 5.1 */
#endif

static void *
map_shared(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return (p != MAP_FAILED ? p : NULL);
}

struct board *
board_new(void)
{
	struct board *board = map_shared(sizeof(struct board));

	if (board != NULL) {
		arc4random_buf(&board->salt, sizeof(board->salt));
	}
	return (board);
}

/* Never 0. */
uint64_t
board_digest(const struct board *board, const void *p, size_t n)
{
	unsigned char first[sizeof(board->salt) + BOARD_FIRST_BYTES];

	n = n > BOARD_FIRST_BYTES ? BOARD_FIRST_BYTES : n;
	memcpy(first, &board->salt, sizeof(board->salt));
	if (n > 0) {
		memcpy(first + sizeof(board->salt), p, n);
	}
	return (str_hash(str_mem(first, sizeof(board->salt) + n)) | 1);
}

int
board_enter(struct board *board, uint64_t digest)
{
	unsigned i, at = (unsigned)(digest >> 1);
	uint64_t none;

	for (i = 0; i < BOARD_MESSAGES; i++) {
		none = 0;
		if (atomic_compare_exchange_strong(&board->messages[(at + i) %
		    BOARD_MESSAGES], &none, digest)) {
			return ((int)((at + i) % BOARD_MESSAGES));
		}
	}
	return (-1);
}

void
board_leave(struct board *board, int place)
{
	if (place >= 0) {
		atomic_store(&board->messages[place], 0);
	}
}

bool
board_is_suspect(const struct board_keys *keys, uint64_t digest)
{
	unsigned i;

	for (i = 0; i < BOARD_SUSPECTS; i++) {
		if (atomic_load_explicit(&keys->suspects[i],
		    memory_order_relaxed) == digest) {
			return (true);
		}
	}
	return (false);
}

/* Whether it was worked on at a death before; notes it. */
static bool
was_seen(struct board_deaths *deaths, uint64_t digest)
{
	unsigned i;

	for (i = 0; i < BOARD_MESSAGES; i++) {
		if (deaths->seen[i] == digest) {
			return (true);
		}
	}
	deaths->seen[deaths->seen_n++ % BOARD_MESSAGES] = digest;
	return (false);
}

/* What the process worked on, each digest once: several threads may have had
   copies of one message, for several recipients. */
static unsigned
take_digests(struct board *board, uint64_t r[BOARD_MESSAGES])
{
	unsigned i, k, n = 0;
	uint64_t digest;

	for (i = 0; i < BOARD_MESSAGES; i++) {
		digest = atomic_exchange(&board->messages[i], 0);
		for (k = 0; k < n && r[k] != digest; k++) {
			continue;
		}
		if (digest != 0 && k == n) {
			r[n++] = digest;
		}
	}
	return (n);
}

unsigned
board_blame(struct board *board, struct board_keys *keys,
    struct board_deaths *deaths)
{
	uint64_t digests[BOARD_MESSAGES];
	unsigned i, of = take_digests(board, digests), n = 0;

	for (i = 0; i < of; i++) {
		if (was_seen(deaths, digests[i]) &&
		    !board_is_suspect(keys, digests[i])) {
			atomic_store(&keys->suspects[deaths->suspects_n++ %
			    BOARD_SUSPECTS], digests[i]);
			n++;
		}
	}
	return (n);
}

/* Once more, for reading; the kernel lets nobody change that later. Without it
   (before Linux 5.1) board_keys_protect() does what it can. */
static void
map_read_only(struct board_keys *keys, int fd)
{
	void *p;

	if (fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK |
	    F_SEAL_GROW) == 0) {
		p = mmap(NULL, sizeof(*keys), PROT_READ, MAP_SHARED, fd, 0);
		keys->read_only = p != MAP_FAILED ? p : NULL;
	}
}

struct board_keys *
board_keys_new(void)
{
	int fd = memfd_create("board", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct board_keys *keys;
	void *p = MAP_FAILED;

	if (fd == -1) {
		return (NULL);
	}
	if (ftruncate(fd, sizeof(*keys)) == 0) {
		p = mmap(NULL, sizeof(*keys), PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
	}
	keys = p != MAP_FAILED ? p : NULL;
	if (keys != NULL) {
		map_read_only(keys, fd);
	}
	(void)close(fd);
	return (keys);
}

void
board_keys_protect(struct board_keys *keys)
{
	void *from = keys->read_only;

	/* In place of the one that was written. */
	if (from == NULL || mremap(from, sizeof(*keys), sizeof(*keys),
	    MREMAP_MAYMOVE | MREMAP_FIXED, keys) == MAP_FAILED) {
		(void)mprotect(keys, sizeof(*keys), PROT_READ);
	}
}
