/* SPDX-License-Identifier: BSD-2-Clause */
/* offline: the daemon's configuration and engine, for commands that ask what
   it would sign. Nothing is verified and nothing asked of the DNS. */
#ifndef TOOLS_OFFLINE_H
#define TOOLS_OFFLINE_H

#include "engine/engine.h"

struct offline {
	struct conf		*conf;
	bool			 verifies;	/* the daemon would */
	struct dns		*dns;
	struct crypto		*crypto;
	struct engine		*engine;
};

/*
 * False: printed why; close it all the same. env outlives it. as_user: root
 * becomes UserID, as the daemon does, so that what that user cannot read does
 * not sign; the process stays that user.
 */
bool	 offline_open(struct offline *, const char *conf_path, bool as_user,
	    const struct env *env);
void	 offline_close(struct offline *);

#endif
