/* SPDX-License-Identifier: BSD-2-Clause */
/* confine: how the keys process and the mail process enter their sandbox
   (sandbox.h), and log what it lacks. */
#ifndef MILTER_CONFINE_H
#define MILTER_CONFINE_H

#include "base/env.h"
#include "milter/sandbox.h"

struct confine {
	enum sandbox_role	 role;
	const struct conf	*conf;
	int			 text;		/* of which conf was made, as a
						   file (memory.h) */
	int			 report;	/* see sandbox_opts */
	int			 ask;		/* the same */
	bool			 first;		/* since the parent started:
						   what lacks is logged */
};

/* Before the first thread, and with the permissions of UserID. */
enum status	confine_enter(const struct confine *, const struct env *,
		    struct diag *) ATTR_MUST_CHECK;
/* The mail process has another configuration; a failure is logged. */
void		confine_reload(const struct conf *, struct str text,
		    const struct env *);

#endif
