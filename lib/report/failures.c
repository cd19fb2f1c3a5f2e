/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>

#include "report/failures.h"

static int
compare_items(const struct failures_item *a, const struct failures_item *b)
{
	return (str_cmp(a->failure.like, b->failure.like));
}

RB_GENERATE_INTERNAL(failures_tree, failures_item, link, compare_items,
    static ATTR_UNUSED)

void
failures_init(struct failures *failures)
{
	*failures = (struct failures){ .n = 0 };
	RB_INIT(&failures->tree);
	TAILQ_INIT(&failures->list);
}

void
failures_list_free(struct failures_list *list)
{
	struct failures_item *item;

	while ((item = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, item, order);
		free(item);
	}
}

struct failures_item *
failures_item_new(const struct kept_failure *failure,
    const struct failure_limits *limits)
{
	const struct str from[] = { failure->domain, failure->ruf,
		failure->source, failure->like, failure->feedback,
		failure->header };
	struct failures_item *item;
	struct str *to[6];
	size_t i, n = 0;

	for (i = 0; i < 6; i++) {
		n += from[i].n;
	}
	item = malloc(sizeof(*item) + n);
	if (item == NULL) {
		return (NULL);
	}
	item->failure = *failure;
	item->limits = *limits;
	to[0] = &item->failure.domain;
	to[1] = &item->failure.ruf;
	to[2] = &item->failure.source;
	to[3] = &item->failure.like;
	to[4] = &item->failure.feedback;
	to[5] = &item->failure.header;
	for (i = n = 0; i < 6; i++) {
		if (from[i].n > 0) {
			memcpy(item->text + n, from[i].p, from[i].n);
		}
		*to[i] = str_mem(item->text + n, from[i].n);
		n += from[i].n;
	}
	return (item);
}

enum failures_added
failures_add(struct failures *failures, struct failures_item *item)
{
	struct failures_item *old = RB_FIND(failures_tree, &failures->tree,
	    item);

	if (old != NULL) {
		old->failure.incidents += item->failure.incidents;
		return (FAILURES_COUNTED);
	}
	if (failures->n == FAILURES_MAX) {
		return (FAILURES_FULL);
	}
	(void)RB_INSERT(failures_tree, &failures->tree, item);
	TAILQ_INSERT_TAIL(&failures->list, item, order);
	failures->n++;
	return (FAILURES_ADDED);
}

void
failures_take(struct failures *failures, struct failures_list *to)
{
	TAILQ_CONCAT(to, &failures->list, order);
	failures_init(failures);
}
