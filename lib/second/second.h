/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * second: the second opinion. The same message streamed through libopendkim,
 * with keys from our resolver, so that its verdict can stand beside ours. It
 * never decides anything by itself and is off the message path unless asked
 * for. Not a security boundary: it sees what we see, and trusts its caller to
 * have applied the limits of mail/field.h and MaximumSignaturesToVerify.
 *
 * A result is the word that OpenDKIM's daemon would write, so it differs from
 * ours by design here and there: a missing or revoked key is "fail", a broken
 * key record "temperror", rsa-sha1 can pass. Compare passes, not words.
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

#define SECOND_DRIFT_S		300	/* ClockDrift of libopendkim's own */
#define SECOND_MIN_RSA_BITS	1024	/* RFC 8301 3.2 */

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

/* One at a time in a process: libopendmarc keeps its list for all. */
enum status	 second_new(struct second **r, struct diag *) ATTR_MUST_CHECK;
void		 second_free(struct second *);

/*
 * now_s: the time of receipt. libopendkim reads the system's clock; a time
 * that is further than a minute from it costs the message a library handle of
 * its own and is judged here. id: for libopendkim's own messages (the queue
 * id). The batch must live until second_dkim_finish has returned.
 */
enum status	 second_dkim_new(struct second *, struct arena *,
		    struct dns_batch *, int64_t now_s, struct str id,
		    struct second_dkim **r) ATTR_MUST_CHECK;
void		 second_dkim_free(struct second_dkim *);	/* NULL is fine */
/* Each field "Name: value CRLF", in order. Trouble is remembered and shows
   as no results with a reason. */
void		 second_dkim_field(struct second_dkim *, struct str raw);
void		 second_dkim_eoh(struct second_dkim *);
void		 second_dkim_body(struct second_dkim *, const char *, size_t);
/*
 * Key lookups happen here, from the batch's cache as a rule; what it does not
 * hold is waited for until the deadline (env's mono clock).
 */
enum status	 second_dkim_finish(struct second_dkim *,
		    uint64_t dns_deadline_us) ATTR_MUST_CHECK;
/* One per signature that libopendkim could read, top first. */
size_t		 second_dkim_count(const struct second_dkim *);
const struct second_result	*second_dkim_get(const struct second_dkim *,
				    size_t);
/* Why there are no results though the message has signatures, or NULL. */
const char	*second_dkim_trouble(const struct second_dkim *);

#endif
