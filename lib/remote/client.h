/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * client: keys and signatures of the process that has the private keys, for the
 * one that handles mail (message.h says how they talk).
 *
 * The client has a few connections. A thread takes one for a request and its
 * reply, so that no lock is held over a system call; a thread that finds none
 * free waits for one. The last REMOTE_LOADERS are for all but signatures, which
 * then do not wait for a database.
 *
 * A connection that fails is closed, and the client asks for new ones in place
 * of all, so that no failure lasts. If the server dies, its connections end. A
 * request that got no reply is sent again over those that remain, or over the
 * next ones, which remote_client_give() brings; it waits for them for
 * REMOTE_WAIT_US since the server has ended, and no longer if there have been
 * none for REMOTE_AWAY_US. Then a signature fails with TEMP.
 *
 * If the server lives but does not answer, for as long as that, a signature
 * fails with TEMP, too, and its connection stays; the reply is skipped when it
 * comes. A server that is only busy is waited for: nothing that takes long (a
 * load, a database) holds up signatures, so that with many requests some get
 * their replies, and any reply to any thread shows that the server answers.
 * Then the limit is REMOTE_REPLY_S. Silence is counted in steps, not by the
 * clock: if the whole machine was stopped for a while, that is one step, and
 * the server has its turn in the next one.
 *
 * A load may wait for a database for REMOTE_LOAD_S. After each silence of that
 * length the client tries whether the server answers a request that needs
 * nothing; if not, the load fails like a signature, and so do those that wait
 * for its connection.
 */
#ifndef REMOTE_CLIENT_H
#define REMOTE_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/env.h"
#include "crypto/crypto.h"
#include "remote/tally.h"
#include "signers/picture.h"
#include "signers/signers.h"

#define REMOTE_CHANNELS_MAX	32
#define REMOTE_LOADERS		2
#define REMOTE_WAIT_US		2000000
#define REMOTE_STEP_US		500000
#define REMOTE_SILENT_STEPS	(REMOTE_WAIT_US / REMOTE_STEP_US)
#define REMOTE_AWAY_US		10000000
#define REMOTE_BUSY_US		30000000	/* for a free connection */
#define REMOTE_REPLY_S		20	/* while others get their replies */
#define REMOTE_LOAD_S		120	/* a key, maybe of a database */

struct remote_client;

/* For the life of the process. NULL: out of memory. env outlives it. said:
   counts what is asked for and received, for each key. ask: called with
   ctx when connections have ended and new ones are needed; it must not wait,
   and may be called by any thread, often. */
struct remote_client	*remote_client_new(const struct env *,
			    struct remote_said *said, void (*ask)(void *ctx),
			    void *ctx);
/* Connections to a server, in place of the former ones. Takes them; more than
   REMOTE_CHANNELS_MAX are closed. Any thread. */
void			 remote_client_give(struct remote_client *,
			    const int *fds, size_t n);
/* How signers load the keys of a set: r->picture is set by the caller, r->ctx
   belongs to signers_new. NOMEM. */
enum status		 remote_client_signers(struct remote_client *,
			    uint64_t set, struct signers_remote *r)
    ATTR_MUST_CHECK;
/* A key of KeyFile, of its place there. SYNTAX, LIMIT: no such public key. */
enum status		 remote_client_given(struct remote_client *,
			    uint64_t set, uint32_t index,
			    const struct picture_given *,
			    struct privkey **key_r) ATTR_MUST_CHECK;

#endif
