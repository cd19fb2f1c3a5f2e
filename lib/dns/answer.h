/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * answer: an answer as it lies in memory: the public part, and what the
 * protocols made of it. The public part is always the first member of a box.
 */
#ifndef DNS_ANSWER_H
#define DNS_ANSWER_H

#include <stdatomic.h>
#include <stddef.h>

#include "dns/dns.h"

struct answer_object;
struct cache_entry;

struct answer_box {
	struct dns_answer	 answer;
	/* Of dns_answer_object(): only ever grows at its head. */
	_Atomic(struct answer_object *)	objects;
	void			*block;	/* records and octets; or NULL */
	struct dns		*dns;	/* that counts the objects ... */
	struct cache_entry	*entry;	/* ... of this entry; NULL: uncounted */
};

/* An answer without records. */
void	answer_box_init(struct answer_box *, enum dns_result);
void	answer_box_fini(struct answer_box *);
/*
 * Copies an answer, within the limits of dns.h, into one block; *bytes_r is
 * its size. Out of memory: a copy that is DNS_SERVFAIL with a TTL of 0.
 */
void	answer_copy(const struct dns_answer *, struct dns_answer *copy_r,
	    void **block_r, size_t *bytes_r);

#endif
