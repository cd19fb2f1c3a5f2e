/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * answer: an answer in memory: the public part, and the protocols' objects
 * for it. The public part is always the first member of a box.
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
	/* Of dns_answer_object(): grows only at its head. */
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
 * its size. NOMEM: a copy that is DNS_SERVFAIL and must not be remembered.
 */
enum status	answer_copy(const struct dns_answer *,
	    struct dns_answer *copy_r, void **block_r, size_t *bytes_r)
	    ATTR_MUST_CHECK;

#endif
