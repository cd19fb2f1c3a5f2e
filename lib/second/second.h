/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * second: the second opinion. The same message is streamed through libopendkim,
 * with keys from our resolver, and its verdict is compared with ours. It
 * decides nothing by itself and is not used unless configured. It is no
 * security boundary: the caller has applied the limits of mail/field.h and
 * MaximumSignaturesToVerify.
 *
 * A result is the word that OpenDKIM's daemon would write and can differ from
 * ours: a missing or revoked key is "fail", a malformed key record "temperror",
 * rsa-sha1 can pass. Compare passes, not words.
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

#define SECOND_DRIFT_S		300	/* libopendkim's clock drift */
#define SECOND_MIN_RSA_BITS	1024	/* RFC 8301 3.2 */

struct second;		/* the library's handle; shared by threads */
struct second_dkim;	/* one message, one thread */

enum second_word {		/* RFC 8601's */
	SECOND_ABSENT,		/* no opinion */
	SECOND_NONE,
	SECOND_PASS,
	SECOND_FAIL,
	SECOND_POLICY,
	SECOND_NEUTRAL,
	SECOND_TEMPERROR,
	SECOND_PERMERROR
};

struct second_result {
	struct str	 domain;	/* d= as libopendkim read it */
	struct str	 selector;
	struct str	 b;		/* b= without white space, to find our
					   result for it */
	enum second_word result;
	struct str	 reason;	/* libopendkim's text, or absent */
};

/* Only one per process: libopendmarc has one list for all. */
enum status	 second_new(struct second **r, struct diag *) ATTR_MUST_CHECK;
void		 second_free(struct second *);

/*
 * now_s: the time of receipt. libopendkim reads the system's clock; if the time
 * differs from it by more than a minute, the message needs a library handle of
 * its own and times are checked here. id: the queue id, for libopendkim's
 * messages. The batch must live until second_dkim_finish has returned.
 */
enum status	 second_dkim_new(struct second *, struct arena *,
		    struct dns_batch *, int64_t now_s, struct str id,
		    struct second_dkim **r) ATTR_MUST_CHECK;
void		 second_dkim_free(struct second_dkim *);	/* or NULL */
/* Each field "Name: value CRLF", in order. An error is stored: there are no
   results then, and second_dkim_error() returns the reason. */
void		 second_dkim_field(struct second_dkim *, struct str raw);
void		 second_dkim_eoh(struct second_dkim *);
void		 second_dkim_body(struct second_dkim *, const char *, size_t);
/*
 * Looks the keys up, as a rule in the batch's cache. Waits for other answers
 * until the deadline (env's mono clock).
 */
enum status	 second_dkim_finish(struct second_dkim *,
		    uint64_t dns_deadline_us) ATTR_MUST_CHECK;
/* One result per signature that libopendkim could read, topmost first. */
size_t		 second_dkim_count(const struct second_dkim *);
const struct second_result	*second_dkim_get(const struct second_dkim *,
				    size_t);
/* Why a message with signatures has no results, or NULL. */
const char	*second_dkim_error(const struct second_dkim *);
/* "pass" ...; NULL: absent. */
const char	*second_word_name(enum second_word);

#endif
