/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resolvers: the resolver of the configuration in service, and earlier ones
 * that messages still use. Only for the thread that loads: freeing a resolver
 * takes time, and libunbound (1.17) makes and frees contexts with static
 * variables without a lock, so that threads of messages must not do it.
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

struct resolver_files {		/* when the resolver was made; zero: unused */
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
 * Chooses the resolver for conf: the one in service, with its cache, if no
 * option and no file of it has changed since old; else a new one. The choice
 * must be taken or dropped. old: the configuration in service, or NULL.
 */
enum status	 resolvers_choose(const struct resolvers *,
		    const struct conf *old, const struct conf *,
		    const struct env *, struct resolver_choice *r,
		    struct diag *) ATTR_MUST_CHECK;
void		 resolvers_take(struct resolvers *, struct resolver_choice *);
void		 resolvers_drop(struct resolver_choice *);
/* Frees those that no message uses any more. True: some are left. */
bool		 resolvers_sweep(struct resolvers *);
/* With no message in flight. */
void		 resolvers_fini(struct resolvers *);

#endif
