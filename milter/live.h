/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * live: the engine in service, which is that of the current configuration, and
 * the number of messages in flight. Shared by all threads. A message keeps the
 * engine with which it began while others are loaded.
 */
#ifndef MILTER_LIVE_H
#define MILTER_LIVE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/diag.h"
#include "base/env.h"
#include "base/status.h"
#include "conf/conf.h"
#include "crypto/crypto.h"
#include "dns/dns.h"
#include "engine/engine.h"
#include "milter/board.h"
#include "milter/budget.h"
#include "milter/resolvers.h"
#include "remote/client.h"
#include "second/second.h"
#include "signers/survey.h"

#define LIVE_SENTENCE_BYTES	8192	/* of live_survey */
#define LIVE_RESERVED_FILES	128	/* descriptors not for connections */

struct live {
	/* of the process */
	const struct env	*env;
	bool			 test_mode;	/* change no message */
	uint64_t		 started_us;	/* monotonic */
	bool			 may_create;	/* the file of MarkKeyFile */
	struct board		*board;		/* numbers that outlive this
						   process */
	struct board_keys	*board_keys;
	struct remote_client	*client;	/* of the process that has the
						   keys; NULL: this one */
	struct buf		 mark_secret;
	struct crypto		*crypto;
	struct second		*second;	/* created when first needed */
	struct dmarc_psl	*psl;		/* as above */
	struct engine_stats	*stats;
	struct key_checks	*key_checks;
	struct report_collector	*reports;	/* for DMARC reports */
	/* of the configuration; used by the thread that loads only, except
	   resolvers.now, which changes under numbers_lock only */
	struct resolvers	 resolvers;
	/* shared */
	struct budget		 budget;	/* MaximumMemory */
	atomic_uint		 peers;		/* connections */
	unsigned		 peers_max;	/* constant after live_init */
	atomic_bool		 stopping;	/* as draining */
	atomic_bool		 needs_dns;	/* the mode in service does */
	atomic_bool		 zone_text;	/* in place of DNS */
	_Atomic uint64_t	 keys;		/* that may sign */
	_Atomic uint64_t	 kept_keys;	/* signers_counts.kept */
	_Atomic int64_t		 oldest_key_s;	/* of a store: Unix time; -1:
						   none */
	/* For readers of numbers. No message takes it. */
	pthread_mutex_t		 numbers_lock;
	struct dns_stats	 dns_past;	/* of former resolvers */
	pthread_mutex_t		 lock;		/* guards what follows */
	struct engine		*engine;
	uint64_t		 ended_us;	/* of the last; 0: none yet */
	bool			 draining;
};

/* What a load takes from the process that has the keys. */
struct live_keys {
	uint64_t		 set;
	struct str		 picture;	/* signers/picture.h */
};

/* The numbers that processes share: before the first of them is forked. */
enum status	 live_share(struct live *, struct diag *) ATTR_MUST_CHECK;
/*
 * What outlives a process that handles mail: its parent calls this first, and
 * each of them live_init.
 */
enum status	 live_prepare(struct live *, const struct conf *,
		    const struct env *, struct diag *) ATTR_MUST_CHECK;
/* conf is held on success. keys: as live_load. */
enum status	 live_init(struct live *, struct conf *,
		    const struct live_keys *, struct diag *) ATTR_MUST_CHECK;
/* After live_drain, with no message in flight. Callbacks may still come; they
   find no engine. */
void	 live_fini(struct live *);

/*
 * Puts the configuration in service; on failure the old one stays. The DNS
 * cache survives when no option and no file of it changed. keys: NULL without
 * a client; else conf was read without keys.
 */
enum status	 live_load(struct live *, struct conf *,
		    const struct live_keys *, struct diag *) ATTR_MUST_CHECK;
/* Takes keys and tables anew, and nothing else. */
enum status	 live_load_keys(struct live *, const struct live_keys *,
		    struct diag *) ATTR_MUST_CHECK;
/* The revision of the keys in service; for the thread that loads. */
uint64_t live_keys_revision(const struct live *);
/* As resolvers_sweep, for the thread that loads. */
bool	 live_sweep(struct live *);
/* The configuration in service, for the thread that loads; borrowed until its
   next live_load. */
const struct conf	*live_conf(const struct live *);
/* Borrowed until the next live_load. */
struct dns	*live_dns(const struct live *);
/* As signers_survey; in Mode v it says that nothing is signed. */
enum status	 live_survey(struct live *, const struct signers_survey_opts *,
		    struct signers_survey *r, struct buf *sentence)
    ATTR_MUST_CHECK;
/* As signers_check_keys. */
size_t		 live_check_keys(struct live *);
/* Counts rules and keys, for the operator. */
void		 live_count_signers(const struct live *,
		    struct signers_counts *r);

/* Whether recipients are needed. */
bool	 live_wants_rcpts(struct live *);
/* Begins a message. Returns its engine, or NULL after live_drain. */
struct engine	*live_begin(struct live *);
void	 live_end(struct live *, struct engine *);	/* NULL is fine */
/* From now on live_begin returns NULL. */
void	 live_drain(struct live *);
bool	 live_is_draining(struct live *);
unsigned	 live_in_flight(struct live *);
/* Time since the last one ended; 0: some are in flight; UINT64_MAX: there was
   none. */
uint64_t	 live_idle_us(struct live *);

/* Since the start. For any thread; takes no lock that a message takes. */
void	 live_get_dns_stats(struct live *, struct dns_stats *r);

#endif
