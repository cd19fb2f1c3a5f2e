/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keys: the process that has the private keys, and nothing else: it reads key
 * files, tables and key stores, and signs digests (remote/server.h). It gets no
 * mail, no DNS, no network but that of a key store's database. It has no
 * address of its own: the parent's messages (control.h) and the mail process's
 * requests come over pairs that the parent made.
 *
 * At the start it reads the configuration's text and the key files with the
 * parent's permissions, answers READ, drops privileges, builds the first set
 * and answers LOADED with its picture (signers/picture.h).
 *
 * LOAD builds another set beside the one in service, of a new text (the
 * descriptor) or of the same one: then only of tables and stores. The answer is
 * LOADED with a picture, or with the reason. USE puts the set in service, DROP
 * drops it. A former set is kept until no message uses it.
 *
 * At STOP requests that are being served end, all threads are joined, and all
 * keys are freed before the process exits. Only if a thread waits too long for
 * a database, the process ends without that. If the parent dies, the kernel
 * kills the process, which may wait for a database, or a file of a server that
 * does not answer: a successor of the parent need not wait for its end.
 *
 * Keys in a token (PKCS#11) are not supported. They would need, here and in
 * crypto/ only: a provider for OpenSSL 3 (Debian 12 has none) and the library
 * of the token, both loaded before the sandbox, after which no code can be;
 * rows for what that library calls, opens and connects to, another list for
 * each; a login with a PIN from a file; and for privkey_derive(), which takes
 * the octets of the private key, a secret of another origin.
 */
#ifndef MILTER_KEYS_H
#define MILTER_KEYS_H

#include <sys/types.h>

#include <stdint.h>

#include "base/env.h"
#include "milter/board.h"
#include "milter/kept_keys.h"

/* Messages of the parent wait for a load; the parent kills the process if it
   does not end that long after STOP. */
#define KEYS_STOP_SECONDS	5
#define KEYS_COMPARE_MS		2000	/* between two comparisons of what was
					   signed (remote/tally.h) */

struct keys_start {
	const char		*path;		/* of the configuration, for
						   messages */
	int			 text;		/* the same, as a file */
	pid_t			 parent;
	int			 control;
	int			 delivery;
	int			 report;	/* of its sandbox */
	uint64_t		 number;	/* of the first set */
	bool			 first;		/* since the parent started */
	bool			 sets_log;	/* LogTarget counts */
	struct kept_keys	*kept;		/* closed when they are read */
	struct board_keys	*board;
	const struct remote_said *said;		/* by the mail process */
};

/* Never returns. */
void	keys_run(const struct keys_start *, const struct env *)
    __attribute__((noreturn));

#endif
