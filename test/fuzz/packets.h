/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packets: what a process sends that was taken over, made of a fuzz target's
 * input.
 *
 * The input is packets: an octet that says which kind, one with the length of
 * what follows. A kind begins with a packet of our own, over which the rest is
 * written from an offset on: the octet after the length.
 */
#ifndef TEST_FUZZ_PACKETS_H
#define TEST_FUZZ_PACKETS_H

#include <sys/types.h>
#include <sys/socket.h>

#include <string.h>

#include "base/str.h"
#include "remote/message.h"

#define PACKETS_MAX	16

struct packets {
	unsigned char	data[PACKETS_MAX][REMOTE_MAX_BYTES];
	size_t		sizes[PACKETS_MAX];
	size_t		n;
};

/* Writes our own packet of a kind, which is the number-th; its size. */
typedef size_t	packets_base(unsigned kind, uint64_t number,
		    unsigned char *packet);

/* Returns what is left of the input. */
static inline struct str
packets_take(struct packets *p, struct str in, packets_base *base)
{
	unsigned char *packet = p->data[p->n];
	size_t n = base((unsigned char)in.p[0], p->n, packet);
	size_t take = (unsigned char)in.p[1], at = (unsigned char)in.p[2];

	in = str_from_offset(in, 3);
	take = take > in.n ? in.n : take;
	at = at > n ? n : at;
	memcpy(packet + at, in.p, take);
	p->sizes[p->n] = at + take > n ? at + take : n;
	return (str_from_offset(in, take));
}

/* Sends them, until the queue is full or one is empty, which would be the end
   for the other side; p: those that were sent. */
static inline void
packets_send(struct packets *p, struct str in, packets_base *base, int fd)
{
	p->n = 0;
	while (in.n >= 3 && p->n < PACKETS_MAX) {
		in = packets_take(p, in, base);
		if (p->sizes[p->n] == 0 || send(fd, p->data[p->n],
		    p->sizes[p->n], MSG_DONTWAIT) !=
		    (ssize_t)p->sizes[p->n]) {
			break;
		}
		p->n++;
	}
}

static inline struct str
packets_get(const struct packets *p, size_t i)
{
	return (str_mem(p->data[i], p->sizes[i]));
}

#endif
