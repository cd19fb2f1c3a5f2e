/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server: the process that has the private keys answers requests (message.h).
 *
 * Keys are in sets: each set is the signers of one load, under a number that
 * is higher than those before and not 0. The newest is in service, or about to
 * be; a former one serves the messages that began with it, until the client
 * releases it, for REMOTE_FORMER_S at most. At most REMOTE_SETS_MAX exist: then
 * the oldest goes. So a client that releases nothing cannot keep keys in
 * service. A message that takes longer is signed if the newest set has its key.
 *
 * Only these keys sign, and only digests of SHA-256. A key is named by its
 * handle (privkey_handle) once it has been loaded; at most as many handles as
 * the set has keys are remembered, and one that was forgotten is UNKNOWN: then
 * the client loads it again, which is cheap.
 *
 * A request is served by the thread that calls remote_server_serve(), one for
 * each connection. Signing holds no lock and does no input or output; loading a
 * key may wait for a database.
 */
#ifndef REMOTE_SERVER_H
#define REMOTE_SERVER_H

#include <stdint.h>

#include "base/env.h"
#include "crypto/crypto.h"
#include "remote/tally.h"
#include "signers/signers.h"

#define REMOTE_SETS_MAX	16
#define REMOTE_FORMER_S	3600
#define REMOTE_DIFFERENCE_LINES	20	/* of the log within a minute */

struct remote_server;

/* NULL: out of memory. crypto and env outlive it. Each request that is
   malformed, or is for a key that cannot be loaded, is logged: env bounds the
   lines of the threads that serve. made: counts the signatures, for each
   key. */
struct remote_server	*remote_server_new(const struct crypto *,
			    const struct env *, struct remote_made *made);
/* With all sets; no thread uses it any more. NULL: nothing. */
void			 remote_server_free(struct remote_server *);
/*
 * Compares what was signed with what the client says (tally.h). A difference is
 * logged as an error, with the names of the keys, once for each slot: of many
 * slots REMOTE_DIFFERENCE_LINES within a minute, the others later. For one
 * thread.
 */
void			 remote_server_compare(struct remote_server *,
			    const struct remote_said *);
/*
 * A new set, which may be asked for at once and is the one in service. owner is
 * released when the set is gone, after its signers. Takes both, also on
 * failure, NOMEM. keys: of KeyFile, known from the start.
 */
enum status	 remote_server_add(struct remote_server *, uint64_t number,
		    struct signers *, struct conf *owner) ATTR_MUST_CHECK;
/* Not needed any more: it was not taken into service after all, or nobody uses
   it. Requests that use it end first. */
void		 remote_server_drop(struct remote_server *, uint64_t number);
/* The set is in service: neither a release nor another client drops it. Before
   the first commit, the newest is not dropped. */
void		 remote_server_commit(struct remote_server *, uint64_t number);
/* All that are older than the one in service: the client is another process
   now. */
void		 remote_server_drop_former(struct remote_server *);
/* Former sets whose time is over; to be called every few seconds. */
void		 remote_server_drop_expired(struct remote_server *);
struct remote_use {		/* of the newest set */
	struct signers		*signers;
	const struct conf	*conf;
	void			*set;
};
/* False: there is none yet. The set stays until it is not used any more. */
bool			 remote_server_use(struct remote_server *,
			    struct remote_use *r);
void			 remote_server_unuse(struct remote_server *,
			    const struct remote_use *);
/* Serves a connection until its end, or until it sends what is no request. */
void		 remote_server_serve(struct remote_server *, int fd);

#endif
