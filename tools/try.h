/* SPDX-License-Identifier: BSD-2-Clause */
/* try: what mailseal try shows. */
#ifndef TOOLS_TRY_H
#define TOOLS_TRY_H

#include "tools/edit.h"
#include "tools/mailseal.h"
#include "tools/player.h"

/* text: the message as it was given. Returns the exit status. */
int	 try_print(const struct player_result *, const struct edit *,
	    struct str text, bool json);

#endif
