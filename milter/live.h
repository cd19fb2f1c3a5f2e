/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * live: what is in service: the engine of the current configuration, and the
 * messages in flight. Shared by all threads. A message keeps the engine with
 * which it began, whatever is loaded meanwhile.
 */
#ifndef MILTER_LIVE_H
#define MILTER_LIVE_H

#include <pthread.h>
#include <stdbool.h>

#include "base/diag.h"
#include "base/env.h"
#include "base/status.h"
#include "conf/conf.h"
#include "crypto/crypto.h"
#include "dns/dns.h"
#include "engine/engine.h"
#include "milter/budget.h"
#include "milter/resolvers.h"
#include "second/second.h"

#define LIVE_RESERVED_FILES	128	/* descriptors not for connections */

struct live {
	/* of the process */
	const struct env	*env;
	bool			 test_mode;	/* look, do not touch */
	struct crypto		*crypto;
	struct second		*second;	/* made when first asked for */
	struct dmarc_psl	*psl;		/* as above */
	struct engine_stats	*stats;
	struct key_checks	*key_checks;
	/* of the configuration; used by the thread that loads only */
	struct resolvers	 resolvers;
	/* shared */
	struct budget		 budget;	/* MaximumMemory */
	atomic_uint		 peers;		/* connections */
	unsigned		 peers_max;	/* constant after live_init */
	pthread_mutex_t		 lock;		/* guards what follows */
	struct engine		*engine;
	unsigned		 in_flight;
	uint64_t		 ended_us;	/* the last one; 0: none yet */
	bool			 draining;
};

/* conf is held on success. */
enum status	 live_init(struct live *, struct conf *, const struct env *,
		    struct diag *) ATTR_MUST_CHECK;
/* After live_drain and with nothing in flight. Callbacks may still come:
   they are turned away. */
void	 live_fini(struct live *);

/*
 * Puts the configuration in service; on failure the old one stays. The DNS
 * cache survives when no option and no file of it changed.
 */
enum status	 live_load(struct live *, struct conf *, struct diag *)
    ATTR_MUST_CHECK;
/* The keys and tables as they are by now, all else as it is. */
enum status	 live_load_keys(struct live *, struct diag *)
    ATTR_MUST_CHECK;
/* Of the keys in service; for the thread that loads. */
uint64_t live_keys_revision(const struct live *);
/* As resolvers_sweep, for the thread that loads. */
bool	 live_sweep(struct live *);
/* The configuration in service, for the thread that loads; borrowed until its
   next live_load. */
const struct conf	*live_conf(const struct live *);
/* As signers_check_keys. */
size_t		 live_check_keys(struct live *);
/* Who may sign; for messages. */
void		 live_count_signers(const struct live *,
		    struct signers_counts *r);

/* Whether messages want to know of their recipients. */
bool	 live_wants_rcpts(struct live *);
/* The engine in service, to look at; released by the caller. NULL: none. */
struct engine	*live_hold(struct live *);
/* A message begins: its engine, or NULL when no more are taken. */
struct engine	*live_begin(struct live *);
void	 live_end(struct live *, struct engine *);	/* NULL is fine */
/* From now on live_begin says NULL. */
void	 live_drain(struct live *);
bool	 live_is_draining(struct live *);
unsigned	 live_in_flight(struct live *);
/* For how long none has been; 0: some are; UINT64_MAX: there was none. */
uint64_t	 live_idle_us(struct live *);

/* The counters since the start, as one line. */
void	 live_log_counters(struct live *);

#endif
