/* SPDX-License-Identifier: BSD-2-Clause */
/* try: what mailseal try shows. */
#ifndef TOOLS_TRY_H
#define TOOLS_TRY_H

#include "tools/edit.h"
#include "tools/mailseal.h"
#include "tools/player.h"

struct try_output {
	const char	*path;	/* for the message; NULL: behind the report */
	bool		 json;
};

/* given: the message as it was. Returns the exit status. */
int	 try_print(const struct player_result *, const struct edit *,
	    struct str given, const struct try_output *);

#endif
