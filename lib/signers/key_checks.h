/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * key_checks: the last DNS result for each key that signs, so that it is
 * looked up once an hour and not for each message. It lives as long as the
 * process, across reloads; all threads share it.
 *
 * privkey_id distinguishes a key from its successor under the same name. At
 * most KEY_CHECKS_MAX names are kept; a further key is never checked.
 */
#ifndef SIGNERS_KEY_CHECKS_H
#define SIGNERS_KEY_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define KEY_CHECKS_MAX		500000
#define KEY_CHECKS_AGAIN_S	3600	/* after an answer */
#define KEY_CHECKS_RETRY_S	60	/* while there is none */
#define KEY_CHECKS_RECENT_S	86400	/* see key_checks_count */

enum key_state {
	KEY_UNKNOWN,		/* no answer yet */
	KEY_GOOD,		/* the record is this key's */
	KEY_BAD			/* it is another key's, or missing */
};
#define KEY_STATES		(KEY_BAD + 1)

struct key_checks;

struct key_checks	*key_checks_new(void);	/* NULL: out of memory */
void			 key_checks_free(struct key_checks *);

/*
 * The known state of the key at owner (selector._domainkey.domain); mono_s: a
 * monotonic clock. *ask_r: the caller must query the DNS and call
 * key_checks_set. If a state is known, only one of several callers must;
 * otherwise all must.
 */
enum key_state	 key_checks_get(struct key_checks *, struct str owner,
		    uint64_t key_id, int64_t mono_s, bool *ask_r);
/*
 * Stores the result of the query. KEY_UNKNOWN (no answer) keeps a known state.
 * Returns the previous state.
 */
enum key_state	 key_checks_set(struct key_checks *, struct str owner,
		    uint64_t key_id, int64_t mono_s, enum key_state);
/*
 * Counts the keys by state that signed within KEY_CHECKS_RECENT_S or a little
 * longer: what is known of others may be out of date. Takes no lock: it is for
 * a monitor, and messages take the lock.
 */
void		 key_checks_count(const struct key_checks *, int64_t mono_s,
		    uint64_t n_r[KEY_STATES]);

#endif
