/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resolvers: the resolver of the configuration in service, and those before it
 * whose messages have not all ended. All of it is for the thread that loads:
 * to end a resolver takes time, and libunbound (1.17) makes and ends its
 * contexts on variables of its own without a lock, so that no message may be
 * the one that does it.
 */
#ifndef MILTER_RESOLVERS_H
#define MILTER_RESOLVERS_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/diag.h"
#include "base/env.h"
#include "base/status.h"
#include "conf/conf.h"
#include "dns/dns.h"

#define RESOLVERS_CACHE_MAX_BYTES	(16 * 1024 * 1024)

struct resolver_files {		/* read when it was made; zero: not read */
	struct stat	 anchor;
	struct stat	 resolv_conf;
};

struct resolvers {		/* zeroed: none */
	struct dns		*now;
	struct resolver_files	 files;
	struct resolver_before	*before;
};

struct resolver_choice {
	struct dns		*dns;
	struct resolver_files	 files;
	struct resolver_before	*place;
};

/*
 * The resolver for conf: the one in service, with its cache, as long as no
 * option and no file of it changed since old, or a new one. A choice is to be
 * taken or dropped. old: the configuration in service, or NULL.
 */
enum status	 resolvers_choose(const struct resolvers *,
		    const struct conf *old, const struct conf *,
		    const struct env *, struct resolver_choice *r,
		    struct diag *) ATTR_MUST_CHECK;
void		 resolvers_take(struct resolvers *, struct resolver_choice *);
void		 resolvers_drop(struct resolver_choice *);
/* Ends those that no message holds any more. True: there are some left. */
bool		 resolvers_sweep(struct resolvers *);
/* Nothing is in flight. */
void		 resolvers_fini(struct resolvers *);

#endif
