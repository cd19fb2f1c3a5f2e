/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * child: one of the two processes that the parent starts, and starts again
 * whenever it dies: at once, or later if it died CHILD_DEATHS times within
 * CHILD_WITHIN_US.
 */
#ifndef MILTER_CHILD_H
#define MILTER_CHILD_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/env.h"
#include "milter/board.h"
#include "milter/control.h"

#define CHILD_DEATHS		5
#define CHILD_WITHIN_US		60000000
#define CHILD_WAIT_US		1000000		/* doubles with each death */
#define CHILD_WAIT_MAX_US	30000000

struct child {
	enum board_process	 which;
	pid_t			 pid;		/* 0: none */
	int			 control;	/* valid with a pid */
	int			 delivery;
	int			 report;	/* what it writes as it dies;
						   sandbox.h */
	bool			 ready;		/* it has answered LOADED */
	bool			 ended;		/* it closed its end, and will
						   be dead soon */
	bool			 killed;	/* by the parent, which has said
						   why if that is an error */
	bool			 loading;	/* or starting: it may be silent
						   for long */
	bool			 asked;		/* PING; not yet answered */
	uint64_t		 silent;	/* questions since its answer */
	uint64_t		 died_us[CHILD_DEATHS];	/* the last ones */
	unsigned		 deaths;	/* in all */
	uint64_t		 wait_us;	/* before the last start; 0 */
	uint64_t		 due_us;	/* of the next start */
};

struct child_ends {		/* in the child */
	int	control;
	int	delivery;
	int	report;
};

/* Forks. 0: in the child, whose ends r has; else its number, or -1 with
   errno. */
pid_t	 child_fork(struct child *, struct child_ends *r);
/* In a child: closes the parent's ends of a process. */
void	 child_close(struct child *);
/*
 * Whether it is dead: logs how and sets due_us. stopping: its end was asked
 * for, and is logged only if a signal ended it that is not the parent's; no
 * other one is started.
 * *code_r: its exit status, or 1.
 */
bool	 child_reap(struct child *, const struct env *, struct board *,
	    bool stopping, int *code_r);
const char	*child_name(const struct child *);

#endif
