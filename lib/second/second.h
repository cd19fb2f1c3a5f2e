/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * second: the second opinion. The same message streamed through libopendkim,
 * with keys from our resolver, so that its verdict can stand beside ours. It
 * never decides anything by itself and is off the message path unless asked
 * for. Not a security boundary: it sees what we see.
 */
#ifndef SECOND_SECOND_H
#define SECOND_SECOND_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/status.h"
#include "base/str.h"
#include "dns/dns.h"

struct second;		/* the library's handle; shared by threads */
struct second_dkim;	/* one message, one thread */

struct second_result {
	struct str	 domain;	/* d= as libopendkim read it */
	struct str	 selector;
	struct str	 b;		/* b= without white space: pairs it with
					   ours */
	const char	*result;	/* RFC 8601's word */
	struct str	 reason;	/* libopendkim's own words, or absent */
};

enum status	 second_new(struct second **r, struct diag *) ATTR_MUST_CHECK;
void		 second_free(struct second *);

/* id: for libopendkim's own messages (the queue id). */
enum status	 second_dkim_new(struct second *, struct arena *,
		    struct dns_batch *, uint64_t dns_deadline_us, int64_t now_s,
		    struct str id, struct second_dkim **r) ATTR_MUST_CHECK;
void		 second_dkim_free(struct second_dkim *);	/* NULL is fine */
/* Each field "Name: value CRLF", in order. Trouble is remembered and shows
   as no results with a reason. */
void		 second_dkim_field(struct second_dkim *, struct str raw);
void		 second_dkim_eoh(struct second_dkim *);
void		 second_dkim_body(struct second_dkim *, const char *, size_t);
/* Key lookups happen here, from the batch's cache as a rule. */
enum status	 second_dkim_finish(struct second_dkim *) ATTR_MUST_CHECK;
/* One per signature that libopendkim evaluated, top first. */
size_t		 second_dkim_count(const struct second_dkim *);
const struct second_result	*second_dkim_get(const struct second_dkim *,
				    size_t);
/* Why there are no results though the message has signatures, or NULL. */
const char	*second_dkim_trouble(const struct second_dkim *);

#endif
