/* SPDX-License-Identifier: BSD-2-Clause */
/* collect_table: distinct rows with a count, in the order of their first
   message. Not shared by threads. */
#ifndef REPORT_COLLECT_TABLE_H
#define REPORT_COLLECT_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/tree.h>

#include "report/store.h"

struct collect_row {
	RB_ENTRY(collect_row)	 link;
	TAILQ_ENTRY(collect_row) order;
	struct report_batch_row	 row;	/* views into text */
	size_t			 bytes;
	char			 text[];
};

RB_HEAD(collect_tree, collect_row);
TAILQ_HEAD(collect_list, collect_row);

struct collect_table {
	struct collect_tree	 tree;
	struct collect_list	 list;	/* the oldest first */
	size_t			 bytes;
	size_t			 n;
};

void		 collect_table_init(struct collect_table *);
void		 collect_list_free(struct collect_list *);
/* A copy; NULL: out of memory. */
struct collect_row	*collect_row_new(int64_t day_s, struct str policy,
			    struct str fact, const struct kept_weight *)
    ATTR_MUST_CHECK;
/* Adds it. False: an equal row took over its count; free it. */
bool		 collect_table_add(struct collect_table *,
		    struct collect_row *) ATTR_MUST_CHECK;
/* Takes the oldest row out, or NULL. */
struct collect_row	*collect_table_take(struct collect_table *);

#endif
