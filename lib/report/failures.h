/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * failures: failure reports on their way from messages to the store: a queue
 * for collect.h, whose locks it needs. Messages that are alike are counted
 * together while they wait. The queue has a limit in number; what comes beyond
 * it is not kept.
 */
#ifndef REPORT_FAILURES_H
#define REPORT_FAILURES_H

#include <stddef.h>
#include <sys/queue.h>
#include <sys/tree.h>

#include "base/attr.h"
#include "report/failure.h"

#define FAILURES_MAX	500	/* that wait */

struct failures_item {
	RB_ENTRY(failures_item)	 link;
	TAILQ_ENTRY(failures_item) order;
	struct kept_failure	 failure;	/* views into text */
	struct failure_limits	 limits;
	char			 text[];
};

RB_HEAD(failures_tree, failures_item);
TAILQ_HEAD(failures_list, failures_item);

struct failures {
	struct failures_tree	 tree;
	struct failures_list	 list;	/* the oldest first */
	size_t			 n;
};

void		 failures_init(struct failures *);
void		 failures_list_free(struct failures_list *);
/* A copy; NULL: out of memory. */
struct failures_item	*failures_item_new(const struct kept_failure *,
			    const struct failure_limits *) ATTR_MUST_CHECK;

enum failures_added {
	FAILURES_ADDED,
	FAILURES_COUNTED,	/* one that waits took over its incidents; */
	FAILURES_FULL		/* free it */
};
enum failures_added	 failures_add(struct failures *,
			    struct failures_item *) ATTR_MUST_CHECK;
/* Takes all of them out, the oldest first; *to is empty. */
void		 failures_take(struct failures *, struct failures_list *to);

#endif
