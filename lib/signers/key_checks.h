/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * key_checks: what the DNS said last about each key that signs, so that no
 * message asks for what another one has found within the hour. It lives as
 * long as the process, whatever is loaded meanwhile; all threads share it.
 *
 * A key is told from its successor under the same name by privkey_id. At most
 * KEY_CHECKS_MAX names are remembered; a further key is never checked.
 */
#ifndef SIGNERS_KEY_CHECKS_H
#define SIGNERS_KEY_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define KEY_CHECKS_MAX		500000
#define KEY_CHECKS_AGAIN_S	3600	/* after an answer */
#define KEY_CHECKS_RETRY_S	60	/* while there is none */

enum key_state {
	KEY_UNKNOWN,		/* no answer yet */
	KEY_GOOD,		/* the record is this key's */
	KEY_BAD			/* it is not, or is not there */
};

struct key_checks;

struct key_checks	*key_checks_new(void);	/* NULL: no memory */
void			 key_checks_free(struct key_checks *);

/*
 * What is known of the key at owner (selector._domainkey.domain); mono_s: of
 * a clock that never goes back. *ask_r: whether the caller is to ask the DNS
 * and to call key_checks_set. Of several callers one is told to ask again
 * where something is known, and all where nothing is.
 */
enum key_state	 key_checks_get(struct key_checks *, struct str owner,
		    uint64_t key_id, int64_t mono_s, bool *ask_r);
/*
 * What the DNS said. KEY_UNKNOWN: nothing, which changes nothing that is
 * known. Returns the state that was known until now.
 */
enum key_state	 key_checks_set(struct key_checks *, struct str owner,
		    uint64_t key_id, int64_t mono_s, enum key_state);

#endif
